// What of the source helps zstd with the bytes of a frame that no copy covers: what stands in their place there, and
// something around it.

import type { Copy } from './copies.ts'
import { LARGEST_DICTIONARY, type SourceRange } from './frame.ts'

const MOST_AROUND = 16 * 1024
const LEAST_AROUND = 256
// Around all gaps of a frame together; a reader has to fetch it.
const AROUND_BYTES = 256 * 1024
const LEAST_RANGE = 64

/** Ranges of the source in rising order without overlap; none where there is nothing to help with. */
export function dictionaryRanges(
  copies: Copy[],
  frameBytes: number,
  expected: number,
  sourceSize: number,
): SourceRange[] {
  const gaps = gapsOf(copies, frameBytes, expected)
  const around = Math.max(LEAST_AROUND, Math.min(MOST_AROUND, Math.floor(AROUND_BYTES / (2 * gaps.length + 1))))
  const wanted: SourceRange[] = []
  for (const { before, after, length } of gaps) {
    // Of a long stretch that has no counterpart, its two ends; of two places far apart, both.
    const near = length + around
    if (after >= before && after - before <= 2 * near) wanted.push({ start: before - around, end: after + around })
    else {
      wanted.push({ start: before - around, end: before + near })
      wanted.push({ start: after - near, end: after + around })
    }
  }
  return withinBudget(merged(wanted, sourceSize))
}

interface Gap {
  /** Where in the source the copy before it ends and the one after it begins. */
  before: number
  after: number
  /** Literal bytes. */
  length: number
}

function gapsOf(copies: Copy[], frameBytes: number, expected: number): Gap[] {
  const gaps: Gap[] = []
  let end = 0
  let before = copies[0] ? copies[0].from - copies[0].at : expected
  for (const { at, from, length } of copies) {
    if (at > end) gaps.push({ before, after: from, length: at - end })
    end = at + length
    before = from + length
  }
  if (end < frameBytes) gaps.push({ before, after: before + frameBytes - end, length: frameBytes - end })
  return gaps
}

function merged(ranges: SourceRange[], sourceSize: number): SourceRange[] {
  const inside = ranges
    .map(({ start, end }) => ({ start: Math.max(0, start), end: Math.min(sourceSize, end) }))
    .filter(({ start, end }) => end - start >= LEAST_RANGE)
    .sort((a, b) => a.start - b.start)
  const result: SourceRange[] = []
  for (const range of inside) {
    const last = result.at(-1)
    if (last && range.start <= last.end) last.end = Math.max(last.end, range.end)
    else result.push(range)
  }
  return result
}

function withinBudget(ranges: SourceRange[]): SourceRange[] {
  let left = LARGEST_DICTIONARY
  return ranges.filter(({ start, end }) => {
    left -= end - start
    return left >= 0
  })
}
