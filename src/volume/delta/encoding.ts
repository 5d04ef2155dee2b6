// One delta made, start to end, by synchronous calls: this runs on a thread of its own (encoding-thread.ts).

import { createHash, type Hash } from 'node:crypto'
import { closeSync, constants, fstatSync, fsyncSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { type Anchors, readAnchors } from './anchors.ts'
import { type Copy, findCopies } from './copies.ts'
import { dictionaryRanges } from './dictionary.ts'
import { type FrameEntry, footerOf, MAGIC } from './format.ts'
import { bodyOf, compressBody, dictionaryOf, packFrame } from './frame.ts'
import { readFully, type SourceBytes, sourceBytesOf } from './source.ts'
import { verifyDelta } from './verify.ts'

export interface Job {
  /** The old content, which is to be kept as a difference. */
  target: string
  /** The newer content, from which it will be rebuilt. */
  source: string
  /** Where the delta is written; nothing may be there. */
  output: string
}

/** What became of it: a `delta` needs its source, `zstd` stands alone, and `whole` means that nothing was written. */
export interface Encoded {
  method: 'delta' | 'zstd' | 'whole'
  /** What is stored: the size of the file written, or of the target where nothing was. */
  bytes: number
}

const FRAME_BYTES = 2 * 1024 * 1024
// Less gained than this is not worth the work of every later reading.
const WORTH_IT = 0.97
// A frame that needs its source has to be smaller than one that stands alone by this much.
const WORTH_A_SOURCE = 0.9
const SAMPLE_BYTES = 128 * 1024
// What large dictionaries may take in all, in milliseconds: they go through 10 MB/s. The rest of a file that needed more is
// compressed without; what copies cover costs nothing of this.
const THOROUGH_MS = 60_000

/** Makes and checks a delta. When it throws, or the outcome is `whole`, there is no output. */
export async function encode({ target, source, output }: Job): Promise<Encoded> {
  const { O_RDONLY, O_NOFOLLOW, O_WRONLY, O_CREAT, O_EXCL } = constants
  using stack = new DisposableStack()
  const openFor = (path: string, flags: number) => stack.adopt(openSync(path, flags, 0o600), closeSync)
  const [targetFd, sourceFd] = [openFor(target, O_RDONLY | O_NOFOLLOW), openFor(source, O_RDONLY | O_NOFOLLOW)]
  const outputFd = openFor(output, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
  let isWanted = false
  try {
    const encoded = encodeFrames(targetFd, sourceFd, outputFd)
    if (encoded.method !== 'whole') {
      fsyncSync(outputFd)
      await verifyDelta(output, sourceFd)
      isWanted = true
    }
    return encoded
  } finally {
    if (!isWanted) unlinkSync(output)
  }
}

function encodeFrames(targetFd: number, sourceFd: number, outputFd: number): Encoded {
  const [targetSize, sourceSize] = [fstatSync(targetFd).size, fstatSync(sourceFd).size]
  const [targetHash, sourceHash] = [createHash('sha256'), createHash('sha256')]
  const anchors = readAnchors(sourceFd, sourceSize, sourceHash)
  const encoder = frameEncoder(sourceBytesOf(sourceFd, sourceSize), anchors)
  const frames: FrameEntry[] = []
  let offset = writeFully(outputFd, MAGIC, 0)
  const frame = Buffer.allocUnsafeSlow(Math.min(FRAME_BYTES, targetSize))
  for (let start = 0; start < targetSize; start += FRAME_BYTES) {
    const bytes = readFrame(targetFd, frame.subarray(0, targetSize - start), start, targetHash)
    const stored = encoder.encode(bytes, start)
    frames.push({ offset, length: stored.length, storedCrc: crc32(stored), targetCrc: crc32(bytes) })
    offset = writeFully(outputFd, stored, offset)
  }
  const [targetSha256, sourceSha256] = [targetHash.digest('hex'), sourceHash.digest('hex')]
  const { needsSource } = encoder
  const sizes = { targetSize, sourceSize, frameBytes: FRAME_BYTES }
  offset = writeFully(outputFd, footerOf({ needsSource, ...sizes, targetSha256, sourceSha256, frames }), offset)
  if (offset >= WORTH_IT * targetSize) return { method: 'whole', bytes: targetSize }
  return { method: needsSource ? 'delta' : 'zstd', bytes: offset }
}

function readFrame(fd: number, bytes: Buffer, start: number, hash: Hash): Buffer {
  readFully(fd, bytes, start)
  hash.update(bytes)
  return bytes
}

function frameEncoder(source: SourceBytes, anchors: Anchors) {
  // Where in the source the next frame probably begins: content is often shifted by what was put in before.
  let shift = 0
  // Dictionaries that brought nothing, one after the other: tried ever more rarely, for files that have nothing in common.
  let failures = 0
  let pause = 0
  let thoroughLeft = THOROUGH_MS
  const encoder = { needsSource: false, encode }

  function encode(frame: Buffer, start: number): Buffer {
    const copies = findCopies(frame, start + shift, source, anchors)
    const last = copies.at(-1)
    if (last) shift = last.from - last.at - start
    const copied = copies.reduce((sum, { length }) => sum + length, 0)
    const delta = pack(frame, start, copies)
    // Where most was copied, what remains is small either way.
    if (copied < frame.length / 2 && delta.usesSource) {
      const alone = packAlone(bodyOf(frame, start, []))
      if (delta.stored.length > WORTH_A_SOURCE * alone.length) return alone
    }
    encoder.needsSource ||= delta.usesSource
    return delta.stored
  }

  function pack(frame: Buffer, start: number, copies: Copy[]): { stored: Buffer; usesSource: boolean } {
    const body = bodyOf(frame, start, copies)
    const alone = packAlone(body)
    const result = { stored: alone, usesSource: copies.length > 0 }
    const ranges = dictionaryRanges(copies, frame.length, start + shift, source.size)
    if (ranges.length === 0) return result
    const isLarge = body.length > 2 * SAMPLE_BYTES
    if (isLarge && (pause > 0 || thoroughLeft < 0)) {
      pause--
      return result
    }
    const started = performance.now()
    const dictionary = dictionaryOf(ranges.map(({ start, end }) => source.slice(start, end)))
    if (isLarge && !helps(body, dictionary)) {
      pause = Math.min(64, 2 ** failures++)
      return result
    }
    failures = 0
    const helped = packFrame(body, compressBody(body, levelFor(body.length + dictionary.length), dictionary), ranges)
    if (isLarge) thoroughLeft -= performance.now() - started
    return helped.length < WORTH_IT * alone.length ? { stored: helped, usesSource: true } : result
  }

  return encoder
}

function packAlone(body: Buffer): Buffer {
  const packed = compressBody(body, levelFor(body.length, true))
  return packFrame(body, packed.length < WORTH_IT * body.length ? packed : undefined, [])
}

// A taste of the middle says whether a large dictionary is worth its time.
function helps(body: Buffer, dictionary: Buffer): boolean {
  const middle = Math.floor((body.length - SAMPLE_BYTES) / 2)
  const sample = body.subarray(middle, middle + SAMPLE_BYTES)
  return compressBody(sample, 9, dictionary).length < WORTH_A_SOURCE * compressBody(sample, 9).length
}

// Of the slow levels, which find little more in what is large, each frame would take seconds.
function levelFor(bytes: number, isAlone = false): number {
  if (bytes <= 512 * 1024) return 19
  return isAlone ? 9 : 12
}

function writeFully(fd: number, bytes: Buffer, position: number): number {
  for (let written = 0; written < bytes.length; ) {
    written += writeSync(fd, bytes, written, bytes.length - written, position + written)
  }
  return position + bytes.length
}
