/**
 * Reads what an archive consists of out of the index, page by page on the reading thread, into a layout. It takes what
 * was found permitted; nothing of the trash gets in.
 */
import { createHash } from 'node:crypto'
import { sql } from 'kysely'
import type { OpenedObject } from '../volume/open.ts'
import { growingBytes, lastUpTo } from '../zip/columns.ts'
import { startZip, type ZipLayout } from '../zip/layout.ts'
import type { FileProof, FolderProof } from './access.ts'
import type { Core } from './core.ts'

export interface Collected {
  readonly zip: ZipLayout
  /** Of names, sizes, contents and times, in hexadecimal: two archives with the same digest have the same bytes. */
  readonly digest: string
  /** Opens the content of an entry of the layout that is a file; whoever calls it closes what it answers. */
  open(entry: number): Promise<OpenedObject>
}

/** What is put at the top of an archive, each under a name of its own. */
export interface Chosen {
  /** A null for a name: what is in the folder, without the folder itself. */
  folders: { folder: FolderProof; name: string | null }[]
  files: { file: FileProof; name: string }[]
}

/** Rows in one message of the reading thread: about 3 ms of this one. */
const pageRows = 1000
const objectIdBytes = 16

interface FolderRow {
  no: number
  parent_no: number
  name: string
  created_at: number
  file_count: number
}
interface FileRow {
  no: number
  folder_no: number
  name: string
  name_sort: string
  size: number
  crc32: number
  /** Hexadecimal: text is passed between threads in half the time of bytes. */
  sha256: string
  object_id: string
  created_at: number
}

const fileColumns = sql`f.no, f.folder_no, f.name, f.name_sort, v.size, v.crc32, hex(v.sha256) AS sha256, v.object_id, v.created_at
  FROM file f JOIN version v ON v.file_no = f.no AND v.number = f.version`

/** Lays out an archive of what was chosen, in the order given; folders with all below them, by name. */
export async function collect(core: Core, { folders, files }: Chosen): Promise<Collected> {
  const zip = startZip()
  const digest = createHash('sha256').update('zip 1\n')
  const objects = growingBytes()
  // Entries of one vault follow each other: from which entry on which vault it is.
  const vaults: { from: number; id: string }[] = []
  let count = 0

  const fromVault = (id: string) => {
    if (vaults.at(-1)?.id !== id) vaults.push({ from: count, id })
  }
  const addFolder = (path: string, modifiedAt: number) => {
    zip.add({ path, isFolder: true, size: 0, crc32: 0, modifiedAt })
    digest.update(`${path}/\0${modifiedAt}\n`)
    objects.push(Buffer.alloc(objectIdBytes))
    count++
  }
  const addFile = (path: string, { size, crc32, sha256, object_id, created_at: modifiedAt }: FileRow) => {
    const object = Buffer.from(object_id, 'hex')
    if (object.length !== objectIdBytes) throw new Error(`Not the name of an object: ${object_id}`)
    zip.add({ path, isFolder: false, size, crc32, modifiedAt })
    digest.update(`${path}\0${size}\0${modifiedAt}\0${sha256}\n`)
    objects.push(object)
    count++
  }

  for (const { folder, name } of folders) {
    fromVault(folder.vault.id)
    await eachBelow(core, folder.no, name, addFolder, addFile)
  }
  for (let i = 0; i < files.length; i += pageRows) {
    const some = files.slice(i, i + pageRows)
    const rows = await core.index.readAway(
      sql<FileRow>`SELECT ${fileColumns} WHERE f.no IN (SELECT value FROM json_each(${numbers(some.map(({ file }) => file))}))
        AND f.deleted_at IS NULL`,
    )
    const byNo = new Map(rows.map((row) => [row.no, row]))
    for (const { file, name } of some) {
      const row = byNo.get(file.no)
      fromVault(file.vault.id)
      if (row) addFile(name, row)
    }
  }
  return {
    zip: zip.finish(),
    digest: digest.digest('hex'),
    async open(entry) {
      const vault = vaults[lastUpTo(entry, vaults.length, (i) => vaults[i]?.from ?? 0)]
      if (!vault || entry >= count) throw new RangeError(`There is no entry ${entry} of ${count}.`)
      const object = objects.slice(entry * objectIdBytes, (entry + 1) * objectIdBytes).toString('hex')
      return core.volume.open(vault.id, object)
    },
  }
}

async function eachBelow(
  core: Core,
  topNo: number,
  name: string | null,
  addFolder: (path: string, modifiedAt: number) => void,
  addFile: (path: string, row: FileRow) => void,
): Promise<void> {
  const pages = pagesOf(core, await treeOf(core, topNo, name))
  // While one page is laid out here, the next is read there.
  for (let coming = pages.next(); ; ) {
    const { value: page, done } = await coming
    if (done) return
    coming = pages.next()
    coming.catch(() => {}) // awaited above, but not where this page fails first
    const byFolder = Map.groupBy(page.rows, (row) => row.folder_no)
    for (const { no, path, modifiedAt } of page.folders) {
      if (page.isFirst && path !== '') addFolder(path, modifiedAt)
      for (const row of byFolder.get(no) ?? []) addFile(below(path, row.name), row)
    }
  }
}

interface Page {
  folders: Place[]
  /** Of these folders; those of one by name. */
  rows: FileRow[]
  /** False where the folder was begun by the page before. */
  isFirst: boolean
}

/** As many folders as one page holds the files of; one that holds more goes alone, in several pages. */
async function* pagesOf(core: Core, places: readonly Place[]): AsyncGenerator<Page, undefined> {
  for (let first = 0; first < places.length; ) {
    let last = first
    let files = places[first]?.fileCount ?? 0
    while (last + 1 < places.length && last - first < pageRows) {
      files += places[last + 1]?.fileCount ?? 0
      if (files > pageRows) break
      last++
    }
    const folders = places.slice(first, last + 1)
    first = last + 1
    const [only] = folders
    if (only && folders.length === 1 && only.fileCount > pageRows) {
      yield* pagesOfOne(core, only)
      continue
    }
    const rows = await core.index.readAway(
      sql<FileRow>`SELECT ${fileColumns} WHERE f.folder_no IN (SELECT value FROM json_each(${numbers(folders)}))
        AND f.deleted_at IS NULL ORDER BY f.folder_no, f.name_sort, f.no`,
    )
    yield { folders, rows, isFirst: true }
  }
}

async function* pagesOfOne(core: Core, folder: Place): AsyncGenerator<Page, undefined> {
  for (let after: FileRow | undefined, more = true; more; ) {
    const rows: FileRow[] = await core.index.readAway(
      sql<FileRow>`SELECT ${fileColumns} WHERE f.folder_no = ${folder.no} AND f.deleted_at IS NULL
        AND (f.name_sort, f.no) > (${after?.name_sort ?? ''}, ${after?.no ?? 0})
        ORDER BY f.name_sort, f.no LIMIT ${pageRows}`,
    )
    yield { folders: [folder], rows, isFirst: after === undefined }
    after = rows.at(-1)
    more = rows.length === pageRows
  }
}

interface Place {
  no: number
  path: string
  modifiedAt: number
  fileCount: number
}

/** A folder and those below it, each before what is in it, by name. */
async function treeOf(core: Core, topNo: number, name: string | null): Promise<Place[]> {
  const [top] = await core.index.readAway(
    sql<FolderRow>`SELECT no, parent_no, name, created_at, file_count FROM folder WHERE no = ${topNo} AND deleted_at IS NULL`,
  )
  if (!top) return []
  const inside = new Map<number, FolderRow[]>()
  for (let level = [top]; level.length > 0; ) {
    const next: FolderRow[] = []
    for (let i = 0; i < level.length; i += pageRows) {
      const rows = await core.index.readAway(
        sql<FolderRow>`SELECT no, parent_no, name, created_at, file_count FROM folder
          WHERE parent_no IN (SELECT value FROM json_each(${numbers(level.slice(i, i + pageRows))}))
          AND deleted_at IS NULL ORDER BY parent_no, name_sort, no`,
      )
      for (const [parent, children] of Map.groupBy(rows, (row) => row.parent_no)) inside.set(parent, children)
      for (const row of rows) next.push(row)
    }
    level = next
  }
  const found: Place[] = []
  const waiting: { row: FolderRow; path: string }[] = [{ row: top, path: name ?? '' }]
  for (let one = waiting.pop(); one; one = waiting.pop()) {
    const { row, path } = one
    found.push({ no: row.no, path, modifiedAt: row.created_at, fileCount: row.file_count })
    for (const child of (inside.get(row.no) ?? []).toReversed())
      waiting.push({ row: child, path: below(path, child.name) })
  }
  return found
}

function below(path: string, name: string): string {
  return path === '' ? name : `${path}/${name}`
}

function numbers(rows: { no: number }[]): string {
  return JSON.stringify(rows.map(({ no }) => no))
}
