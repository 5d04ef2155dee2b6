/**
 * The journal of a vault as events for whoever listens. Every listener has a place of its own in it and asks for what comes
 * next; those at the same place share one reading, so that a change costs about the same for one listener and for a thousand.
 */

import { sql } from 'kysely'
import { LRUCache } from 'lru-cache'
import type { LiveEvent } from '../api/live.ts'
import { fixed } from '../index/query.ts'
import { type Actor, requireVault, type VaultProof } from './access.ts'
import { newestSeq, reachesBack } from './changes.ts'
import type { Core } from './core.ts'
import { selectFiles, toFile } from './files.ts'
import { selectFolders, toFolder } from './folders.ts'
import type { ChangeKind } from './journal.ts'
import { pathsOf } from './places.ts'
import { notAPosition, readPosition } from './positions.ts'

/** An event as it goes out. */
export interface Told {
  seq: number
  text: string
}

export interface Live {
  /** Where somebody begins to listen: at a `seq` or a `lastSync`, or now. */
  begin(actor: Actor, vaultId: string, since: string | undefined): Beginning
  /** What came after `seq`, a page of it; empty when nothing did. */
  after(vault: VaultProof, seq: number): Promise<readonly Told[]>
  /** The uploads that somebody has under way in a vault. */
  uploads(vault: VaultProof, actor: Actor): Progress[]
}

export interface Beginning {
  vault: VaultProof
  seq: number
  status: LiveEvent
}

export type Progress = Extract<LiveEvent, { type: 'transfer_progress' }>

interface Row {
  seq: number
  kind: ChangeKind
  subject_id: string
  at: number
}

const pageRows = 200
const rowsAfter = fixed<Row>(
  'SELECT seq, kind, subject_id, at FROM change WHERE vault_no = ? AND seq > ? ORDER BY seq LIMIT ?',
)
const uploadsOf = fixed<{ id: string; path: string; size: number; received: number }>(`
  SELECT u.id, u.path, u.size,
    coalesce((SELECT sum(stop - start) FROM upload_range r WHERE r.upload_no = u.no), 0) AS received
  FROM upload u WHERE u.user_no = ? AND u.vault_no = ? AND u.file_id IS NULL ORDER BY u.created_at DESC LIMIT 50`)

export function openLive(core: Core): Live {
  const pages = new LRUCache<string, Promise<readonly Told[]>>({ max: 100, ttl: 2000 })
  return {
    begin(actor, vaultId, since) {
      const vault = requireVault(core, actor, vaultId, 'viewer')
      const head = newestSeq(core, vault.no)
      const asked = since === undefined ? head : readPosition(since)
      // Amid the pages of the changes there is no place in the journal yet.
      if (asked === undefined || (typeof asked === 'object' && asked.walking)) throw notAPosition(since ?? '')
      const from = typeof asked === 'number' ? asked : asked.seq
      const reset = !reachesBack(core, vault.no, from)
      const seq = reset ? head : from
      return { vault, seq, status: { type: 'sync_status', seq: head, behind: head - seq, reset } }
    },
    after(vault, seq) {
      const key = `${vault.no} ${seq}`
      const known = pages.get(key)
      if (known) return known
      const rows = core.index.read.all(rowsAfter(vault.no, seq, pageRows))
      if (rows.length === 0) return Promise.resolve([])
      const page = tell(core, vault, rows)
      pages.set(key, page)
      page.catch(() => pages.delete(key))
      return page
    },
    uploads: (vault, actor) =>
      core.index.read.all(uploadsOf(actor.no, vault.no)).map(({ id, path, size, received }) => ({
        type: 'transfer_progress',
        uploadId: id,
        path: `/${(JSON.parse(path) as string[]).join('/')}`,
        receivedBytes: received,
        size,
      })),
  }
}

async function tell(core: Core, vault: VaultProof, rows: readonly Row[]): Promise<Told[]> {
  const ids = (prefix: string) =>
    JSON.stringify([...new Set(rows.filter(({ kind }) => kind.startsWith(prefix)).map((row) => row.subject_id))])
  const [fileRows, folderRows] = await Promise.all([
    core.index.readAway(
      selectFiles(0) // of nobody: one text goes to everybody
        .where('file.vault_no', '=', vault.no)
        .where(sql<boolean>`file.id IN (SELECT value FROM json_each(${ids('file_')}))`),
    ),
    core.index.readAway(
      selectFolders()
        .where('folder.vault_no', '=', vault.no)
        .where(sql<boolean>`folder.id IN (SELECT value FROM json_each(${ids('folder_')}))`),
    ),
  ])
  const paths = pathsOf(core.index.read)
  const files = new Map(
    fileRows.map((row) => {
      const { favorite: _, ...file } = toFile(row, paths)
      return [row.id, file]
    }),
  )
  const folders = new Map(folderRows.map((row) => [row.id, toFolder(row, paths)]))
  return rows.map(({ seq, kind, subject_id: id, at }) => {
    const change = { seq, at: new Date(at).toISOString(), id, change: kind }
    const type = types[kind]
    const event: LiveEvent =
      type === 'vault_updated'
        ? { type, ...change }
        : isOfFile(type)
          ? { type, ...change, file: files.get(id) ?? null }
          : { type, ...change, folder: folders.get(id) ?? null }
    return { seq, text: JSON.stringify(event) }
  })
}

type FileType = 'file_created' | 'file_updated' | 'file_deleted'
type FolderType = 'folder_created' | 'folder_updated' | 'folder_deleted'

const types: Record<ChangeKind, FileType | FolderType | 'vault_updated'> = {
  file_created: 'file_created',
  file_updated: 'file_updated',
  file_deleted: 'file_deleted',
  file_restored: 'file_created',
  file_removed: 'file_deleted',
  folder_created: 'folder_created',
  folder_updated: 'folder_updated',
  folder_deleted: 'folder_deleted',
  folder_restored: 'folder_created',
  folder_removed: 'folder_deleted',
  vault_updated: 'vault_updated',
}

function isOfFile(type: FileType | FolderType): type is FileType {
  return type.startsWith('file_')
}
