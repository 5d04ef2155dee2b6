/** What changed in a vault since a client last asked, and all of it at once. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { File } from './files.ts'
import { Folder } from './folders.ts'
import { Flag, Id, integer, Time } from './schema.ts'

/** A file or folder that is in the trash, or gone for good (`path` and `deletedAt` are null). */
export const Gone = v.object({
  id: Id,
  /** Where it was, from the top of the vault. */
  path: v.nullable(v.string()),
  deletedAt: v.nullable(Time),
})
export type Gone = v.InferOutput<typeof Gone>

export const Changes = v.object({
  /** New or back from the trash, as they are now. A client may know one already: what counts is its id. */
  added: v.array(File),
  modified: v.array(File),
  deleted: v.array(Gone),
  folders: v.object({ added: v.array(Folder), modified: v.array(Folder), deleted: v.array(Gone) }),
  /** Opaque; what to send as `since` next time, whether or not there is more. */
  lastSync: v.string(),
  hasMore: v.boolean(),
  /** True: this page and those after it tell everything there is; what was known before and is not in them is gone. */
  reset: v.boolean(),
})
export type Changes = v.InferOutput<typeof Changes>

export const ChangesQuery = v.object({
  since: v.optional(v.pipe(v.string(), v.maxLength(200))),
  /** About how many files and folders a page tells of. */
  limit: v.optional(integer(1, 5000)),
})
export type ChangesQuery = v.InferOutput<typeof ChangesQuery>

export const listChanges = endpoint('GET /api/vaults/:vaultId/files/changes', {
  summary:
    "What changed since `since` (a `lastSync`, or an ISO time by the server's clock; absent: everything), each file once and as it is now. Take in folders first, then `added` and `modified`, then `deleted`. A folder that was moved or renamed is in `folders.modified`, and the paths of what lies below follow from it: keep `folderId`, not paths. What went to the trash or came back with a folder is told file by file; a folder in `folders.deleted` takes the folders below it along.",
  query: ChangesQuery,
  returns: Changes,
})

export const getSnapshot = endpoint('GET /api/vaults/:vaultId/snapshot', {
  summary:
    'The whole tree as NDJSON (`application/x-ndjson`), compressed with zstd or gzip as Accept-Encoding allows. The first line is `{"type":"snapshot","lastSync",…}`, then come lines with `"type":"folder"` (a folder may come after what lies in it) and `"type":"file"`, and at last `{"type":"end","files","folders"}`: without it the snapshot is not whole. Take in all lines, then the changes since `lastSync`.',
  query: v.object({
    /** True: what is in the trash too, with its `deletedAt`. */
    include_deleted: v.optional(Flag),
  }),
  returns: 'bytes',
})
