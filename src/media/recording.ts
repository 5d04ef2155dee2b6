/** Videos and sounds: their facts, and a thumbnail from a frame or from the cover that is embedded in them. */
import type { FfprobeStream } from 'fluent-ffmpeg'
import { probe, type Recording, takeFrame } from './ffmpeg.ts'
import { makeThumbnails } from './image.ts'
import { MediaError, type MediaFacts, type PictureJob } from './job.ts'

/** Far enough in to be past a black opening, near enough to be found quickly. */
const frameAt = { share: 0.1, atMost: 10 }
/** Frames are kept as PNG. */
const frameLoader = 'VipsForeignLoadPngFile'

/** Reads a recording. One whose picture cannot be decoded still has its facts. */
export async function readRecording(job: PictureJob, demuxer: string): Promise<MediaFacts> {
  const recording = { source: job.source, demuxer, ffmpeg: job.ffmpeg, ffprobe: job.ffprobe }
  const { streams, format } = await probe(recording)
  const pictures = streams.filter((stream) => stream.codec_type === 'video')
  const video = pictures.find((stream) => !isCover(stream))
  const cover = pictures.find(isCover)
  const duration = positive(format.duration)

  const at = video ? Math.min((duration ?? 0) * frameAt.share, frameAt.atMost) : 0
  const stream = video ?? cover
  const thumbnails = stream !== undefined && (await findFrame(recording, stream.index, at, job.frame))
  if (thumbnails) await makeThumbnails(job.frame, frameLoader, job.thumbnails)
  return { ...shownSize(video), duration, thumbnails }
}

async function findFrame(recording: Recording, stream: number, at: number, target: string): Promise<boolean> {
  // A recording that was cut off promises more than it holds; its beginning is there.
  for (const second of at > 0 ? [at, 0] : [0]) {
    try {
      if (await takeFrame(recording, stream, second, target)) return true
    } catch (error) {
      if (!(error instanceof MediaError) || error.reason !== 'damaged') throw error
    }
  }
  return false
}

function isCover(stream: FfprobeStream): boolean {
  return Number(stream.disposition?.attached_pic) === 1
}

function shownSize(video: FfprobeStream | undefined): { width: number | null; height: number | null } {
  const width = positive(video?.width)
  const height = positive(video?.height)
  if (!video || !width || !height) return { width: null, height: null }
  const [across = 1, down = 1] = (video.sample_aspect_ratio ?? '').split(':').map((n) => positive(n) ?? 1)
  const shown = { width: Math.max(1, Math.trunc((width * across) / down)), height }
  const quarterTurns = Math.round(Number(video.rotation ?? 0) / 90)
  return quarterTurns % 2 === 0 ? shown : { width: shown.height, height: shown.width }
}

/** ffprobe says `N/A`, 0 or nothing for what it does not know. */
function positive(value: unknown): number | null {
  const number = Number(value)
  return Number.isFinite(number) && number > 0 ? number : null
}
