// The newer content while a delta against it is being made: read by pages, compared byte for byte, never held whole.

import { readSync } from 'node:fs'
import { damaged } from '../failure.ts'

const PAGE_BYTES = 128 * 1024
const MOST_PAGES = 128

export interface SourceBytes {
  readonly size: number
  /** How many bytes of `target` from `at` on are the same as those of the source from `position` on. */
  sameAfter(target: Buffer, at: number, position: number): number
  /** How many bytes of `target` before `at`, at most `most`, are the same as those of the source before `position`. */
  sameBefore(target: Buffer, at: number, position: number, most: number): number
  /**
   * The first place after `at` and before `end` from which `run` bytes of `target` are the same as those of the source
   * at the same distance from `position`; -1 when there is none.
   */
  nextSame(target: Buffer, at: number, position: number, end: number, run: number): number
  slice(start: number, end: number): Buffer
}

export function sourceBytesOf(fd: number, size: number): SourceBytes {
  // In the order of their last use: the first key is the page to give up.
  const pages = new Map<number, Buffer>()
  let lastNumber = -1
  let last: Buffer = Buffer.alloc(0)

  function page(number: number): Buffer {
    if (number === lastNumber) return last
    const found = pages.get(number)
    pages.delete(number)
    last = found ?? readPage(number)
    lastNumber = number
    pages.set(number, last)
    return last
  }

  function readPage(number: number): Buffer {
    const start = number * PAGE_BYTES
    const length = Math.min(PAGE_BYTES, size - start)
    let spare: Buffer | undefined
    if (pages.size === MOST_PAGES) {
      const [oldest = 0] = pages.keys()
      spare = pages.get(oldest)
      pages.delete(oldest)
    }
    const bytes = spare?.length === length ? spare : Buffer.allocUnsafeSlow(length)
    readFully(fd, bytes, start)
    return bytes
  }

  function sameAfter(target: Buffer, at: number, position: number): number {
    const most = Math.min(target.length - at, size - position)
    if (position < 0) return 0
    for (let same = 0; same < most; ) {
      const from = position + same
      const bytes = page(Math.floor(from / PAGE_BYTES))
      const start = from % PAGE_BYTES
      const length = Math.min(most - same, bytes.length - start)
      const equal = equalPrefix(target, at + same, bytes, start, length)
      same += equal
      if (equal < length) return same
    }
    return Math.max(0, most)
  }

  function sameBefore(target: Buffer, at: number, position: number, most: number): number {
    const limit = Math.min(most, at, position)
    let same = 0
    while (same < limit) {
      const from = position - same - 1
      const bytes = page(Math.floor(from / PAGE_BYTES))
      const start = from % PAGE_BYTES
      const length = Math.min(limit - same, start + 1)
      let n = 0
      while (n < length && target[at - same - 1 - n] === bytes[start - n]) n++
      same += n
      if (n < length) break
    }
    return same
  }

  function nextSame(target: Buffer, at: number, position: number, end: number, run: number): number {
    const limit = Math.min(end, target.length, at + size - position)
    let equal = 0
    for (let i = Math.max(at, at - position); i < limit; ) {
      const from = position + i - at
      const bytes = page(Math.floor(from / PAGE_BYTES))
      const start = from % PAGE_BYTES
      const stop = Math.min(limit, i + bytes.length - start)
      for (let j = start; i < stop; i++, j++) {
        equal = target[i] === bytes[j] ? equal + 1 : 0
        if (equal === run) return i + 1 - run
      }
    }
    return -1
  }

  function slice(start: number, end: number): Buffer {
    const bytes = Buffer.allocUnsafeSlow(end - start)
    readFully(fd, bytes, start)
    return bytes
  }

  return { size, sameAfter, sameBefore, nextSame, slice }
}

/** Fills `bytes` from a file that must have them. */
export function readFully(fd: number, bytes: Buffer, position: number): void {
  for (let filled = 0; filled < bytes.length; ) {
    const count = readSync(fd, bytes, filled, bytes.length - filled, position + filled)
    if (count === 0) throw damaged(`a file ended at ${position + filled} while a delta was made of it`)
    filled += count
  }
}

// Whole pieces by memcmp, which is ten times as fast as a loop here; the piece that differs byte by byte.
function equalPrefix(a: Buffer, aStart: number, b: Buffer, bStart: number, length: number): number {
  let same = 0
  // Most candidates that fail do so at once.
  const first = Math.min(length, 16)
  while (same < first && a[aStart + same] === b[bStart + same]) same++
  if (same < first) return same
  for (let piece = 16_384; piece >= 64; piece >>= 4) {
    while (same + piece <= length) {
      const isSame = a.compare(b, bStart + same, bStart + same + piece, aStart + same, aStart + same + piece) === 0
      if (!isSame) break
      same += piece
    }
  }
  while (same < length && a[aStart + same] === b[bStart + same]) same++
  return same
}
