/**
 * ffmpeg and ffprobe by way of fluent-ffmpeg, and the only file that knows it. The package is archived upstream and
 * does not change any more; should it break, these two functions over `spawn` replace it in an afternoon.
 *
 * Runs in the decoding child only. fluent-ffmpeg hands on its own environment and process group, which are the
 * child's: a bare environment, and a group that is killed as one.
 *
 * Arguments are a fixed list. The demuxer is forced and only files may be opened; the forced demuxers open nothing but
 * their input, so that a playlist in disguise names its targets in vain.
 */
import { stat } from 'node:fs/promises'
import ffmpeg, { type FfprobeData } from 'fluent-ffmpeg'
import { longerSide, MediaError } from './job.ts'

export interface Recording {
  /** An absolute path. `file:` before it keeps ffmpeg from seeing a protocol, an option or a pattern in it. */
  source: string
  demuxer: string
  ffmpeg: string
  ffprobe: string
}

/** The largest single block of memory that ffmpeg may ask for, in bytes. */
const maxBlock = String(256 * 1024 ** 2)

/** How much of a recording is read for one frame, in seconds. */
const frameWindow = '10'

/** Square pixels, and no larger than the largest thumbnail. */
const frameFilter = `scale='max(1,trunc(iw*sar))':ih,scale='min(${longerSide.large},iw)':'min(${longerSide.large},ih)':force_original_aspect_ratio=decrease,setsar=1`

/** What ffprobe finds in a recording. */
export function probe({ source, demuxer, ffprobe }: Recording): Promise<FfprobeData> {
  const { promise, resolve, reject } = Promise.withResolvers<FfprobeData>()
  ffmpeg(`file:${source}`)
    .setFfprobePath(ffprobe)
    .ffprobe(['-v', 'error', ...guards(demuxer), '-i'], (error: unknown, data) =>
      error ? reject(refusal(error)) : resolve(data),
    )
  return promise
}

/** Writes one frame of a stream as PNG, from `at` seconds on; false when there is none. */
export async function takeFrame(recording: Recording, stream: number, at: number, target: string): Promise<boolean> {
  // A cover stands before the beginning of the sound: to seek, be it to 0, is to miss it.
  const seek = at > 0 ? ['-ss', at.toFixed(3)] : []
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  ffmpeg(`file:${recording.source}`)
    .setFfmpegPath(recording.ffmpeg)
    .inputOptions(['-nostdin', ...guards(recording.demuxer), ...seek, '-t', frameWindow])
    .outputOptions(['-map', `0:${stream}`, '-frames:v', '1', '-vf', frameFilter])
    .outputOptions(['-c:v', 'png', '-pix_fmt', 'rgb24', '-threads', '1', '-f', 'image2', '-update', '1'])
    .on('end', () => resolve())
    .on('error', (error: unknown) => reject(refusal(error)))
    .save(target)
  await promise
  // A window without a frame is no error to ffmpeg: it ends well and writes nothing.
  return (await stat(target).catch(() => null)) !== null
}

function guards(demuxer: string): string[] {
  return ['-protocol_whitelist', 'file,pipe', '-f', demuxer, '-max_alloc', maxBlock, '-threads', '1']
}

function refusal(error: unknown): MediaError {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'ENOENT' || code === 'EACCES') {
    return new MediaError('unavailable', 'Videos and sounds need ffmpeg, and it is not installed.', { cause: error })
  }
  if (error instanceof Error && error.message.includes('No space left on device')) {
    return new MediaError('unavailable', 'There is no space left for a frame of the video.', { cause: error })
  }
  return new MediaError('damaged', 'The recording is damaged.', { cause: error })
}
