/** Folders: listing, making, renaming and moving. Moving touches one row, however much lies below. */
import type { Folder } from '../api/folders.ts'
import type { Reader } from '../index/open.ts'
import { q } from '../index/query.ts'
import type { Tables } from '../index/tables.ts'
import { Problem } from '../problem.ts'
import { type Actor, type FolderProof, requireFolder, requireLiveFolder, requirePlace, requireVault } from './access.ts'
import type { Core } from './core.ts'
import { record } from './journal.ts'
import { cleanName, deepestFolder, nameKey, nameSort, tooDeep } from './names.ts'
import { depthOf, foldersBelow, insertFolder, pathsOf, requireFreeName } from './places.ts'

export interface FolderChange {
  name?: string | undefined
  parentId?: string | null | undefined
  color?: string | null | undefined
  icon?: string | null | undefined
}

/** The folders inside one (`root`: the top), all of a vault, or those in its trash as they were thrown away. */
export async function listFolders(
  core: Core,
  actor: Actor,
  vaultId: string,
  { parent, trash }: { parent?: string | undefined; trash?: boolean | undefined },
): Promise<Folder[]> {
  const vault = requireVault(core, actor, vaultId, 'viewer')
  let query = selectFolders().where('folder.vault_no', '=', vault.no).where('folder.parent_no', 'is not', null)
  if (trash)
    query = query
      .where('folder.deleted_at', 'is not', null)
      .whereRef('folder.trashed_with', '=', 'folder.no')
      .orderBy('folder.deleted_at', 'desc')
  else {
    query = query.where('folder.deleted_at', 'is', null).orderBy('folder.name_sort').orderBy('folder.no')
    if (parent === 'root') query = query.where('parent.parent_no', 'is', null)
    else if (parent !== undefined) {
      const within = requireFolder(core, actor, parent, 'viewer')
      if (within.vault.no !== vault.no) throw new Problem('not-found', 'There is no such folder in this vault.')
      query = query.where('folder.parent_no', '=', within.no)
    }
  }
  const rows = await core.index.readAway(query)
  const paths = pathsOf(core.index.read)
  return rows.map((row) => toFolder(row, paths))
}

/** The folders directly in one, by name. */
export async function listFoldersIn(core: Core, folder: FolderProof): Promise<Folder[]> {
  const rows = await core.index.readAway(
    selectFolders()
      .where('folder.parent_no', '=', folder.no)
      .where('folder.deleted_at', 'is', null)
      .orderBy('folder.name_sort')
      .orderBy('folder.no'),
  )
  const paths = pathsOf(core.index.read)
  return rows.map((row) => toFolder(row, paths))
}

export function getFolder(core: Core, actor: Actor, id: string): Folder {
  return readFolder(core.index.read, requireFolder(core, actor, id, 'viewer').no)
}

export async function createFolder(
  core: Core,
  actor: Actor,
  vaultId: string,
  input: {
    name: string
    parentId?: string | null | undefined
    color?: string | null | undefined
    icon?: string | null | undefined
  },
): Promise<Folder> {
  const vault = requireVault(core, actor, vaultId, 'editor')
  const parent = requirePlace(core, actor, vault, input.parentId)
  const name = cleanName(input.name)
  return core.index.write((tx) => {
    requireStillThere(tx, parent.no)
    requireFreeName(tx, parent.no, name)
    const no = insertFolder(core, tx, actor, {
      vaultNo: vault.no,
      parentNo: parent.no,
      name,
      color: input.color,
      icon: input.icon,
    })
    return readFolder(tx, no)
  })
}

/** Renames, moves, colours. A folder cannot be moved into itself. */
export async function changeFolder(core: Core, actor: Actor, id: string, change: FolderChange): Promise<Folder> {
  const folder = requireLiveFolder(core, actor, id, 'editor')
  const parent =
    change.parentId === undefined
      ? undefined
      : requirePlace(core, actor, folder.vault as Parameters<typeof requirePlace>[2], change.parentId)
  const name = change.name === undefined ? undefined : cleanName(change.name)
  return core.index.write((tx) => {
    const before = tx.get(q.selectFrom('folder').selectAll().where('no', '=', folder.no))
    if (!before || before.deleted_at !== null || before.parent_no === null)
      throw new Problem('conflict', 'This folder was just put in the trash.')
    const parentNo = parent?.no ?? before.parent_no
    if (parentNo !== before.parent_no) requireMovable(tx, folder.no, parentNo)
    const newName = name ?? before.name
    requireFreeName(tx, parentNo, newName, { folder: folder.no })
    tx.run(
      q
        .updateTable('folder')
        .set({
          parent_no: parentNo,
          name: newName,
          name_key: nameKey(newName),
          name_sort: nameSort(newName),
          color: change.color === undefined ? before.color : change.color,
          icon: change.icon === undefined ? before.icon : change.icon,
          updated_at: core.now(),
        })
        .where('no', '=', folder.no),
    )
    const act = parentNo !== before.parent_no ? 'move' : newName !== before.name ? 'rename' : 'change'
    record(core, tx, actor, {
      vaultNo: folder.vault.no,
      kind: 'folder_updated',
      subjectId: folder.id,
      act,
      name: newName,
    })
    return readFolder(tx, folder.no)
  })
}

/** Throws when a folder was put in the trash since it was asked for. */
export function requireStillThere(tx: Reader, folderNo: number): void {
  const row = tx.get(q.selectFrom('folder').select('deleted_at').where('no', '=', folderNo))
  if (!row || row.deleted_at !== null) throw new Problem('conflict', 'That folder was just put in the trash.')
}

function requireMovable(tx: Reader, folderNo: number, parentNo: number): void {
  requireStillThere(tx, parentNo)
  const below = foldersBelow(tx, folderNo)
  if (below.some(({ no }) => no === parentNo)) throw new Problem('conflict', 'A folder cannot be moved into itself.')
  const height = below.reduce((most, { depth }) => Math.max(most, depth), 0)
  if (depthOf(tx, parentNo) + 1 + height > deepestFolder) throw tooDeep()
}

/** One folder as it is, in or out of a transaction. */
export function readFolder(read: Reader, no: number): Folder {
  const row = read.get(selectFolders().where('folder.no', '=', no))
  if (!row) throw new Problem('not-found', 'There is no such folder.')
  return toFolder(row, pathsOf(read))
}

/** Every column that the outside sees. */
export function selectFolders() {
  return q
    .selectFrom('folder')
    .innerJoin('vault', 'vault.no', 'folder.vault_no')
    .leftJoin('folder as parent', 'parent.no', 'folder.parent_no')
    .selectAll('folder')
    .select(['vault.id as vault_id', 'parent.id as parent_id', 'parent.parent_no as grandparent_no'])
}

type FolderRow = Omit<Tables['folder'], 'no' | 'file_count' | 'folder_count'> & {
  no: number
  file_count: number
  folder_count: number
  vault_id: string
  parent_id: string | null
  grandparent_no: number | null
}

/** A row as the outside sees it. */
export function toFolder(row: FolderRow, path: (no: number) => string): Folder {
  return {
    id: row.id,
    vaultId: row.vault_id,
    parentId: row.grandparent_no === null ? null : row.parent_id,
    name: row.name,
    path: path(row.no),
    color: row.color as Folder['color'],
    icon: row.icon,
    fileCount: row.file_count,
    folderCount: row.folder_count,
    createdAt: new Date(row.created_at).toISOString(),
    updatedAt: new Date(row.updated_at).toISOString(),
    deletedAt: row.deleted_at === null ? null : new Date(row.deleted_at).toISOString(),
  }
}
