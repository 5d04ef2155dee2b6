/** What an administrator changes while the server runs. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { Bytes } from './schema.ts'

export const Settings = v.object({
  /** Quota of a personal vault that is made from now on. */
  defaultQuotaBytes: Bytes,
  /** Greatest size of one file. */
  maxFileBytes: Bytes,
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
