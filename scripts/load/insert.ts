/** Writes wanted files into the index of a vault, thousands in a transaction, each with its journal row. */
import mime from 'mime'
import { newId } from '../../src/index/ids.ts'
import type { Transaction } from '../../src/index/open.ts'
import { fixed, q } from '../../src/index/query.ts'
import { Problem } from '../../src/problem.ts'
import { topOf } from '../../src/vault/access.ts'
import type { Core } from '../../src/vault/core.ts'
import { naming } from '../../src/vault/files.ts'
import { record } from '../../src/vault/journal.ts'
import { freeName, nameKey } from '../../src/vault/names.ts'
import { folderAt, insertFolder, nameTaken } from '../../src/vault/places.ts'
import { type Contents, openContents } from './contents.ts'
import type { Wanted } from './made-up.ts'

const rowsInTransaction = 5000

export interface Inserted {
  /** Living files. */
  files: number
  trashed: number
  folders: number
}

/** What stands in the way: the very name, one that is the same to people, or a file where a folder is needed. */
export type Taken = 'same' | 'twin' | 'file'

export interface InsertOptions {
  /** What becomes of a file whose name is taken: it gets a number, or is told of and left out. */
  onTaken: 'number' | ((wanted: Wanted, by: Taken) => void)
  /** Told after each transaction. */
  onProgress?: (sofar: Inserted) => void
  /** Ends the load between two transactions; what is there stays. */
  signal?: AbortSignal
}

// Run with every file: their text is written once.
const insertFileRow = fixed<{ no: number }>(
  `INSERT INTO file (id, vault_no, folder_no, owner_no, name, name_key, name_sort, extension, kind, version, size, sha256,
     mime_type, tags, metadata, created_at, updated_at)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?) RETURNING no`,
)
const insertVersionRow = fixed(
  `INSERT INTO version (file_no, vault_no, number, object_id, size, stored_bytes, sha256, crc32, mime_type, created_at,
     created_by)
   VALUES (?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)`,
)
const nameThere = fixed<{ name: string }>(
  `SELECT name FROM file WHERE folder_no = ? AND name_key = ? AND deleted_at IS NULL
   UNION ALL SELECT name FROM folder WHERE parent_no = ? AND name_key = ? AND deleted_at IS NULL`,
)
const trashRow = fixed('UPDATE file SET deleted_at = ? WHERE no = ?')

/**
 * Adds files to a vault as its owner's. Folders that are there are used, the others made. Nothing of it is in the access
 * log: nobody did it. What a failure or a kill leaves is whole: some transactions, each with its folders and journal.
 */
export async function insertFiles(
  core: Core,
  vaultId: string,
  wanted: AsyncIterable<Wanted> | Iterable<Wanted>,
  { onTaken, onProgress = () => {}, signal }: InsertOptions,
): Promise<Inserted> {
  const vault = core.index.read.get(q.selectFrom('vault').select(['no', 'owner_no']).where('id', '=', vaultId))
  if (!vault) throw new Problem('not-found', `There is no vault ${vaultId}.`)
  const contents = openContents(core.volume, vaultId)
  const folders = openFolders(core, vault.no)
  const inserted: Inserted = { files: 0, trashed: 0, folders: 0 }
  for await (const batch of batches(wanted)) {
    await contents.provide(batch.map(({ bytes }) => bytes))
    await core.index.write((tx) => {
      for (const one of batch) {
        const place = placeFor(tx, folders, one, onTaken)
        if (!place) continue
        insertRow(core, tx, vault, { ...one, ...place }, contents)
        if (one.isTrashed) inserted.trashed++
        else inserted.files++
      }
    })
    inserted.folders = folders.made()
    onProgress({ ...inserted })
    if (signal?.aborted) break
  }
  await contents.settle()
  return inserted
}

interface Folders {
  /** Row number of the folder at a path; it is made where it is missing. Undefined where a file has its name. */
  at(tx: Transaction, path: string): number | undefined
  made(): number
}

function openFolders(core: Core, vaultNo: number): Folders {
  const known = new Map<string, number>([['', topOf(core.index.read, vaultNo).no]])
  let made = 0
  function at(tx: Transaction, path: string): number | undefined {
    const before = known.get(path)
    if (before !== undefined) return before
    const end = path.lastIndexOf('/')
    const parentNo = at(tx, path.slice(0, Math.max(end, 0)))
    if (parentNo === undefined) return undefined
    const name = path.slice(end + 1)
    let no = folderAt(tx, parentNo, [name])
    if (no === undefined) {
      if (nameTaken(tx, parentNo, nameKey(name))) return undefined
      no = insertFolder(core, tx, null, { vaultNo, parentNo, name })
      made++
    }
    known.set(path, no)
    return no
  }
  return { at, made: () => made }
}

function placeFor(
  tx: Transaction,
  folders: Folders,
  wanted: Wanted,
  onTaken: InsertOptions['onTaken'],
): { folderNo: number; name: string } | undefined {
  const folderNo = folders.at(tx, wanted.folder)
  if (onTaken === 'number' && folderNo !== undefined)
    return { folderNo, name: freeName(wanted.name, (key) => nameTaken(tx, folderNo, key)) }
  const key = nameKey(wanted.name)
  const there = folderNo === undefined ? undefined : tx.get(nameThere(folderNo, key, folderNo, key))?.name
  if (folderNo !== undefined && there === undefined) return { folderNo, name: wanted.name }
  if (onTaken === 'number') throw new Error(`A file lies where the folder ${wanted.folder} is needed.`)
  onTaken(wanted, there === undefined ? 'file' : there === wanted.name ? 'same' : 'twin')
  return undefined
}

function insertRow(
  core: Core,
  tx: Transaction,
  vault: { no: number; owner_no: number },
  file: Wanted & { folderNo: number },
  contents: Contents,
): void {
  const stored = contents.take(file.bytes)
  const sha256 = Buffer.from(stored.sha256, 'hex')
  const id = newId(core.now())
  const mimeType = mime.getType(file.name) ?? 'application/octet-stream'
  const named = naming(file.name, mimeType)
  const row = tx.get(
    insertFileRow(
      id,
      vault.no,
      file.folderNo,
      vault.owner_no,
      named.name,
      named.name_key,
      named.name_sort,
      named.extension,
      named.kind,
      stored.size,
      sha256,
      mimeType,
      JSON.stringify(file.tags),
      JSON.stringify(file.metadata),
      file.createdAt,
      file.updatedAt,
    ),
  )
  if (!row) throw new Error('The file was not inserted.')
  tx.run(
    insertVersionRow(
      row.no,
      vault.no,
      stored.objectId,
      stored.size,
      stored.size,
      sha256,
      stored.crc32,
      mimeType,
      file.createdAt,
      vault.owner_no,
    ),
  )
  record(core, tx, null, { vaultNo: vault.no, kind: 'file_created', subjectId: id })
  if (!file.isTrashed) return
  tx.run(trashRow(core.now(), row.no))
  record(core, tx, null, { vaultNo: vault.no, kind: 'file_deleted', subjectId: id })
}

async function* batches<T>(items: AsyncIterable<T> | Iterable<T>): AsyncGenerator<T[]> {
  let batch: T[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < rowsInTransaction) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
