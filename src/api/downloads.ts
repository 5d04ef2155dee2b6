/** Several files at once, as a stored zip archive whose size is known before and whose download can be resumed. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { Bytes, Id, Time } from './schema.ts'

/** How many files and folders one selection may name; a folder brings along whatever is in it. */
export const mostSelected = 10_000

const Ids = v.optional(v.pipe(v.array(Id), v.maxLength(mostSelected)), [])

export const Selection = v.object({
  id: Id,
  /** Where its archive is, for the same person, until it expires. */
  url: v.string(),
  /** Of the archive. */
  name: v.string(),
  /** Of the archive, in bytes, as things are now. */
  size: Bytes,
  expiresAt: Time,
})
export type Selection = v.InferOutput<typeof Selection>

export const downloadFolder = endpoint('GET /api/folders/:id/download', {
  summary:
    'A folder with all below it as a stored zip: Content-Length, ETag, one range, If-Range. What is changed meanwhile has another ETag.',
  returns: 'bytes',
})

export const downloadVault = endpoint('GET /api/vaults/:vaultId/download', {
  summary: 'All of a vault but its trash as a stored zip, as a folder is.',
  returns: 'bytes',
})

export const createDownload = endpoint('POST /api/downloads', {
  summary:
    'Makes an address under which the caller can get these files and folders as one stored zip, for a day or until the server is started again.',
  body: v.object({ fileIds: Ids, folderIds: Ids }),
  returns: Selection,
  status: 201,
})

export const downloadSelection = endpoint('GET /api/downloads/:id', {
  summary: 'The stored zip of a selection, as things are now: Content-Length, ETag, one range, If-Range.',
  returns: 'bytes',
})
