// One frame of a delta: some MiB of the target, decoded without any other frame.
//
//   flags         1: the body is compressed (zstd) · 2: with a dictionary
//   dictionary    with flag 2: how many ranges of the source, then for each the distance from the end of the last (signed)
//                 and its length. The dictionary is one zero byte and the ranges: beginning with a zero, no content of a
//                 user's can be taken for a trained dictionary, which has a magic number.
//   size          of the body, uncompressed
//   body          how many copies; for each: literal bytes before it, its length, and where it begins in the source as
//                 distance (signed) from where it would if the last copy had gone on; then all literal bytes

import { constants, zstdCompressSync, zstdDecompress, zstdDecompressSync } from 'node:zlib'
import { damaged } from '../failure.ts'
import { type Cursor, putNumber, putSigned, takeBytes, takeNumber, takeSigned } from './bytes.ts'
import type { Copy } from './copies.ts'

const COMPRESSED = 1
const WITH_DICTIONARY = 2
// What a frame's dictionary may have at most; a reader refuses more as damage.
export const LARGEST_DICTIONARY = 6 * 1024 * 1024
// Below this, unpacking takes less time than handing it to another thread.
const SMALL_BODY = 64 * 1024
const WINDOW_LOG = 27

export interface SourceRange {
  start: number
  end: number
}

/** A copy of a frame that was read, with the number of literal bytes that stand in the frame before it. */
export interface PlacedCopy extends Copy {
  literalsBefore: number
}

/** A frame read: copies and literal bytes, from which any part of the target in it is put together. */
export interface Frame {
  copies: PlacedCopy[]
  literals: Buffer
  /** Bytes of the target that it stands for. */
  size: number
}

/** The body of a frame before compression. */
export function bodyOf(frame: Buffer, start: number, copies: Copy[]): Buffer {
  const numbers: number[] = []
  putNumber(numbers, copies.length)
  const literals: Buffer[] = []
  let end = 0
  let sourceEnd = start
  for (const { at, from, length } of copies) {
    const literal = at - end
    putNumber(numbers, literal)
    putNumber(numbers, length)
    putSigned(numbers, from - (sourceEnd + literal))
    literals.push(frame.subarray(end, at))
    end = at + length
    sourceEnd = from + length
  }
  return Buffer.concat([Buffer.from(numbers), ...literals, frame.subarray(end)])
}

/** The stored form of a frame. `ranges` are what `dictionary` was made of by `dictionaryOf`. */
export function packFrame(body: Buffer, packed: Buffer | undefined, ranges: SourceRange[]): Buffer {
  const head = [(packed ? COMPRESSED : 0) | (packed && ranges.length > 0 ? WITH_DICTIONARY : 0)]
  if (packed && ranges.length > 0) {
    putNumber(head, ranges.length)
    let last = 0
    for (const { start, end } of ranges) {
      putSigned(head, start - last)
      putNumber(head, end - start)
      last = end
    }
  }
  putNumber(head, body.length)
  return Buffer.concat([Buffer.from(head), packed ?? body])
}

export function compressBody(body: Buffer, level: number, dictionary?: Buffer): Buffer {
  const params = { [constants.ZSTD_c_compressionLevel]: level }
  return zstdCompressSync(body, { params, pledgedSrcSize: body.length, ...(dictionary && { dictionary }) })
}

export function dictionaryOf(parts: Buffer[]): Buffer {
  return Buffer.concat([Buffer.alloc(1), ...parts])
}

/** What has to be known of the whole delta to read a frame of it. */
export interface FramePlace {
  start: number
  size: number
  sourceSize: number
}

/** Reads a frame. `readSource` is asked for the ranges of its dictionary alone. */
export async function unpackFrame(
  stored: Buffer,
  place: FramePlace,
  readSource: (start: number, length: number) => Promise<Buffer>,
): Promise<Frame> {
  const cursor: Cursor = { bytes: stored, position: 0 }
  const flags = takeNumber(cursor)
  if (flags > (COMPRESSED | WITH_DICTIONARY)) throw damaged(`a frame has unknown flags: ${flags}`)
  const ranges = flags & WITH_DICTIONARY ? takeRanges(cursor, place.sourceSize) : []
  const size = takeNumber(cursor)
  // Copies take room as well, but never more than the bytes they stand for.
  if (size > 2 * place.size + 16) throw damaged(`a frame of ${place.size} bytes claims a body of ${size}`)
  const rest = stored.subarray(cursor.position)
  if (!(flags & COMPRESSED)) return parseBody(rest, size, place)
  const parts: Buffer[] = []
  for (const { start, end } of ranges) parts.push(await readSource(start, end - start))
  return parseBody(await decompressBody(rest, size, parts.length > 0 ? dictionaryOf(parts) : undefined), size, place)
}

function takeRanges(cursor: Cursor, sourceSize: number): SourceRange[] {
  const ranges: SourceRange[] = []
  let last = 0
  let total = 0
  for (let left = takeNumber(cursor); left > 0; left--) {
    const start = last + takeSigned(cursor)
    const end = start + takeNumber(cursor)
    total += end - start
    if (start < 0 || end > sourceSize || total > LARGEST_DICTIONARY)
      throw damaged('a dictionary lies outside its source')
    ranges.push({ start, end })
    last = end
  }
  return ranges
}

async function decompressBody(packed: Buffer, size: number, dictionary: Buffer | undefined): Promise<Buffer> {
  const options = {
    params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG },
    chunkSize: Math.max(64, size),
    maxOutputLength: Math.max(1, size),
    ...(dictionary && { dictionary }),
  }
  try {
    if (size + (dictionary?.length ?? 0) <= SMALL_BODY) return zstdDecompressSync(packed, options)
    return await new Promise((resolve, reject) => {
      zstdDecompress(packed, options, (error, bytes) => (error ? reject(error) : resolve(bytes)))
    })
  } catch (error) {
    throw damaged('a frame of a delta cannot be decompressed, or its source is another one', error)
  }
}

function parseBody(body: Buffer, size: number, place: FramePlace): Frame {
  if (body.length !== size) throw damaged(`the body of a frame has ${body.length} bytes, not ${size}`)
  const cursor: Cursor = { bytes: body, position: 0 }
  const copies: PlacedCopy[] = []
  let at = 0
  let literalsBefore = 0
  let sourceEnd = place.start
  for (let left = takeNumber(cursor); left > 0; left--) {
    const before = takeNumber(cursor)
    const length = takeNumber(cursor)
    const from = sourceEnd + before + takeSigned(cursor)
    at += before
    literalsBefore += before
    if (length === 0 || from < 0 || from + length > place.sourceSize) throw damaged('a copy lies outside its source')
    copies.push({ at, from, length, literalsBefore })
    at += length
    sourceEnd = from + length
    if (at > place.size) throw damaged('the copies of a frame are more than the frame')
  }
  const literals = takeBytes(cursor, body.length - cursor.position)
  if (at + literals.length - literalsBefore !== place.size)
    throw damaged('a frame does not have the bytes it stands for')
  return { copies, literals, size: place.size }
}
