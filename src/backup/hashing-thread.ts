/** The hashing thread: reads files from the disk in large pieces and says what their SHA-256 is, not faster than it is told. */
import { createHash } from 'node:crypto'
import { closeSync, constants, openSync, readSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { crc32 } from 'node:zlib'

// The memory of a WebAssembly instance begins at a page, as reading past the page cache (O_DIRECT) asks for.
const pages = new WebAssembly.Memory({ initial: 32 })
const piece = new Uint8Array(pages.buffer)
const { bytesPerSecond } = workerData as { bytesPerSecond: number | null }
const resting = new Int32Array(new SharedArrayBuffer(4))
/** When, by the rate, the next byte is due. */
let dueAt = 0

interface Asked {
  id: number
  path: string
  direct: boolean
  crc32: boolean
}

parentPort?.on('message', (asked: Asked) => {
  try {
    parentPort?.postMessage({ id: asked.id, ...hashFile(asked) })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    parentPort?.postMessage({ id: asked.id, error: code })
  }
})

function hashFile({ id, path, direct, crc32: withCrc }: Asked): { size: number; sha256: string; crc32: number } {
  const file = openForReading(path, direct)
  try {
    const sha256 = createHash('sha256')
    let size = 0
    let crc = 0
    for (;;) {
      const read = readSync(file, piece, 0, piece.length, size)
      sha256.update(piece.subarray(0, read))
      if (withCrc) crc = crc32(piece.subarray(0, read), crc)
      size += read
      keepTo(read)
      // Past the cache only whole blocks may be asked for: after the part at the end there is nothing to ask any more.
      if (read === 0 || (direct && read < piece.length)) return { size, sha256: sha256.digest('hex'), crc32: crc }
      if (size > read) parentPort?.postMessage({ id, read: size })
    }
  } finally {
    closeSync(file)
  }
}

function openForReading(path: string, direct: boolean): number {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_DIRECT } = constants
  const flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK
  if (direct) {
    try {
      return openSync(path, flags | O_DIRECT)
    } catch {
      // The filesystem cannot; then a second reading through the cache is what there is.
    }
  }
  return openSync(path, flags)
}

function keepTo(read: number): void {
  if (bytesPerSecond === null) return
  const now = performance.now()
  dueAt = Math.max(dueAt, now - 100) + (read / bytesPerSecond) * 1000
  if (dueAt > now) Atomics.wait(resting, 0, 0, dueAt - now)
}
