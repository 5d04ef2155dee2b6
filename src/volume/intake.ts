// Bytes from a stream into an open file, hashed on the way. Chunks are gathered into pieces: while one piece is being
// written by the thread pool, the next is gathered, and a thread of its own hashes what was written. At most two pieces are
// in memory for each upload, whatever the sender does. What fits into one piece is hashed here: a thread would cost more.

import type { FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { Problem } from '../problem.ts'
import { type Following, followFile } from './digest.ts'
import { type Digest, digestOf } from './digester.ts'
import { onDisk } from './failure.ts'
import { HEAD_BYTES } from './type.ts'

const PIECE_BYTES = 512 * 1024
const SPARE_PIECES = 16
// Left to itself the kernel begins to write when gigabytes wait, and the last fsync waits for all of them.
const SYNC_BYTES = 64 * 1024 * 1024

export type Source = AsyncIterable<Uint8Array> | Readable

export interface Intake extends Digest {
  /** The first bytes, from which the type is told. */
  head: Buffer
}

export interface Limits {
  /** Asked before each piece: a long upload must notice as well that the disk fills up or goes away. */
  ready: () => Promise<void>
  maxBytes: number
  signal: AbortSignal
}

/**
 * Writes the source to the file at `path`, open as `file`, from its beginning. When it throws, the source is left as it is, for whoever opened it:
 * destroying the body of a request would hang up on the client that waits to be told why.
 */
export async function takeIn(
  path: string,
  file: FileHandle,
  source: Source,
  { ready, maxBytes, signal }: Limits,
): Promise<Intake> {
  using chunks = pull(source, signal)
  await using following = new AsyncDisposableStack()
  let behind: Following | undefined
  let size = 0
  let head = Buffer.alloc(0)
  let piece = takePiece()
  let filled = 0
  let writing = Promise.resolve()
  let syncing = Promise.resolve()
  let isSyncing = false
  let unsynced = 0

  async function writePiece(): Promise<void> {
    await writing
    await ready()
    const whole = piece
    const bytes = whole.subarray(0, filled)
    // Its buffer may serve another upload only when the write no longer reads from it.
    writing = writeAll(file, bytes, size).finally(() => returnPiece(whole))
    if (size === 0) head = Buffer.from(bytes.subarray(0, HEAD_BYTES))
    size += filled
    const written = size
    behind ??= following.use(followFile(path))
    writing.then(() => behind?.follow(written), chunks.stop)
    unsynced += filled
    if (unsynced >= SYNC_BYTES && !isSyncing) {
      unsynced = 0
      isSyncing = true
      const isWritten = writing
      syncing = syncing
        .then(() => isWritten)
        .then(() => onDisk(file.datasync()))
        .finally(() => {
          isSyncing = false
        })
      // What the disk could not keep once is not tried again: the upload fails, also when all of it has arrived.
      syncing.catch(chunks.stop)
    }
    filled = 0
    piece = takePiece()
  }

  for (let step = await chunks.next(); !step.done; step = await chunks.next()) {
    let rest = step.value
    if (size + filled + rest.length > maxBytes) {
      throw new Problem('too-large', `A file may have at most ${maxBytes.toLocaleString('en')} bytes here.`)
    }
    while (rest.length > 0) {
      const taken = rest.subarray(0, PIECE_BYTES - filled)
      piece.set(taken, filled)
      filled += taken.length
      rest = rest.subarray(taken.length)
      if (filled === PIECE_BYTES) await writePiece()
    }
  }
  if (size === 0) {
    await ready()
    const bytes = piece.subarray(0, filled)
    await writeAll(file, bytes, 0)
    const digest = digestOf(bytes)
    head = Buffer.from(bytes.subarray(0, HEAD_BYTES))
    returnPiece(piece)
    return { ...digest, head }
  }
  if (filled > 0) await writePiece()
  await writing
  await syncing
  returnPiece(piece)
  return { ...(await (behind as Following).finish(size)), head }
}

// A file that is almost full takes a part of a write, and the next one says why.
async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await onDisk(file.write(bytes, written, bytes.length - written, position + written))
    written += bytesWritten
  }
}

// Chunk after chunk; `stop` ends the wait for one at once, so that neither a cancelled upload nor a full disk waits for a
// sender who has fallen silent.
function pull(source: Source, signal: AbortSignal) {
  const chunks = source instanceof Readable ? source.iterator({ destroyOnReturn: false }) : source
  const iterator: AsyncIterator<Uint8Array> = chunks[Symbol.asyncIterator]()
  let stopped: { reason: unknown } | undefined
  let endWait = (_reason: unknown) => {}

  const stop = (reason: unknown) => {
    stopped ??= { reason }
    endWait(reason)
  }
  const abort = () => stop(signal.reason)
  signal.addEventListener('abort', abort)
  if (signal.aborted) abort()

  return {
    stop,
    next: () =>
      new Promise<IteratorResult<Uint8Array>>((resolve, reject) => {
        if (stopped) return reject(stopped.reason)
        endWait = reject
        iterator.next().then(resolve, reject)
      }),
    [Symbol.dispose]() {
      signal.removeEventListener('abort', abort)
      iterator.return?.().catch(() => {}) // whoever made the source hears of its errors, here nobody is left to
    },
  }
}

const spare: Buffer[] = []

function takePiece(): Buffer {
  return spare.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES)
}

function returnPiece(piece: Buffer): void {
  if (spare.length < SPARE_PIECES) spare.push(piece)
}
