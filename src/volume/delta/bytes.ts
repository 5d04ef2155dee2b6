// Whole numbers as bytes: seven bits each, least first, the eighth says that more follow (LEB128, as in DWARF and
// protocol buffers). Up to 2^53; arithmetic instead of shifts, which would end at 2^31.

import { damaged } from '../failure.ts'

const MOST_BYTES = 8

export function putNumber(out: number[], value: number): void {
  let rest = value
  while (rest >= 0x80) {
    out.push((rest % 0x80) + 0x80)
    rest = Math.floor(rest / 0x80)
  }
  out.push(rest)
}

/** A number that may be negative; small ones of either sign stay short. */
export function putSigned(out: number[], value: number): void {
  putNumber(out, value < 0 ? -2 * value - 1 : 2 * value)
}

/** Where reading stands in bytes that may be damaged: every step is checked and ends in a Problem, never outside. */
export interface Cursor {
  readonly bytes: Buffer
  position: number
}

export function takeNumber(cursor: Cursor): number {
  let value = 0
  let scale = 1
  for (let n = 0; n < MOST_BYTES; n++) {
    const byte = cursor.bytes[cursor.position++]
    if (byte === undefined) throw damaged('a number of a delta is cut short')
    value += (byte & 0x7f) * scale
    if (byte < 0x80) {
      if (!Number.isSafeInteger(value)) break
      return value
    }
    scale *= 0x80
  }
  throw damaged('a number of a delta is too large')
}

export function takeSigned(cursor: Cursor): number {
  const value = takeNumber(cursor)
  return value % 2 === 1 ? -(value + 1) / 2 : value / 2
}

/** The next `length` bytes, not copied. */
export function takeBytes(cursor: Cursor, length: number): Buffer {
  const end = cursor.position + length
  if (end > cursor.bytes.length) throw damaged('a part of a delta is cut short')
  const taken = cursor.bytes.subarray(cursor.position, end)
  cursor.position = end
  return taken
}
