/**
 * Bodies of the requests that find and send parts of a file. Numbers are little-endian; offsets have 6 bytes.
 * Throws a RangeError that says what is wrong with bytes that are no such body.
 */

/** Bytes of a file from `start` on, and their SHA-256, or as much of it as a level asks for. */
export interface Stretch {
  start: number
  size: number
  sha256: Uint8Array
}

const entryBytes = 42

/** Groups or blocks: for each its offset (6 bytes), size (4) and SHA-256 (32). */
export function encodeStretches(stretches: readonly Stretch[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(entryBytes * stretches.length)
  const view = new DataView(bytes.buffer)
  for (const [i, { start, size, sha256 }] of stretches.entries()) {
    setOffset(view, entryBytes * i, start)
    view.setUint32(entryBytes * i + 6, size, true)
    bytes.set(sha256, entryBytes * i + 10)
  }
  return bytes
}

export function decodeStretches(bytes: Uint8Array): Stretch[] {
  if (bytes.length % entryBytes !== 0)
    throw new RangeError(`Each entry has ${entryBytes} bytes; the last is cut short.`)
  const view = viewOf(bytes)
  return Array.from({ length: bytes.length / entryBytes }, (_, i) => ({
    start: getOffset(view, entryBytes * i),
    size: view.getUint32(entryBytes * i + 6, true),
    sha256: bytes.subarray(entryBytes * i + 10, entryBytes * (i + 1)),
  }))
}

/** How many bytes of a piece's SHA-256 are sent. */
export const pieceHashBytes = 8
const pieceBytes = 2 + pieceHashBytes

/** Pieces that follow one another: offset (6), how many (4), then for each its size (2) and the beginning of its SHA-256 (8). */
export function encodePieces(runs: readonly (readonly Stretch[])[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(runs.reduce((sum, run) => sum + 10 + pieceBytes * run.length, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const run of runs) {
    setOffset(view, at, run[0]?.start ?? 0)
    view.setUint32(at + 6, run.length, true)
    at += 10
    for (const { size, sha256 } of run) {
      view.setUint16(at, size, true)
      bytes.set(sha256.subarray(0, pieceHashBytes), at + 2)
      at += pieceBytes
    }
  }
  return bytes
}

/** The pieces of all runs, one after the other. */
export function decodePieces(bytes: Uint8Array): Stretch[] {
  const view = viewOf(bytes)
  const pieces: Stretch[] = []
  for (let at = 0; at < bytes.length; ) {
    if (at + 10 > bytes.length) throw new RangeError('A run of pieces is cut short.')
    let start = getOffset(view, at)
    const count = view.getUint32(at + 6, true)
    at += 10
    if (at + pieceBytes * count > bytes.length) throw new RangeError('A run of pieces is cut short.')
    for (let i = 0; i < count; i++, at += pieceBytes) {
      const size = view.getUint16(at, true)
      pieces.push({ start, size, sha256: bytes.subarray(at + 2, at + pieceBytes) })
      start += size
    }
  }
  return pieces
}

/** Where bytes go: how many ranges (4), and for each its offset (6) and length (4). The bytes themselves follow. */
export function encodeRanges(ranges: readonly { start: number; length: number }[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 + 10 * ranges.length)
  const view = new DataView(bytes.buffer)
  view.setUint32(0, ranges.length, true)
  for (const [i, { start, length }] of ranges.entries()) {
    setOffset(view, 4 + 10 * i, start)
    view.setUint32(10 + 10 * i, length, true)
  }
  return bytes
}

/** The ranges, and the bytes of each. */
export function decodeRanges(bytes: Uint8Array): { start: number; bytes: Uint8Array }[] {
  const view = viewOf(bytes)
  const count = bytes.length < 4 ? 0 : view.getUint32(0, true)
  let at = 4 + 10 * count
  if (count === 0 || at > bytes.length) throw new RangeError('The list of ranges is cut short.')
  const ranges = Array.from({ length: count }, (_, i) => {
    const length = view.getUint32(10 + 10 * i, true)
    const range = { start: getOffset(view, 4 + 10 * i), bytes: bytes.subarray(at, at + length) }
    at += length
    return range
  })
  if (at !== bytes.length) throw new RangeError(`The ranges have ${at} bytes; ${bytes.length} were sent.`)
  return ranges
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

function setOffset(view: DataView, at: number, offset: number): void {
  view.setUint32(at, offset % 2 ** 32, true)
  view.setUint16(at + 4, Math.floor(offset / 2 ** 32), true)
}

function getOffset(view: DataView, at: number): number {
  return view.getUint16(at + 4, true) * 2 ** 32 + view.getUint32(at, true)
}
