/**
 * What the decoding child may answer. It has read a stranger's bytes, so that it is believed no more than a visitor:
 * the server checks every answer against these shapes.
 */
import * as v from 'valibot'
import { mediaReasons } from './job.ts'

const Pixels = v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(2 ** 31 - 1)))

export const Reply = v.variant('outcome', [
  v.object({
    outcome: v.literal('done'),
    facts: v.object({
      width: Pixels,
      height: Pixels,
      duration: v.nullable(v.pipe(v.number(), v.finite(), v.minValue(0))),
      thumbnails: v.boolean(),
    }),
  }),
  v.object({
    outcome: v.literal('read'),
    /** In base64: messages between processes are JSON. */
    text: v.pipe(v.string(), v.maxLength(8_000_000)),
    words: v.pipe(v.string(), v.maxLength(4_000_000)),
  }),
  v.object({
    outcome: v.literal('refused'),
    reason: v.picklist(mediaReasons),
    message: v.pipe(v.string(), v.maxLength(1000)),
  }),
])
export type Reply = v.InferOutput<typeof Reply>
