/**
 * The decoding child: the process in which strangers' bytes are read. It is started with a bare environment in a
 * process group of its own, does one job at a time, and may die at any moment without harm to the server.
 */
import { writeFile } from 'node:fs/promises'
import { constants, setPriority } from 'node:os'
import { zstdCompressSync } from 'node:zlib'
import { type Job, MediaError, type MediaFacts, type PictureJob, type TextJob } from './job.ts'
import type { Reply } from './reply.ts'

await stepBack()
process.on('message', async (job: Job) => answer(await attempt(job)))
// The server is gone: so is the reader of every answer. ffmpeg is in the same group.
process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'))
answer('ready')

function answer(message: Reply | 'ready'): void {
  process.send?.(message)
}

async function attempt(job: Job): Promise<Reply> {
  try {
    return job.wanted === 'text' ? await readText(job) : { outcome: 'done', facts: await inspect(job) }
  } catch (error) {
    // Anything but a verdict on the file is a fault of ours or of the installation, and is not held against the file.
    const reason = error instanceof MediaError ? error.reason : 'unavailable'
    const message = error instanceof Error ? error.message : String(error)
    return { outcome: 'refused', reason, message: message.slice(0, 1000) }
  }
}

/** What reads a file is loaded by the first job that needs it; it is most of the time that a child takes to start. */
async function inspect(job: PictureJob): Promise<MediaFacts> {
  if (job.format.reader === 'recording') {
    const { readRecording } = await import('./recording.ts')
    return readRecording(job, job.format.demuxer)
  }
  const { makeThumbnails } = await import('./image.ts')
  const shown = await makeThumbnails(job.source, job.format.loader, job.thumbnails)
  return { ...shown, duration: null, thumbnails: true }
}

async function readText({ source, reader }: TextJob): Promise<Reply> {
  const { extractText } = await import('./text/extract.ts')
  const { condense } = await import('./text/words.ts')
  const text = await extractText(source, reader)
  return { outcome: 'read', text: zstdCompressSync(text).toString('base64'), words: condense(text) }
}

/** Requests go before thumbnails, and where memory runs out, this process is the one to end. A sandbox may refuse both. */
async function stepBack(): Promise<void> {
  await writeFile('/proc/self/oom_score_adj', '1000').catch(() => {})
  try {
    setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
  } catch {
    // Refused: a courtesy, not a condition.
  }
}
