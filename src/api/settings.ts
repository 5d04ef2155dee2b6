/** What an administrator changes while the server runs. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { Bytes, FileTypes } from './schema.ts'

export const Settings = v.object({
  /** Quota of a personal vault that is made from now on. */
  defaultQuotaBytes: Bytes,
  /** Quota of a team vault that is made from now on. */
  teamQuotaBytes: Bytes,
  /** Greatest size of one file. */
  maxFileBytes: Bytes,
  /** Types that may be uploaded; empty: any. Vaults can be narrower. */
  allowedTypes: FileTypes,
  /** Types that may not. */
  forbiddenTypes: FileTypes,
  /** Bytes of each chunk of a resumable upload, from now on. */
  chunkBytes: v.pipe(v.number(), v.integer(), v.minValue(65_536), v.maxValue(268_435_456)),
  /** How many versions of a file are kept, the newest included. */
  keepVersions: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000)),
  /** How many days a version is kept after another replaced it. */
  keepVersionDays: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(36_500)),
  /** How many days something stays in the trash. */
  keepTrashDays: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(36_500)),
  /** How many days a line of the access log is kept. */
  keepEventDays: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(36_500)),
  /** Failed attempts to sign in or to unlock a link from one address before it has to wait for the window to end. */
  signInAttempts: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000)),
  /** Minutes. */
  signInWindow: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1440)),
  /** Requests through links from one address in such a window. */
  guestRequests: v.pipe(v.number(), v.integer(), v.minValue(10), v.maxValue(10_000_000)),
  /** Told of what goes through links whose makers wish it, by POST; empty: nobody. */
  receiptWebhook: v.pipe(
    v.string(),
    v.trim(),
    v.maxLength(1000),
    v.regex(/^(?:https?:\/\/\S+)?$/, 'An address like https://example.org/hook is needed, or nothing.'),
  ),
  /** What guests read above what is shared with them. */
  brandName: v.pipe(v.string(), v.trim(), v.minLength(1, 'A name is needed.'), v.maxLength(60)),
})
export type Settings = v.InferOutput<typeof Settings>

export const getSettings = endpoint('GET /api/admin/settings', {
  summary: 'The settings.',
  access: 'admin',
  returns: Settings,
})

/** What guests and people who are not signed in yet may know. */
export const Brand = v.object({
  name: v.string(),
  /** Where the logo is; null: there is none. */
  logo: v.nullable(v.string()),
})
export type Brand = v.InferOutput<typeof Brand>

/** Bytes of a logo at most. */
export const largestLogo = 256 * 1024

export const getBrand = endpoint('GET /api/brand', {
  summary: 'The name and the logo that stand above what is shared.',
  access: 'anyone',
  returns: Brand,
})

export const getLogo = endpoint('GET /api/brand/logo', {
  summary: 'The logo.',
  access: 'anyone',
  returns: 'bytes',
})

export const setLogo = endpoint('PUT /api/admin/logo', {
  summary: 'Sets the logo, a PNG, JPEG or WebP of at most 256 KiB.',
  access: 'admin',
  body: 'bytes',
  returns: Brand,
})

export const removeLogo = endpoint('DELETE /api/admin/logo', { summary: 'Takes the logo away.', access: 'admin' })

export const changeSettings = endpoint('PUT /api/admin/settings', {
  summary: 'Changes settings; what is not named stays. Takes effect at once.',
  access: 'admin',
  body: v.partial(Settings),
  returns: Settings,
})
