/** What happens in a vault, as it happens, over a WebSocket. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { File } from './files.ts'
import { Folder } from './folders.ts'
import { Id, Time } from './schema.ts'

const Change = {
  /** Of the change, one more than that of the change before; what to send as `since` to go on after it. */
  seq: v.number(),
  at: Time,
  /** Of the file, folder or vault. */
  id: Id,
  /** What the journal calls it; `file_restored` comes as `file_created`, `file_removed` (for good) as `file_deleted`. */
  change: v.string(),
}

export const FileEvent = v.object({
  type: v.picklist(['file_created', 'file_updated', 'file_deleted']),
  ...Change,
  /** As it was when this was sent; null where it was gone for good by then. Favourites are one's own: not among them. */
  file: v.nullable(v.omit(File, ['favorite'])),
})

export const FolderEvent = v.object({
  type: v.picklist(['folder_created', 'folder_updated', 'folder_deleted']),
  ...Change,
  /** What lies below it went or came with it, and has no event of its own; the changes since the `seq` before tell it. */
  folder: v.nullable(Folder),
})

export const VaultEvent = v.object({ type: v.literal('vault_updated'), ...Change })

export const TransferEvent = v.object({
  type: v.literal('transfer_progress'),
  uploadId: Id,
  path: v.string(),
  receivedBytes: v.number(),
  size: v.number(),
})

export const LiveEvent = v.variant('type', [
  FileEvent,
  FolderEvent,
  VaultEvent,
  /** Said first: where the vault stands, and how many changes are told before what is new. */
  v.object({
    type: v.literal('sync_status'),
    seq: v.number(),
    behind: v.number(),
    /** True: the journal does not reach back to `since`. Take a snapshot or all changes; events follow from `seq` on. */
    reset: v.boolean(),
  }),
  /** Everything up to `seq` was told; what follows happens now. */
  v.object({ type: v.literal('sync_completed'), seq: v.number() }),
  TransferEvent,
])
export type LiveEvent = v.InferOutput<typeof LiveEvent>

/** Why the server ends a connection. */
export const closeCodes = {
  /** The server is stopping: connect again, with `since`. */
  stopping: 1001,
  /** What was sent was not read: connect again, with `since`. */
  tooSlow: 1013,
  /** The session ended, the token was revoked, or the account disabled. */
  signedOut: 4401,
  /** No member of the vault any more. */
  notAllowed: 4403,
} as const

export const follow = endpoint('GET /ws/vaults/:vaultId', {
  summary:
    "A WebSocket that tells what happens in a vault: first `sync_status`, then what was missed since `since` (a `seq` or a `lastSync`; absent: nothing), `sync_completed`, and from then on what happens: `file_created`, `file_updated`, `file_deleted`, the same of folders, `vault_updated`, each with `seq`, and `transfer_progress` of one's own uploads. It closes with 4401 or 4403 when one may not listen any more, with 1013 when what is sent is not read, and with 1001 when the server stops. Over plain HTTP it answers 426.",
  query: v.object({ since: v.optional(v.pipe(v.string(), v.maxLength(200))) }),
  returns: LiveEvent,
  status: 101,
})
