/** What an administrator changes while the server runs. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { Bytes } from './schema.ts'

export const Settings = v.object({
  /** Quota of a personal vault that is made from now on. */
  defaultQuotaBytes: Bytes,
  /** Quota of a team vault that is made from now on. */
  teamQuotaBytes: Bytes,
  /** Greatest size of one file. */
  maxFileBytes: Bytes,
  /** Bytes of each chunk of a resumable upload, from now on. */
  chunkBytes: v.pipe(v.number(), v.integer(), v.minValue(65_536), v.maxValue(268_435_456)),
  /** How many versions of a file are kept, the newest included. */
  keepVersions: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000)),
  /** How many days a version is kept after another replaced it. */
  keepVersionDays: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(36_500)),
  /** How many days something stays in the trash. */
  keepTrashDays: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(36_500)),
})
export type Settings = v.InferOutput<typeof Settings>

export const getSettings = endpoint('GET /api/admin/settings', {
  summary: 'The settings.',
  access: 'admin',
  returns: Settings,
})

export const changeSettings = endpoint('PUT /api/admin/settings', {
  summary: 'Changes settings; what is not named stays. Takes effect at once.',
  access: 'admin',
  body: v.partial(Settings),
  returns: Settings,
})
