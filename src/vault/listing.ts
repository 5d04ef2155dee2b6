/** Lists of files by keyset pages: each page is one range of an index, at the same cost at any depth. */
import { sql } from 'kysely'
import type { FileListQuery, FilePage } from '../api/files.ts'
import { kinds } from '../api/files.ts'
import { Problem } from '../problem.ts'
import { type Actor, type FolderProof, requireFolder, requireVault, topOf, type VaultProof } from './access.ts'
import type { Core } from './core.ts'
import { selectFiles, toFile } from './files.ts'
import { pathsOf } from './places.ts'

const columns = {
  name: 'file.name_sort',
  size: 'file.size',
  updatedAt: 'file.updated_at',
  createdAt: 'file.created_at',
  extension: 'file.extension',
} as const
const row = {
  name: 'name_sort',
  size: 'size',
  updatedAt: 'updated_at',
  createdAt: 'created_at',
  extension: 'extension',
} as const

type Sort = keyof typeof columns

/** One page of a vault, a folder or the trash, filtered. */
export function listFiles(core: Core, actor: Actor, vaultId: string, query: FileListQuery): Promise<FilePage> {
  const vault = requireVault(core, actor, vaultId, 'viewer')
  return pageOf(core, filtered(core, actor, vault, query), query)
}

/** One page of what lies directly in a folder. */
export function listFilesIn(core: Core, actor: Actor, folder: FolderProof, query: FileListQuery): Promise<FilePage> {
  const select = selectFiles(actor.no).where('file.deleted_at', 'is', null).where('file.folder_no', '=', folder.no)
  return pageOf(core, select, query)
}

async function pageOf(core: Core, files: Files, query: FileListQuery): Promise<FilePage> {
  const { limit = 500 } = query
  const sort: Sort | 'deletedAt' = query.trash ? 'deletedAt' : (query.sort ?? 'name')
  const order = query.trash ? 'desc' : (query.order ?? 'asc')
  const column = sort === 'deletedAt' ? ('file.deleted_at' as const) : columns[sort]
  const key = sort === 'deletedAt' ? ('deleted_at' as const) : row[sort]

  let select = files
  if (query.cursor !== undefined) {
    const after = readCursor(query.cursor, sort, order)
    const comparison = order === 'asc' ? sql`>` : sql`<`
    select = select.where(sql<boolean>`(${sql.ref(column)}, file.no) ${comparison} (${after.key}, ${after.no})`)
  }
  const rows = await core.index.readAway(
    select
      .orderBy(column, order)
      .orderBy('file.no', order)
      .limit(limit + 1),
  )
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  const hasMore = rows.length > limit
  const paths = pathsOf(core.index.read)
  return {
    files: page.map((one) => toFile(one, paths)),
    hasMore,
    nextCursor: hasMore && last ? writeCursor(sort, order, last[key], last.no) : null,
  }
}

type Files = ReturnType<typeof selectFiles>

function filtered(core: Core, actor: Actor, vault: VaultProof, query: FileListQuery): Files {
  let select = selectFiles(actor.no)
  if (query.trash)
    return select
      .where('file.vault_no', '=', vault.no)
      .where('file.deleted_at', 'is not', null)
      .where('file.trashed_with', 'is', null)
  select = select.where('file.deleted_at', 'is', null)
  if (query.folder === undefined) select = select.where('file.vault_no', '=', vault.no)
  else select = select.where('file.folder_no', '=', folderNo(core, actor, vault, query.folder))
  if (query.type !== undefined) {
    const type = query.type.toLowerCase()
    select = (kinds as readonly string[]).includes(type)
      ? select.where('file.kind', '=', type)
      : select.where('file.mime_type', '=', type)
  }
  if (query.tag !== undefined) select = select.where(taggedWith(vault.no, query.tag))
  if (query.favorite !== undefined) select = select.where('favorite.user_no', query.favorite ? 'is not' : 'is', null)
  if (query.package !== undefined) select = select.where('file.package', '=', query.package)
  return select
}

function taggedWith(vaultNo: number, tag: string) {
  return sql<boolean>`EXISTS (SELECT 1 FROM file_tag t WHERE t.vault_no = ${vaultNo} AND t.tag = ${tag.normalize('NFC').trim()} AND t.file_no = file.no)`
}

function folderNo(core: Core, actor: Actor, vault: VaultProof, id: string): number {
  if (id === 'root') return topOf(core.index.read, vault.no).no
  const folder = requireFolder(core, actor, id, 'viewer')
  if (folder.vault.no !== vault.no) throw new Problem('not-found', 'There is no such folder in this vault.')
  return folder.no
}

function writeCursor(sort: string, order: string, key: unknown, no: number): string {
  return Buffer.from(JSON.stringify([sort, order, key, no])).toString('base64url')
}

function readCursor(cursor: string, sort: string, order: string): { key: string | number; no: number } {
  try {
    const [hadSort, hadOrder, key, no] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown[]
    if (
      hadSort === sort &&
      hadOrder === order &&
      (typeof key === 'string' || typeof key === 'number') &&
      Number.isSafeInteger(no)
    )
      return { key, no: no as number }
  } catch {
    // Falls through: whatever it was, it is not a cursor of ours.
  }
  const message = 'This cursor is not one of this list. Start again without a cursor.'
  throw new Problem('bad-input', message, { errors: [{ path: 'cursor', message }] })
}
