// The delta file, version 1. Numbers are those of bytes.ts, fixed ones little-endian.
//
//   "FVD" 0x01                                     4 bytes
//   the frames, one after the other                frame.ts
//   footer    flags (1: the source is needed), target size, source size, bytes of the target in each frame,
//             SHA-256 of target and of source; then for each frame: its stored bytes, CRC-32 of those bytes,
//             CRC-32 of the target bytes it stands for
//   trailer   length of the footer (32 bits), CRC-32 of the footer
//
// The footer stands last because the file is written in one pass; the table of frames makes any byte of the target
// reachable with one frame decoded.

import type { FileHandle } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { damaged, onDisk } from '../failure.ts'
import { type Cursor, putNumber, takeBytes, takeNumber } from './bytes.ts'

export const MAGIC = Buffer.from('FVD\x01', 'latin1')
const TRAILER_BYTES = 8
const HASH_BYTES = 32
const NEEDS_SOURCE = 1
// A table of this size belongs to a file of tens of terabytes: anything larger is damage, not worth the memory.
const LARGEST_FOOTER = 128 * 1024 * 1024
export const LARGEST_FRAME = 64 * 1024 * 1024

export interface FrameEntry {
  /** Where the frame's bytes lie in the delta file, and how many. */
  offset: number
  length: number
  /** CRC-32 of the frame as stored. */
  storedCrc: number
  /** CRC-32 of the bytes of the target that the frame stands for. */
  targetCrc: number
}

export interface DeltaInfo {
  /** False when the delta stands alone: then its source is never read. */
  needsSource: boolean
  targetSize: number
  sourceSize: number
  /** In hex. */
  targetSha256: string
  sourceSha256: string
  /** Bytes of the target in every frame but the last. */
  frameBytes: number
}

export interface DeltaTable extends DeltaInfo {
  frames: FrameEntry[]
}

/** Footer and trailer. The offsets of the frames are not written: they follow one another. */
export function footerOf(table: DeltaTable): Buffer {
  const head: number[] = []
  putNumber(head, table.needsSource ? NEEDS_SOURCE : 0)
  for (const number of [table.targetSize, table.sourceSize, table.frameBytes]) putNumber(head, number)
  const hashes = Buffer.from(table.targetSha256 + table.sourceSha256, 'hex')
  const entries = table.frames.flatMap(({ length, storedCrc, targetCrc }) => {
    const entry: number[] = []
    putNumber(entry, length)
    return [...entry, ...fixed(storedCrc), ...fixed(targetCrc)]
  })
  const footer = Buffer.concat([Buffer.from(head), hashes, Buffer.from(entries)])
  return Buffer.concat([footer, fixed(footer.length), fixed(crc32(footer))])
}

/** Reads the table of an open delta file. Throws `storage-unavailable` for anything that is not a whole one. */
export async function readTable(file: FileHandle): Promise<DeltaTable> {
  const { size } = await onDisk(file.stat())
  if (size < MAGIC.length + TRAILER_BYTES) throw damaged(`a delta of ${size} bytes is none`)
  const magic = await readExactly(file, 0, MAGIC.length)
  if (!magic.equals(MAGIC)) throw damaged(`not a delta of a known version: ${magic.toString('hex')}`)
  const trailer = await readExactly(file, size - TRAILER_BYTES, TRAILER_BYTES)
  const length = trailer.readUInt32LE(0)
  const start = size - TRAILER_BYTES - length
  if (length > LARGEST_FOOTER || start < MAGIC.length) throw damaged('the table of a delta has no sensible size')
  const footer = await readExactly(file, start, length)
  if (crc32(footer) !== trailer.readUInt32LE(4)) throw damaged('the table of a delta does not fit its checksum')
  return parseFooter(footer, start)
}

/** Bytes of a file, all of them or a Problem. */
export async function readExactly(file: FileHandle, offset: number, length: number): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(length)
  await readInto(file, bytes, offset)
  return bytes
}

/** Fills `bytes` from a file, beginning at `offset`. */
export async function readInto(file: FileHandle, bytes: Buffer, offset: number): Promise<void> {
  for (let filled = 0; filled < bytes.length; ) {
    const { bytesRead } = await onDisk(file.read(bytes, filled, bytes.length - filled, offset + filled))
    if (bytesRead === 0) throw damaged(`the file ended at ${offset + filled}, not after ${offset + bytes.length}`)
    filled += bytesRead
  }
}

function parseFooter(footer: Buffer, framesEnd: number): DeltaTable {
  const cursor: Cursor = { bytes: footer, position: 0 }
  const flags = takeNumber(cursor)
  const [targetSize, sourceSize, frameBytes] = [takeNumber(cursor), takeNumber(cursor), takeNumber(cursor)]
  const targetSha256 = takeBytes(cursor, HASH_BYTES).toString('hex')
  const sourceSha256 = takeBytes(cursor, HASH_BYTES).toString('hex')
  const isSensible = flags <= NEEDS_SOURCE && frameBytes > 0 && frameBytes <= LARGEST_FRAME
  if (!isSensible) throw damaged('the table of a delta makes no sense')
  const frames: FrameEntry[] = []
  let offset = MAGIC.length
  while (cursor.position < footer.length) {
    const length = takeNumber(cursor)
    frames.push({ offset, length, storedCrc: takeFixed(cursor), targetCrc: takeFixed(cursor) })
    offset += length
  }
  const isWhole = offset === framesEnd && frames.length === Math.ceil(targetSize / frameBytes)
  if (!isWhole) throw damaged('the table of a delta does not fit its frames')
  return { needsSource: flags === NEEDS_SOURCE, targetSize, sourceSize, targetSha256, sourceSha256, frameBytes, frames }
}

function fixed(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

function takeFixed(cursor: Cursor): number {
  return takeBytes(cursor, 4).readUInt32LE(0)
}
