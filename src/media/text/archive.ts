/**
 * The parts of a document that is a zip archive. What an archive says of itself is not believed: inflated bytes are
 * counted as they come, for each part and in all, and reading ends where there are too many.
 */
import { type Entry, openPromise, type ZipFile } from 'yauzl'
import { MediaError } from '../job.ts'

const mostEntries = 20_000
/** Inflated bytes of one part, and of all that are read. A part of 1 MB of text has some 10 MB of markup. */
const mostOfPart = 64 * 1024 * 1024
const mostOfAll = 128 * 1024 * 1024

export interface Archive extends Disposable {
  /** The names of all parts, in the order of the archive. */
  readonly names: readonly string[]
  /**
   * Hands over a part in pieces until `take` answers false or a limit is reached; nothing where there is no such part. A
   * part that cannot be inflated is `damaged`.
   */
  read(name: string, take: (piece: string) => boolean): Promise<void>
}

/** Opens a zip archive; what is none is `damaged`. */
export async function openArchive(path: string): Promise<Archive> {
  const zip = await openPromise(path, { lazyEntries: true, autoClose: false }).catch(damaged)
  try {
    const entries = await listEntries(zip)
    let left = mostOfAll
    return {
      names: [...entries.keys()],
      async read(name, take) {
        const entry = entries.get(name)
        if (!entry) return
        const limit = Math.min(left, mostOfPart)
        left -= await inflate(zip, entry, limit, take).catch(damaged)
      },
      [Symbol.dispose]: () => zip.close(),
    }
  } catch (error) {
    zip.close()
    throw error
  }
}

async function listEntries(zip: ZipFile): Promise<Map<string, Entry>> {
  const entries = new Map<string, Entry>()
  if (zip.entryCount > mostEntries) throw new MediaError('too-large', 'This archive has too many parts.')
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  zip.on('entry', (entry: Entry) => {
    if (!entries.has(entry.fileName)) entries.set(entry.fileName, entry)
    zip.readEntry()
  })
  zip.on('end', resolve)
  zip.on('error', reject)
  zip.readEntry()
  await promise.catch(damaged)
  return entries
}

/** Answers how many bytes were inflated. */
async function inflate(zip: ZipFile, entry: Entry, limit: number, take: (piece: string) => boolean): Promise<number> {
  const stream = await zip.openReadStreamPromise(entry)
  let decoder: TextDecoder | undefined
  let taken = 0
  for await (const bytes of stream as AsyncIterable<Buffer>) {
    decoder ??= new TextDecoder(encodingOf(bytes))
    taken += bytes.length
    if (taken > limit || !take(decoder.decode(bytes, { stream: true }))) break // which destroys the stream
  }
  return taken
}

function encodingOf([first, second]: Buffer): string {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : 'utf-8'
}

function damaged(cause: unknown): never {
  if (cause instanceof MediaError) throw cause
  throw new MediaError('damaged', cause instanceof Error ? cause.message : String(cause), { cause })
}
