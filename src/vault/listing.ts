/** Lists of files by keyset pages: each page is one range of an index, at the same cost at any depth. */
import { sql } from 'kysely'
import type { FileListQuery, FilePage } from '../api/files.ts'
import { kinds } from '../api/files.ts'
import { fixed } from '../index/query.ts'
import { Problem } from '../problem.ts'
import {
  type Actor,
  type FolderProof,
  requireFolder,
  requireVault,
  topOf,
  type VaultProof,
  type VaultRecord,
} from './access.ts'
import type { Core } from './core.ts'
import { selectFiles, toFile } from './files.ts'
import { pathsOf } from './places.ts'
import type { KeptPage } from './recent-pages.ts'

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
export async function listFiles(core: Core, actor: Actor, vaultId: string, query: FileListQuery): Promise<FilePage> {
  const vault = requireVault(core, actor, vaultId, 'viewer')
  const folder = query.folder === undefined || query.trash ? undefined : folderNo(core, actor, vault, query.folder)
  if (query.favorite === undefined || query.trash)
    return withFavorites(core, actor, await pageOf(core, { vault, folder, query }))
  // A list that favourites make up is one person's, and changes without the vault.
  const page = await readPage(core, filtered({ vault, folder, query }, actor.no, query.favorite), query)
  return withFavorites(core, actor, page)
}

/** One page of what lies directly in a folder. */
export async function listFilesIn(
  core: Core,
  actor: Actor,
  folder: FolderProof,
  query: FileListQuery,
): Promise<FilePage> {
  const { cursor, limit, sort, order } = query
  const list = { vault: folder.vault, folder: folder.no, query: { cursor, limit, sort, order } }
  return withFavorites(core, actor, await pageOf(core, list))
}

/** A list that is the same for everybody who may see it. */
interface List {
  vault: VaultRecord
  folder: number | undefined
  query: FileListQuery
}

/** A page that was read before, or is now; then the next is read ahead. */
async function pageOf(core: Core, list: List): Promise<KeptPage> {
  // Read before the page is: a change between them makes a key of no use to anybody, never an old page of use.
  const { seq } = core.index.read.get(seqOf(list.vault.no)) ?? { seq: 0 }
  const key = (query: FileListQuery) => {
    const { cursor, limit = usualLimit, sort, order, type, tag, package: named, trash } = query
    return JSON.stringify([list.vault.id, seq, list.folder, cursor, limit, sort, order, type, tag, named, trash])
  }
  const read = (query: FileListQuery) => () => readPage(core, filtered({ ...list, query }, 0), query)
  const page = await core.recentPages.get(key(list.query), read(list.query))
  if (page.nextCursor !== null) {
    const next = { ...list.query, cursor: page.nextCursor }
    core.afterwards(core.recentPages.prefetch(key(next), read(next)))
  }
  return page
}

const seqOf = fixed<{ seq: number }>('SELECT seq FROM vault WHERE no = ?')
const usualLimit = 500

async function readPage(core: Core, files: Files, query: FileListQuery): Promise<KeptPage> {
  const { limit = usualLimit } = query
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
  const paths = pathsOf(core.index.read)
  return {
    nos: page.map(({ no }) => no),
    files: page.map((one) => ({ ...toFile(one, paths), favorite: false })),
    nextCursor: rows.length > limit && last ? writeCursor(sort, order, last[key], last.no) : null,
  }
}

/** The page as this person sees it: which of the files are their favourites is read each time. */
function withFavorites(core: Core, actor: Actor, { nos, files, nextCursor }: KeptPage): FilePage {
  const rows = core.index.read.all(favoritesAmong(actor.no, JSON.stringify(nos)))
  const theirs = new Set(rows.map(({ no }) => no))
  return {
    files: files.map((file, i) => (theirs.has(nos[i] ?? 0) ? { ...file, favorite: true } : file)),
    hasMore: nextCursor !== null,
    nextCursor,
  }
}

const favoritesAmong = fixed<{ no: number }>(
  'SELECT file_no AS no FROM favorite WHERE user_no = ? AND file_no IN (SELECT value FROM json_each(?))',
)

type Files = ReturnType<typeof selectFiles>

/** Whose favourites count only where they make up the list. */
function filtered({ vault, folder, query }: List, userNo: number, favorite?: boolean): Files {
  let select = selectFiles(userNo)
  if (query.trash)
    return select
      .where('file.vault_no', '=', vault.no)
      .where('file.deleted_at', 'is not', null)
      .where('file.trashed_with', 'is', null)
  select = select.where('file.deleted_at', 'is', null)
  if (folder === undefined) select = select.where('file.vault_no', '=', vault.no)
  else select = select.where('file.folder_no', '=', folder)
  if (query.type !== undefined) {
    const type = query.type.toLowerCase()
    select = (kinds as readonly string[]).includes(type)
      ? select.where('file.kind', '=', type)
      : select.where('file.mime_type', '=', type)
  }
  if (query.tag !== undefined) select = select.where(taggedWith(vault.no, query.tag))
  if (favorite !== undefined) select = select.where('favorite.user_no', favorite ? 'is not' : 'is', null)
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
