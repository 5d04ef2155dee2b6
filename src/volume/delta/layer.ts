// A delta read by ranges: each range of the old content is put together from literal bytes and ranges of the newer one.
// Nothing of the old content is kept, only the frames as read, so that a chain of deltas passes each byte on once at each
// step and holds a few frames' literal bytes for each.

import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { damaged, onDisk } from '../failure.ts'
import { type DeltaTable, readExactly, readTable } from './format.ts'
import { type Frame, type PlacedCopy, unpackFrame } from './frame.ts'
import { keptLately } from './kept.ts'

/** Fills `bytes` with content from `offset` on, or throws. */
export type Fill = (bytes: Buffer, offset: number) => Promise<void>

export interface Layer extends AsyncDisposable {
  readonly table: DeltaTable
  /** The old content as the delta and its source have it. Damage of the source is not seen here. */
  fill: Fill
}

// What a chain holds for each of its deltas. Frames that are copies for the most part weigh some kilobytes.
const KEPT_BYTES = 8 * 1024 * 1024
const COPY_WEIGHT = 64
const FRAME_WEIGHT = 1024
// A frame with more literal bytes or shorter copies than these is put together once and kept so: others may need it for
// copies and dictionaries alike, and at every step of a chain again.
const MANY_LITERALS = 1 / 8
const SHORT_COPY = 1024
// Copies from places so close together are fetched at once, and never so much more than was asked for.
const JOINED_BYTES = 256 * 1024
const LARGEST_GAP = 4096
const GAP_SHARE = 0.25

/** Opens a delta file. What is not a whole one is `storage-unavailable`. */
export async function openLayer(path: string, source: Fill): Promise<Layer> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  const file = await onDisk(open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK))
  try {
    const table = await readTable(file)
    return { table, fill: fillFrom(file, table, source), [Symbol.asyncDispose]: () => file.close() }
  } catch (error) {
    await file.close()
    throw error
  }
}

function fillFrom(file: FileHandle, table: DeltaTable, source: Fill): Fill {
  const frame = keptLately((number) => readFrame(file, table, number, source), weightOf, KEPT_BYTES)

  return async (bytes, offset) => {
    for (let done = 0; done < bytes.length; ) {
      const number = Math.floor((offset + done) / table.frameBytes)
      const start = offset + done - number * table.frameBytes
      const length = Math.min(bytes.length - done, table.frameBytes - start)
      await fillFromFrame(bytes.subarray(done, done + length), start, await frame(number), source)
      done += length
    }
  }
}

async function readFrame(file: FileHandle, table: DeltaTable, number: number, source: Fill): Promise<Frame> {
  const entry = table.frames[number]
  if (!entry) throw new RangeError(`No frame ${number} of ${table.frames.length}`)
  const stored = await readExactly(file, entry.offset, entry.length)
  if (crc32(stored) !== entry.storedCrc) throw damaged(`frame ${number} of a delta does not fit its checksum`)
  const start = number * table.frameBytes
  const size = Math.min(table.frameBytes, table.targetSize - start)
  const frame = await unpackFrame(stored, { start, size, sourceSize: table.sourceSize }, async (from, length) => {
    const bytes = Buffer.allocUnsafeSlow(length)
    await source(bytes, from)
    return bytes
  })
  const { copies, literals } = frame
  const isHeavy = literals.length > MANY_LITERALS * size || copies.length > size / SHORT_COPY
  if (!isHeavy || copies.length === 0) return frame
  const bytes = Buffer.allocUnsafeSlow(size)
  await fillFromFrame(bytes, 0, frame, source)
  return { copies: [], literals: bytes, size }
}

function weightOf({ copies, literals }: Frame): number {
  return FRAME_WEIGHT + COPY_WEIGHT * copies.length + literals.length
}

async function fillFromFrame(bytes: Buffer, start: number, frame: Frame, source: Fill): Promise<void> {
  const end = start + bytes.length
  const { copies, literals } = frame
  let index = firstEndingAfter(copies, start)
  let position = start
  // Literal bytes before the copy at `index`, and their end in the frame.
  for (; position < end; index++) {
    const copy = copies[index]
    const before = copy?.literalsBefore ?? literals.length
    const gapEnd = copy?.at ?? frame.size
    if (position < gapEnd) {
      const stop = Math.min(gapEnd, end)
      literals.copy(bytes, position - start, before - (gapEnd - position), before - (gapEnd - stop))
      position = stop
    }
    if (!copy || position >= end) break
    const last = lastJoined(copies, index, end)
    if (last === index) {
      const stop = Math.min(copy.at + copy.length, end)
      await source(bytes.subarray(position - start, stop - start), copy.from + position - copy.at)
      position = stop
    } else {
      await fillJoined(bytes, start, frame, { index, last }, source)
      index = last
      position = Math.min(end, ends(copies[last]))
    }
  }
}

// Several copies by one read, with the literal bytes between them.
async function fillJoined(
  bytes: Buffer,
  start: number,
  { copies, literals }: Frame,
  { index, last }: { index: number; last: number },
  source: Fill,
): Promise<void> {
  const from = copies[index]?.from ?? 0
  const until = copies[last] as PlacedCopy
  const joined = Buffer.allocUnsafe(until.from + until.length - from)
  await source(joined, from)
  let literal: number | undefined
  let gapStart = 0
  for (const copy of copies.slice(index, last + 1)) {
    if (literal !== undefined) literals.copy(bytes, gapStart - start, literal, copy.literalsBefore)
    // What lies before or after the wanted range is left out.
    const skipped = Math.max(0, start - copy.at)
    joined.copy(bytes, copy.at + skipped - start, copy.from - from + skipped, copy.from - from + copy.length)
    literal = copy.literalsBefore
    gapStart = copy.at + copy.length
  }
}

// The last copy after `index` that is fetched together with it.
function lastJoined(copies: PlacedCopy[], index: number, end: number): number {
  const first = copies[index] as PlacedCopy
  let used = first.length
  let last = index
  for (let next = index + 1; next < copies.length; next++) {
    const copy = copies[next] as PlacedCopy
    const previous = copies[last] as PlacedCopy
    const gap = copy.from - (previous.from + previous.length)
    const isNear = gap >= 0 && gap <= Math.min(LARGEST_GAP, GAP_SHARE * used)
    if (!isNear || copy.at >= end || copy.from + copy.length - first.from > JOINED_BYTES) break
    used += copy.length
    last = next
  }
  return last
}

function ends(copy: PlacedCopy | undefined): number {
  return copy ? copy.at + copy.length : 0
}

function firstEndingAfter(copies: PlacedCopy[], position: number): number {
  let [low, high] = [0, copies.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (ends(copies[middle]) > position) high = middle
    else low = middle + 1
  }
  return low
}
