// Where a file's content may be found again in another. Anchors are places that the content itself chooses: those after
// which a gear hash (Xia et al., "Ddelta", 2014) of the last 32 bytes has its highest bits zero. Content that moved carries
// its anchors along, so only one place in 8 to some thousands is remembered, and only as many are looked up.

import type { Hash } from 'node:crypto'
import { readFully } from './source.ts'

/** Bytes that decide about an anchor, and lie before it. */
export const WINDOW_BYTES = 32
const PIECE_BYTES = 1024 * 1024
// With two words for each and at least half as many places free: 32 MB for the largest files.
const MOST_ANCHORS = 2 * 1024 * 1024
const LEAST_SPACING = 8
// Beyond a terabyte, content is found only where it stands in place.
const LAST_OFFSET = 2 ** 40
// Of content that repeats itself, the first few places.
const SAME_KEPT = 4

const gear = gearTable()

export interface Anchors {
  /** Anchors lie this many bytes apart on average. */
  readonly spacing: number
  /** The places in the source (offsets after the window) whose window has this fingerprint, probably. Fills `found`. */
  lookUp(fingerprint: number, found: number[]): void
}

/** Reads a file from its beginning, remembers its anchors, and gives every byte to `hash`. */
export function readAnchors(fd: number, size: number, hash: Hash): Anchors {
  const spacing = spacingFor(size)
  const bits = Math.max(10, Math.ceil(Math.log2((2 * size) / spacing + 1)))
  const places = 2 ** bits
  const mask = places - 1
  // Two words side by side, because each look is a cache miss. The first has 24 bits of the fingerprint (others say which
  // place) and the upper eight of the offset, the second its lower 32. An offset is never zero: it comes after a window.
  const table = new Uint32Array(2 * places)
  let free = Math.floor(places * 0.75)

  function remember(fingerprint: number, offset: number): void {
    if (free === 0 || offset >= LAST_OFFSET) return
    const first = ((fingerprint & ~0xff) | Math.floor(offset / 2 ** 32)) >>> 0
    let same = 0
    let place = fingerprint & mask
    for (; table[2 * place + 1] !== 0 || table[2 * place] !== 0; place = (place + 1) & mask) {
      if ((table[2 * place] as number) >>> 8 === fingerprint >>> 8 && ++same === SAME_KEPT) return
    }
    table[2 * place] = first
    table[2 * place + 1] = offset % 2 ** 32
    free--
  }

  const piece = Buffer.allocUnsafeSlow(WINDOW_BYTES + Math.min(PIECE_BYTES, size))
  const found = new Uint32Array(piece.length)
  for (let start = 0; start < size; ) {
    const length = Math.min(PIECE_BYTES, size - start)
    const end = WINDOW_BYTES + length
    const fresh = piece.subarray(WINDOW_BYTES, end)
    readFully(fd, fresh, start)
    hash.update(fresh)
    const count = findAnchors(piece.subarray(0, end), WINDOW_BYTES, spacing, found)
    for (let n = 0; n < count; n++) {
      const anchor = found[n] as number
      const offset = start + anchor - WINDOW_BYTES
      if (offset >= WINDOW_BYTES) remember(fingerprintOf(piece, anchor), offset)
    }
    piece.copyWithin(0, end - WINDOW_BYTES, end)
    start += length
  }

  return {
    spacing,
    lookUp(fingerprint, found) {
      found.length = 0
      let place = fingerprint & mask
      for (; table[2 * place + 1] !== 0 || table[2 * place] !== 0; place = (place + 1) & mask) {
        const first = table[2 * place] as number
        if (first >>> 8 === fingerprint >>> 8) found.push((first & 0xff) * 2 ** 32 + (table[2 * place + 1] as number))
      }
    },
  }
}

/**
 * Writes the anchors in `bytes` after `start`, whose window is in `bytes`, into `found` until that is full, and says how
 * many there are.
 */
export function findAnchors(bytes: Buffer, start: number, spacing: number, found: Uint32Array): number {
  const highest = -(2 ** 32 / spacing) | 0
  const end = bytes.length
  const most = found.length
  let rolling = 0
  let count = 0
  let i = Math.max(0, start + 1 - WINDOW_BYTES)
  const ready = Math.min(end, i + WINDOW_BYTES - 1)
  for (; i < ready; i++) rolling = ((rolling << 1) + (gear[bytes[i] as number] as number)) | 0
  for (; i < end; i++) {
    rolling = ((rolling << 1) + (gear[bytes[i] as number] as number)) | 0
    if ((rolling & highest) !== 0) continue
    found[count++] = i + 1
    if (count === most) return count
  }
  return count
}

/** 32 bits of the window that ends at `end`. */
export function fingerprintOf(bytes: Buffer, end: number): number {
  let h = 0
  for (let i = end - WINDOW_BYTES; i < end; i += 4) {
    const word =
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24)
    h = Math.imul(h ^ word, 0x9e3779b1)
    h ^= h >>> 15
  }
  return Math.imul(h, 0x85ebca6b) >>> 0
}

function spacingFor(size: number): number {
  return Math.max(LEAST_SPACING, 2 ** Math.ceil(Math.log2(size / MOST_ANCHORS)))
}

// Any 256 numbers without a pattern do (xorshift32, Marsaglia 2003); nothing on the disk depends on them.
function gearTable(): Int32Array {
  let state = 0x2545f491
  return Int32Array.from({ length: 256 }, () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state
  })
}
