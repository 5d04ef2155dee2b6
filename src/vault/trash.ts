/** Throwing away, bringing back, and removing for good. The row goes before the bytes, so that no row ever lacks them. */
import { sql } from 'kysely'
import type { File } from '../api/files.ts'
import type { Folder } from '../api/folders.ts'
import { isBackupUnderWay } from '../index/lock.ts'
import type { Reader, Transaction } from '../index/open.ts'
import { q } from '../index/query.ts'
import type { Tables } from '../index/tables.ts'
import { Problem } from '../problem.ts'
import type { ObjectName } from '../volume/layout.ts'
import {
  type Actor,
  type FileProof,
  type FolderProof,
  requireFile,
  requireFolder,
  requireVault,
  topOf,
} from './access.ts'
import { forgetBlocks } from './blocks.ts'
import type { Core } from './core.ts'
import { naming, readFile } from './files.ts'
import { readFolder } from './folders.ts'
import { record } from './journal.ts'
import { freeName, nameKey, nameSort } from './names.ts'
import { foldersBelow, nameTaken } from './places.ts'
import { currentSettings } from './settings.ts'

/** Puts a file in the trash; one that is there already stays as it is. */
export async function trashFile(core: Core, actor: Actor, id: string): Promise<void> {
  const file = requireFile(core, actor, id, 'editor')
  await core.index.write((tx) => {
    const { changes } = tx.run(
      q
        .updateTable('file')
        .set({ deleted_at: core.now(), trashed_with: null })
        .where('no', '=', file.no)
        .where('deleted_at', 'is', null),
    )
    if (changes > 0)
      record(core, tx, actor, { vaultNo: file.vault.no, kind: 'file_deleted', subjectId: file.id, name: file.name })
  })
}

/** Brings a file back to where it was; where that folder is gone, to the nearest one above; beside what took its name. */
export async function restoreFile(core: Core, actor: Actor, id: string): Promise<File> {
  const file = requireFile(core, actor, id, 'editor')
  return core.index.write((tx) => {
    const before = tx.get(q.selectFrom('file').selectAll().where('no', '=', file.no))
    if (!before || before.deleted_at === null) throw new Problem('conflict', 'This file is not in the trash.')
    const folderNo = nearestLiving(tx, before.folder_no)
    const name = freeName(before.name, (key) => nameTaken(tx, folderNo, key))
    tx.run(
      q
        .updateTable('file')
        .set({
          ...naming(name, before.mime_type),
          folder_no: folderNo,
          deleted_at: null,
          trashed_with: null,
          updated_at: core.now(),
        })
        .where('no', '=', file.no),
    )
    record(core, tx, actor, { vaultNo: file.vault.no, kind: 'file_restored', subjectId: file.id, name })
    return readFile(tx, actor, file.no)
  })
}

/** Removes a file from the trash for good. */
export async function removeFile(core: Core, actor: Actor, id: string): Promise<void> {
  await purgeFile(core, actor, id)
  core.afterwards(collectGarbage(core))
}

/** The same for one of many: whoever calls it collects the garbage once, after all of them. */
export async function purgeFile(core: Core, actor: Actor, id: string): Promise<void> {
  const file = requireFile(core, actor, id, 'editor')
  if (file.deletedAt === null)
    throw new Problem('conflict', 'Put the file in the trash first; then it can be removed for good.')
  await core.index.write((tx) => purge(core, tx, actor, file.vault.no, [file.no]))
}

/** Puts a folder in the trash with all that lives below it, as one thing. */
export async function trashFolder(core: Core, actor: Actor, id: string): Promise<void> {
  const folder = requireFolder(core, actor, id, 'editor')
  if (folder.deletedAt !== null) return
  await core.index.write((tx) => {
    const below = JSON.stringify(foldersBelow(tx, folder.no).map(({ no }) => no))
    const now = core.now()
    tx.run(
      sql`UPDATE file SET deleted_at = ${now}, trashed_with = ${folder.no} WHERE deleted_at IS NULL AND folder_no IN (SELECT value FROM json_each(${below}))`,
    )
    tx.run(
      sql`UPDATE folder SET deleted_at = ${now}, trashed_with = ${folder.no} WHERE deleted_at IS NULL AND no IN (SELECT value FROM json_each(${below}))`,
    )
    record(core, tx, actor, {
      vaultNo: folder.vault.no,
      kind: 'folder_deleted',
      subjectId: folder.id,
      name: folder.name,
    })
  })
}

/** Brings a folder back with all that was thrown away together with it. */
export async function restoreFolder(core: Core, actor: Actor, id: string): Promise<Folder> {
  const folder = requireFolder(core, actor, id, 'editor')
  requireTop(folder)
  return core.index.write((tx) => {
    const before = tx.get(q.selectFrom('folder').selectAll().where('no', '=', folder.no))
    if (!before || before.deleted_at === null || before.parent_no === null)
      throw new Problem('conflict', 'This folder is not in the trash.')
    const parentNo = nearestLiving(tx, before.parent_no)
    const name = freeName(before.name, (key) => nameTaken(tx, parentNo, key))
    tx.run(
      q
        .updateTable('folder')
        .set({ parent_no: parentNo, name, name_key: nameKey(name), name_sort: nameSort(name), updated_at: core.now() })
        .where('no', '=', folder.no),
    )
    tx.run(q.updateTable('folder').set({ deleted_at: null, trashed_with: null }).where('trashed_with', '=', folder.no))
    tx.run(q.updateTable('file').set({ deleted_at: null, trashed_with: null }).where('trashed_with', '=', folder.no))
    record(core, tx, actor, { vaultNo: folder.vault.no, kind: 'folder_restored', subjectId: folder.id, name })
    return readFolder(tx, folder.no)
  })
}

/** Removes a folder from the trash for good, with all that was thrown away together with it. */
export async function removeFolder(core: Core, actor: Actor, id: string): Promise<void> {
  const folder = requireFolder(core, actor, id, 'editor')
  if (folder.deletedAt === null)
    throw new Problem('conflict', 'Put the folder in the trash first; then it can be removed for good.')
  requireTop(folder)
  await core.index.write((tx) =>
    purgeFolder(core, tx, actor, folder.vault.no, { no: folder.no, id: folder.id, parentNo: folder.parentNo }),
  )
  core.afterwards(collectGarbage(core))
}

/** Removes everything in the trash of a vault for good. */
export async function emptyTrash(core: Core, actor: Actor, vaultId: string): Promise<{ files: number; bytes: number }> {
  const vault = requireVault(core, actor, vaultId, 'editor')
  const removed = await core.index.write((tx) => {
    const before = tx.get(q.selectFrom('vault').select(['trash_count', 'trash_bytes']).where('no', '=', vault.no))
    const folders = tx.all(
      q
        .selectFrom('folder')
        .select(['no', 'id', 'parent_no as parentNo'])
        .where('vault_no', '=', vault.no)
        .where('deleted_at', 'is not', null)
        .whereRef('trashed_with', '=', 'no'),
    )
    for (const folder of folders) purgeFolder(core, tx, actor, vault.no, folder)
    const files = tx.all(
      q.selectFrom('file').select('no').where('vault_no', '=', vault.no).where('deleted_at', 'is not', null),
    )
    purge(
      core,
      tx,
      actor,
      vault.no,
      files.map(({ no }) => no),
    )
    return { files: before?.trash_count ?? 0, bytes: before?.trash_bytes ?? 0 }
  })
  core.afterwards(collectGarbage(core))
  return removed
}

/** Removes for good what has been in the trash for longer than it is kept. Answers how many files and folders. */
export async function expireTrash(core: Core): Promise<number> {
  const before = core.now() - currentSettings(core).keepTrashDays * 86_400_000
  const removed = await core.index.write((tx) => {
    const folders = tx.all(
      q
        .selectFrom('folder')
        .select(['no', 'id', 'parent_no as parentNo', 'vault_no as vaultNo'])
        .where('deleted_at', '<', before)
        .whereRef('trashed_with', '=', 'no')
        .limit(10),
    )
    for (const { vaultNo, ...folder } of folders) purgeFolder(core, tx, null, vaultNo, folder)
    const files = tx.all(
      q
        .selectFrom('file')
        .select(['no', 'vault_no as vaultNo'])
        .where('deleted_at', '<', before)
        .where('trashed_with', 'is', null)
        .limit(500),
    )
    for (const { no, vaultNo } of files) purge(core, tx, null, vaultNo, [no])
    return folders.length + files.length
  })
  if (removed > 0) core.afterwards(collectGarbage(core))
  return removed
}

/**
 * Unlinks objects that no version names any more, and the whole form of those that were packed. What a packed object still
 * needs stays until that goes. What fails stays listed and is tried again at the next start, and all of it stays while a
 * backup is being made.
 */
export async function collectGarbage(core: Core): Promise<void> {
  for (;;) {
    const rows = core.index.read.all(
      sql<Tables['garbage'] & { whole_only: number }>`
        SELECT * FROM garbage g WHERE whole_only = 1 OR NOT EXISTS (SELECT 1 FROM packed p WHERE p.base_id = g.object_id)
        ORDER BY since LIMIT 200`,
    )
    // Asked after the rows were read: a backup that begins later takes its snapshot later, and that does not name these.
    if (rows.length === 0 || isBackupUnderWay(core.index.path)) return
    // Together, so that they share a commit.
    await Promise.all(
      rows.map((row) => collect(core, { vaultId: row.vault_id, objectId: row.object_id }, row.whole_only === 1)),
    )
  }
}

/** Directories of a vault cannot go while a backup holds on to the bytes in them. */
export function refuseBesideBackup(core: Core): void {
  if (isBackupUnderWay(core.index.path))
    throw new Problem('busy', 'A backup is being made, which needs everything to stay. Try again when it is done.')
}

async function collect(core: Core, object: ObjectName, wholeOnly: boolean): Promise<void> {
  const { objectId } = object
  const read = core.index.read
  const isNamed =
    read.get(q.selectFrom('version').select('no').where('object_id', '=', objectId).limit(1)) !== undefined
  if (wholeOnly && read.get(q.selectFrom('packed').select('object_id').where('object_id', '=', objectId)))
    await core.volume.packing.removeWhole(object)
  else if (!wholeOnly && !isNamed) {
    await forgetBlocks(core, object)
    await core.volume.remove(object.vaultId, objectId)
  }
  await core.index.write((tx) => {
    tx.run(
      q
        .deleteFrom('garbage')
        .where('object_id', '=', objectId)
        .where('whole_only', '=', wholeOnly ? 1 : 0),
    )
    if (!wholeOnly && !isNamed) tx.run(q.deleteFrom('packed').where('object_id', '=', objectId))
  })
}

function requireTop(folder: FolderProof): void {
  if (folder.deletedAt !== null && folder.trashedWith !== folder.no)
    throw new Problem('conflict', 'This folder was thrown away together with one above it. Restore or remove that one.')
}

function nearestLiving(tx: Reader, folderNo: number): number {
  let no: number | null = folderNo
  while (no !== null) {
    const folder: { parent_no: number | null; deleted_at: number | null; vault_no: number } | undefined = tx.get(
      q.selectFrom('folder').select(['parent_no', 'deleted_at', 'vault_no']).where('no', '=', no),
    )
    if (!folder) break
    if (folder.deleted_at === null) return no
    if (folder.parent_no === null) return topOf(tx, folder.vault_no).no
    no = folder.parent_no
  }
  throw new Error(`Folder ${folderNo} has no living folder above it.`)
}

function purgeFolder(
  core: Core,
  tx: Transaction,
  actor: Actor | null,
  vaultNo: number,
  folder: { no: number; id: string; parentNo: number | null },
): void {
  const files = tx.all(q.selectFrom('file').select('no').where('trashed_with', '=', folder.no))
  purge(
    core,
    tx,
    actor,
    vaultNo,
    files.map(({ no }) => no),
  )
  // What was thrown away earlier by itself stays in the trash; it now belongs to the folder above.
  const own = sql`SELECT no FROM folder WHERE trashed_with = ${folder.no}`
  const above = nearestLiving(tx, folder.parentNo ?? topOf(tx, vaultNo).no)
  tx.run(sql`UPDATE file SET folder_no = ${above} WHERE folder_no IN (${own})`)
  tx.run(sql`UPDATE folder SET parent_no = ${above} WHERE parent_no IN (${own}) AND no NOT IN (${own})`)
  const removed = foldersBelow(tx, folder.no).sort((a, b) => b.depth - a.depth)
  for (const { no } of removed)
    tx.run(q.deleteFrom('folder').where('no', '=', no).where('trashed_with', '=', folder.no))
  record(core, tx, actor, { vaultNo, kind: 'folder_removed', subjectId: folder.id })
}

function purge(core: Core, tx: Transaction, actor: Actor | null, vaultNo: number, files: FileProof['no'][]): void {
  for (const no of files) {
    const file = tx.get(
      q
        .selectFrom('file')
        .innerJoin('vault', 'vault.no', 'file.vault_no')
        .select(['file.id', 'file.name', 'vault.id as vaultId'])
        .where('file.no', '=', no),
    )
    if (!file) continue
    tx.run(
      sql`INSERT INTO garbage (object_id, vault_id, since)
          SELECT DISTINCT object_id, ${file.vaultId}, ${core.now()} FROM version v WHERE file_no = ${no}
          AND NOT EXISTS (SELECT 1 FROM version other WHERE other.object_id = v.object_id AND other.file_no <> v.file_no)
          ON CONFLICT DO UPDATE SET whole_only = 0`,
    )
    tx.run(q.deleteFrom('version').where('file_no', '=', no))
    tx.run(q.deleteFrom('file').where('no', '=', no))
    record(core, tx, actor, { vaultNo, kind: 'file_removed', subjectId: file.id, name: file.name })
  }
}
