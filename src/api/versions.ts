/** Versions of a file: what it held before. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { File } from './files.ts'
import { Bytes, Flag, Id, Time } from './schema.ts'

export const Version = v.object({
  /** From 1; the greatest is the newest. */
  number: v.number(),
  size: Bytes,
  sha256: v.string(),
  /** What it takes on the disk now: older ones are kept as differences. */
  storedBytes: Bytes,
  mimeType: v.string(),
  createdAt: Time,
  createdBy: Id,
  createdByName: v.string(),
})
export type Version = v.InferOutput<typeof Version>

export const listVersions = endpoint('GET /api/files/:id/versions', {
  summary: 'The versions of a file that are kept, newest first.',
  returns: v.object({ versions: v.array(Version) }),
})

export const downloadVersion = endpoint('GET /api/files/:id/versions/:n/download', {
  summary: 'The bytes of one version, as in the download of the newest.',
  query: v.object({ inline: v.optional(Flag) }),
  returns: 'bytes',
})

export const restoreVersion = endpoint('POST /api/files/:id/versions/:n/restore', {
  summary: 'Makes the content of an old version the newest one; the versions between stay.',
  returns: File,
})
