/**
 * Bytes to thumbnails, facts and text. Strangers' bytes are decoded in child processes with limits on time and memory, never
 * in the server; what comes back is checked, and a thumbnail appears under its name complete or not at all.
 */
import { chmod, mkdtemp, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { formatOf } from './formats.ts'
import { type DocumentText, MediaError, type MediaFacts, type Size } from './job.ts'
import { Pool } from './pool.ts'
import { textReaderOf } from './text/readers.ts'

export { type DocumentText, MediaError, type MediaFacts }

/** Of a child that makes thumbnails, and of one that reads documents: there the text itself lives in the heap. */
const pictureHeapMb = 128
const textHeapMb = 320

export interface MediaOptions {
  /** Names or absolute paths of the two programs. Without them pictures are still read. */
  ffmpeg: string
  ffprobe: string
  /** For each child with all that it starts. */
  memoryMb: number
  /** For each file, from the moment that its turn has come. */
  timeoutSeconds: number
  /** How many files are read at the same time; documents are read by one child more. */
  processes: number
}

export interface MediaInput {
  /** An absolute path chosen by us, never a user's name. */
  source: string
  /** As found by content. */
  mimeType: string
  /** Where the thumbnails go: WebP, readable by their owner alone. All in one file system, in folders that exist. */
  targets: Record<Size, string>
  signal?: AbortSignal
}

export interface Media extends AsyncDisposable {
  /** Whether this type gets facts or a thumbnail here at all; cheap, no I/O. */
  handles(mimeType: string): boolean
  /**
   * Reads a file and writes its thumbnails. Rejects with a `MediaError`, or with the reason of an aborted signal; an
   * error of the disk on which the thumbnails belong is passed on as it is.
   */
  inspect(input: MediaInput): Promise<MediaFacts>
  /** Whether documents of this type have text that is read here; cheap, no I/O. */
  hasText(mimeType: string): boolean
  /** Reads what a document says. Rejects as `inspect` does. */
  readText(input: Pick<MediaInput, 'source' | 'mimeType' | 'signal'>): Promise<DocumentText>
}

/** Opens the decoders. No process is started before the first file comes. */
export function openMedia({ ffmpeg, ffprobe, memoryMb, timeoutSeconds, processes }: MediaOptions): Media {
  const limits = { memoryMb, timeoutSeconds }
  const pool = new Pool(processes, { ...limits, heapMb: pictureHeapMb })
  // Of their own, so that words are found while an hour of video is looked into.
  const textPool = new Pool(1, { ...limits, heapMb: Math.min(textHeapMb, memoryMb) })
  const closing = new AbortController()
  const running = new Set<Promise<unknown>>()

  async function inspect({ source, mimeType, targets, signal }: MediaInput): Promise<MediaFacts> {
    const format = formatOf(mimeType)
    if (!format) throw new MediaError('unsupported', `Files of the type ${mimeType} are not read here.`)
    const stop = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal

    using lease = await pool.take(stop)
    await using scratch = await openScratch(dirname(targets.large))
    const drafts = scratch.files
    const job = { source, format, thumbnails: drafts, frame: drafts.frame, ffmpeg, ffprobe }
    const answer = await lease.decoder.run({ wanted: 'thumbnails', ...job }, stop)
    if (answer.outcome !== 'done') throw senseless()
    if (answer.facts.thumbnails) await publish(drafts, targets)
    return answer.facts
  }

  async function readText({ source, mimeType, signal }: Parameters<Media['readText']>[0]): Promise<DocumentText> {
    const reader = textReaderOf(mimeType)
    if (!reader) throw new MediaError('unsupported', `The text of the type ${mimeType} is not read here.`)
    const stop = signal ? AbortSignal.any([signal, closing.signal]) : closing.signal

    using lease = await textPool.take(stop)
    const answer = await lease.decoder.run({ wanted: 'text', source, reader }, stop)
    if (answer.outcome !== 'read') throw senseless()
    return { text: Buffer.from(answer.text, 'base64'), words: answer.words }
  }

  function tracked<T>(work: Promise<T>): Promise<T> {
    running.add(work)
    return work.finally(() => running.delete(work))
  }

  return {
    handles: (mimeType) => formatOf(mimeType) !== null,
    inspect: (input) => tracked(inspect(input)),
    hasText: (mimeType) => textReaderOf(mimeType) !== null,
    readText: (input) => tracked(readText(input)),
    async [Symbol.asyncDispose]() {
      closing.abort(new MediaError('unavailable', 'The server is stopping.'))
      await Promise.allSettled(running)
      await Promise.all([pool[Symbol.asyncDispose](), textPool[Symbol.asyncDispose]()])
    },
  }
}

function senseless(): MediaError {
  return new MediaError('damaged', 'The decoder answered something else than it was asked.')
}

/** A folder of one job's own, beside where the thumbnails go so that they can be renamed; gone when its scope ends. */
async function openScratch(beside: string) {
  const folder = await mkdtemp(join(beside, '.media-'))
  return {
    files: {
      small: join(folder, 'small.webp'),
      medium: join(folder, 'medium.webp'),
      large: join(folder, 'large.webp'),
      frame: join(folder, 'frame.png'),
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

/** Moves finished thumbnails to their places, on the disk before anyone is told of them. */
async function publish(drafts: Record<Size, string>, targets: Record<Size, string>): Promise<void> {
  const pairs = [
    [drafts.small, targets.small],
    [drafts.medium, targets.medium],
    [drafts.large, targets.large],
  ] as const
  for (const [draft, target] of pairs) {
    await chmod(draft, 0o400)
    await sync(draft)
    await rename(draft, target)
  }
  for (const folder of new Set(Object.values(targets).map(dirname))) await sync(folder)
}

async function sync(path: string): Promise<void> {
  await using handle = await open(path, 'r')
  await handle.sync()
}
