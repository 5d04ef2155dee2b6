// Which runs of an older content stand in the newer one, for one frame at a time. Three ways, cheapest first: go on where
// the last copy would have continued; the same a little further on, past bytes that were changed in place; content that
// moved, by its anchors. Runs too short for an anchor are left to zstd, which gets the bytes around as a dictionary.

import { type Anchors, findAnchors, fingerprintOf } from './anchors.ts'
import type { SourceBytes } from './source.ts'

/** `length` bytes of the frame, from `at` on, are those of the source from `from` on. */
export interface Copy {
  at: number
  from: number
  length: number
}

const LEAST_COPY = 32
// A copy that says the alignment is right. Shorter ones, found in place, may be padding that looks alike everywhere: after
// a few of them the anchors are asked.
const LONG_COPY = 1024
const SHORT_IN_A_ROW = 8
const GOOD_ENOUGH = 256
// Anchors found at a time.
const BATCH = 64

/** The copies of a frame in its order. `expected` is where in the source its first byte probably stands. */
export function findCopies(frame: Buffer, expected: number, source: SourceBytes, anchors: Anchors): Copy[] {
  const copies: Copy[] = []
  const reach = Math.min(8192, Math.max(1024, 8 * anchors.spacing))
  const candidates: number[] = []
  const batch = new Uint32Array(BATCH)
  let at = 0
  let shift = expected
  let short = 0

  function take(copy: Copy): void {
    copies.push(copy)
    at = copy.at + copy.length
    shift = copy.from - copy.at
    short = copy.length >= LONG_COPY ? 0 : short + 1
  }

  function inPlace(): Copy | undefined {
    const straight = source.sameAfter(frame, at, at + shift)
    if (straight >= LEAST_COPY) return { at, from: at + shift, length: straight }
    if (short >= SHORT_IN_A_ROW) return undefined
    const next = source.nextSame(frame, at, at + shift, at + reach, LEAST_COPY)
    if (next < 0) return undefined
    return { at: next, from: next + shift, length: source.sameAfter(frame, next, next + shift) }
  }

  // The longest copy that goes through this anchor.
  function through(anchor: number): Copy | undefined {
    let best: Copy | undefined
    anchors.lookUp(fingerprintOf(frame, anchor), candidates)
    if (candidates.length > 0) candidates.push(anchor + shift)
    for (const place of candidates) {
      if (place < 0 || place > source.size) continue
      const before = source.sameBefore(frame, anchor, place, anchor - at)
      const length = before + source.sameAfter(frame, anchor, place)
      if (length >= LEAST_COPY && length > (best?.length ?? 0))
        best = { at: anchor - before, from: place - before, length }
    }
    return best
  }

  // The copy through the first anchor that has one, or a longer one through an anchor inside it.
  function byAnchor(): Copy | undefined {
    let best: Copy | undefined
    for (let start = at; ; ) {
      const count = findAnchors(frame, start, anchors.spacing, batch)
      for (const anchor of batch.subarray(0, count)) {
        if (best && (best.length >= GOOD_ENOUGH || anchor >= best.at + best.length)) return best
        const copy = through(anchor)
        if (copy && copy.length > (best?.length ?? 0)) best = copy
      }
      if (count < batch.length) return best
      start = batch.at(-1) ?? frame.length
    }
  }

  while (at < frame.length) {
    const copy = inPlace() ?? byAnchor()
    if (!copy) break
    take(copy)
  }
  return copies
}
