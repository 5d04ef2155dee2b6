/** The whole installation at a glance, for administrators. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { Bytes, Id, Time } from './schema.ts'
import { Stats } from './storage.ts'

export const Day = v.object({
  /** In UTC, as in 2026-01-31. */
  date: v.string(),
  uploads: v.number(),
  uploadBytes: Bytes,
  downloads: v.number(),
  downloadBytes: Bytes,
})
export type Day = v.InferOutput<typeof Day>

export const Overview = v.object({
  ...Stats.entries,
  jobs: v.object({ waiting: v.number(), running: v.number(), failed: v.number() }),
  /** Resumable uploads under way. */
  uploadsUnderWay: v.number(),
  /** Null where no backup is known. */
  lastBackupAt: v.nullable(Time),
  /** The last 30 days, oldest first, from the access log; at most a minute old. */
  series: v.array(Day),
  /** False while a long log is still being read, which goes on by itself: ask again in a moment. */
  seriesComplete: v.boolean(),
  /** The ten vaults that use most. */
  topVaults: v.array(
    v.object({
      id: Id,
      name: v.string(),
      kind: v.picklist(['personal', 'team']),
      /** E-mail address of whom it belongs to. */
      owner: v.string(),
      usedBytes: Bytes,
      quotaBytes: Bytes,
      files: v.number(),
    }),
  ),
})
export type Overview = v.InferOutput<typeof Overview>

export const getOverview = endpoint('GET /api/admin/overview', {
  summary: 'What the whole installation holds, does and did in the last 30 days.',
  access: 'admin',
  returns: Overview,
})
