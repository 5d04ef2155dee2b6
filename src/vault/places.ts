/** Where things lie: paths, taken names, and the folders on the way. Read inside and outside of transactions. */
import { sql } from 'kysely'
import { newId } from '../index/ids.ts'
import type { Reader, Transaction } from '../index/open.ts'
import { fixed, q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import { type Actor, topOf } from './access.ts'
import type { Core } from './core.ts'
import { record } from './journal.ts'
import { deepestFolder, nameKey, nameSort, tooDeep } from './names.ts'

/** A function from a folder to its path (`/Projects/2026`; empty for the top) that asks for each folder once. */
export function pathsOf(read: Reader): (folderNo: number) => string {
  const known = new Map<number, string>()
  return function path(no: number): string {
    const before = known.get(no)
    if (before !== undefined) return before
    const row = read.get(folderAbove(no))
    const found = row && row.parent_no !== null ? `${path(row.parent_no)}/${row.name}` : ''
    known.set(no, found)
    return found
  }
}

// Asked for every folder of every list.
const folderAbove = fixed<{ name: string; parent_no: number | null }>('SELECT name, parent_no FROM folder WHERE no = ?')

/** Whether a living file or folder in the folder has this name already. `except` is the one that is being renamed. */
export function nameTaken(
  read: Reader,
  folderNo: number,
  key: string,
  except: { file?: number; folder?: number } = {},
): boolean {
  const file = read.get(fileNamed(folderNo, key))
  if (file && file.no !== except.file) return true
  const folder = read.get(folderNamed(folderNo, key))
  return folder !== undefined && folder.no !== except.folder
}

// Asked with every file that comes.
const fileNamed = fixed<{ no: number; id: string; version: number }>(
  'SELECT no, id, version FROM file WHERE folder_no = ? AND name_key = ? AND deleted_at IS NULL',
)
const folderNamed = fixed<{ no: number }>(
  'SELECT no FROM folder WHERE parent_no = ? AND name_key = ? AND deleted_at IS NULL',
)

/** The living file of this name in the folder. */
export function liveFileAt(
  read: Reader,
  folderNo: number,
  name: string,
): { no: number; id: string; version: number } | undefined {
  return read.get(fileNamed(folderNo, nameKey(name)))
}

export function requireFreeName(
  read: Reader,
  folderNo: number,
  name: string,
  except?: { file?: number; folder?: number },
): void {
  if (nameTaken(read, folderNo, nameKey(name), except)) throw taken(name)
}

export function taken(name: string): Problem {
  return new Problem('conflict', `There is something called "${name}" here already. Choose another name.`)
}

/** How many folders lie above, the top not counted. */
export function depthOf(read: Reader, folderNo: number): number {
  const row = read.get(
    sql<{ depth: number }>`
      WITH RECURSIVE up (no, parent_no) AS (
        SELECT no, parent_no FROM folder WHERE no = ${folderNo}
        UNION ALL SELECT f.no, f.parent_no FROM folder f JOIN up ON f.no = up.parent_no
      ) SELECT count(*) - 1 AS depth FROM up`,
  )
  return row?.depth ?? 0
}

/** A folder and every folder below it, with how far below. */
export function foldersBelow(read: Reader, folderNo: number): { no: number; depth: number }[] {
  return read.all(
    sql<{ no: number; depth: number }>`
      WITH RECURSIVE down (no, depth) AS (
        SELECT ${folderNo}, 0
        UNION ALL SELECT f.no, down.depth + 1 FROM folder f JOIN down ON f.parent_no = down.no
      ) SELECT no, depth FROM down`,
  )
}

export interface NewFolder {
  vaultNo: number
  parentNo: number
  name: string
  color?: string | null | undefined
  icon?: string | null | undefined
}

/** Inserts a folder under a name that was found free. Answers its row number. */
export function insertFolder(
  core: Core,
  tx: Transaction,
  actor: Actor | null,
  { vaultNo, parentNo, name, color = null, icon = null }: NewFolder,
): number {
  if (depthOf(tx, parentNo) >= deepestFolder) throw tooDeep()
  const now = core.now()
  const id = newId(now)
  const row = tx.get(
    q
      .insertInto('folder')
      .values({
        id,
        vault_no: vaultNo,
        parent_no: parentNo,
        name,
        name_key: nameKey(name),
        name_sort: nameSort(name),
        color,
        icon,
        created_at: now,
        updated_at: now,
        deleted_at: null,
        trashed_with: null,
      })
      .returning('no'),
  )
  if (!row) throw new Error('The folder was not inserted.')
  record(core, tx, actor, { vaultNo, kind: 'folder_created', subjectId: id, name })
  return row.no
}

/** The living folder at the end of `names` from the top of a vault, if it is there. */
export function findFolder(read: Reader, vaultNo: number, names: readonly string[]): number | undefined {
  return folderAt(read, topOf(read, vaultNo).no, names)
}

/** The living folder at the end of `names` from another one on, if it is there. */
export function folderAt(read: Reader, folderNo: number, names: readonly string[]): number | undefined {
  let at = folderNo
  for (const name of names) {
    const found: { no: number } | undefined = read.get(folderNamed(at, nameKey(name)))
    if (!found) return undefined
    at = found.no
  }
  return at
}

/** The folder at the end of `names` below `folderNo`; those that are missing are made. */
export function walkTo(
  core: Core,
  tx: Transaction,
  actor: Actor,
  vaultNo: number,
  folderNo: number,
  names: readonly string[],
): number {
  let at = folderNo
  for (const name of names) {
    const found = tx.get(folderNamed(at, nameKey(name)))
    if (!found) requireFreeName(tx, at, name)
    at = found?.no ?? insertFolder(core, tx, actor, { vaultNo, parentNo: at, name })
  }
  return at
}
