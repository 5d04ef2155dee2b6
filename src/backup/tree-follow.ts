/**
 * The readable tree of a vault, brought to what the index says: for one file or folder that changed, or for all of it. It
 * remembers under which name everything lies on the disk, because the journal says what changed and not what was before.
 */
import { lstatSync, readdirSync } from 'node:fs'
import type Database from 'better-sqlite3'
import { nameKey } from '../vault/names.ts'
import type { Layout } from '../volume/layout.ts'
import { diskName } from './disk-names.ts'
import {
  closeDirectory,
  type Directory,
  enter,
  leave,
  link,
  moveDirectory,
  openPath,
  unlinkOurs,
  whatLies,
  within,
} from './tree-places.ts'

interface Entry {
  id: string
  parent: string
  name: string
  /** Of a file: the inode that its link leads to. */
  inode: number | null
}

interface FolderRow {
  no: number
  id: string
  parent: string | null
  name: string
}

interface FileRow {
  id: string
  folder: string
  name: string
  object: string
}

/** How many directories are held open at once. */
const mostOpen = 200
const mostTwins = 10_000

export interface TreeOfVault extends Disposable {
  /** A file or folder changed, came or went. */
  update(id: string): void
  /** Everything is compared with the disk and put right. */
  rebuild(): void
}

/** `index` is read, `memory` written: the caller has a transaction around each batch. */
export function openTree(
  index: Database.Database,
  memory: Database.Database,
  layout: Layout,
  vault: { no: number; id: string },
): TreeOfVault {
  const selectFolder =
    'SELECT f.no, f.id, p.id AS parent, f.name FROM folder f LEFT JOIN folder p ON p.no = f.parent_no'
  const selectFile = `SELECT f.id, d.id AS folder, f.name, v.object_id AS object FROM file f JOIN folder d ON d.no = f.folder_no
    JOIN version v ON v.file_no = f.no AND v.number = f.version`
  const folderById = index.prepare(`${selectFolder} WHERE f.id = ? AND f.vault_no = ? AND f.deleted_at IS NULL`)
  const foldersIn = index.prepare(`${selectFolder} WHERE f.parent_no = ? AND f.deleted_at IS NULL ORDER BY f.no`)
  const fileById = index.prepare(`${selectFile} WHERE f.id = ? AND f.vault_no = ? AND f.deleted_at IS NULL`)
  const filesIn = index.prepare(`${selectFile} WHERE f.folder_no = ? AND f.deleted_at IS NULL ORDER BY f.no`)
  const entryById = memory.prepare('SELECT id, parent, name, inode FROM entry WHERE id = ?')
  const entriesIn = memory.prepare('SELECT id, parent, name, inode FROM entry WHERE parent = ?')
  const entryCalled = memory.prepare('SELECT id FROM entry WHERE parent = ? AND key = ?')
  const put = memory.prepare(
    'INSERT OR REPLACE INTO entry (id, parent, name, key, inode, vault) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const drop = memory.prepare('DELETE FROM entry WHERE id = ?')
  const open = new Map<string, Directory>()
  /** Folders whose directory was found, or brought, where the index wants it. */
  const placed = new Set<string>()
  /** Folders whose directory was made just now: what lies in them is to be linked. */
  const empty = new Map<string, FolderRow>()

  const folderOf = (id: string) => folderById.get(id, vault.no) as FolderRow | undefined
  const entryOf = (id: string) => entryById.get(id) as Entry | undefined
  const remember = (entry: Entry) =>
    put.run(entry.id, entry.parent, entry.name, nameKey(entry.name), entry.inode, vault.id)

  function closeAll(): void {
    for (const directory of open.values()) closeDirectory(directory)
    open.clear()
    placed.clear()
  }

  function hold(id: string, directory: Directory): Directory {
    release(id)
    open.set(id, directory)
    return directory
  }

  function release(id: string): void {
    const held = open.get(id)
    if (held !== undefined) closeDirectory(held)
    open.delete(id)
    placed.delete(id)
  }

  function holdPlaced(folder: FolderRow, directory: Directory): Directory {
    hold(folder.id, directory)
    placed.add(folder.id)
    return directory
  }

  /** The directory of a folder as the index has it now; made, or moved, where it is not there yet. */
  function directoryOf(folder: FolderRow): Directory {
    const held = open.get(folder.id)
    if (held !== undefined && placed.has(folder.id)) return held
    if (folder.parent === null) {
      const files = layout.vaultTree(vault.id)
      const above = openPath(layout.vault(vault.id))
      try {
        const top = enter(above, files.slice(files.lastIndexOf('/') + 1))
        if (top === undefined) throw new Error(`Something that is no directory lies at ${files}.`)
        return holdPlaced(folder, top)
      } finally {
        closeDirectory(above)
      }
    }
    const above = folderOf(folder.parent)
    if (!above) throw new Error(`Folder ${folder.id} lives in one that does not.`)
    const parent = directoryOf(above)
    const known = entryOf(folder.id)
    if (known && isCalled(known, folder.parent, folder.name)) {
      const directory = enter(parent, known.name, () => empty.set(folder.id, folder))
      if (directory !== undefined) return holdPlaced(folder, directory)
    } else if (known) {
      const moved = move(known, folder, parent)
      if (moved !== undefined) return holdPlaced(folder, moved)
    }
    return holdPlaced(folder, make(folder, parent))
  }

  /** Whether something lies where it should, under a name that its own would give. */
  function isCalled({ parent, name }: Entry, wantedParent: string, wanted: string): boolean {
    if (parent !== wantedParent) return false
    const twin = Number(/ \((\d+)\)(?:\.[^.]*)?$/.exec(name)?.[1] ?? 1)
    return name === diskName(wanted) || name === diskName(wanted, twin)
  }

  function move(known: Entry, folder: FolderRow, parent: Directory): Directory | undefined {
    const from = oldDirectory(known.parent)
    if (from === undefined) return undefined
    for (let n = 1; n < mostTwins; n++) {
      const name = diskName(folder.name, n)
      if (isTaken(folder.parent ?? '', name, folder.id)) continue
      const outcome = moveDirectory(from, known.name, parent, name)
      if (outcome === 'EEXIST') continue
      if (outcome !== 'done') return undefined
      remember({ id: folder.id, parent: folder.parent ?? '', name, inode: null })
      return enter(parent, name)
    }
    return undefined
  }

  /** Where a folder lies on the disk at the moment, whatever the index says; undefined where it is not there. */
  function oldDirectory(id: string): Directory | undefined {
    const held = open.get(id)
    if (held !== undefined) return held
    const entry = entryOf(id)
    if (!entry) {
      const folder = folderOf(id)
      return folder?.parent === null ? directoryOf(folder) : undefined
    }
    const parent = oldDirectory(entry.parent)
    if (parent === undefined || whatLies(parent, entry.name) !== 'directory') return undefined
    const directory = openPath(within(parent, entry.name))
    return hold(id, directory)
  }

  function make(folder: FolderRow, parent: Directory): Directory {
    for (let n = 1; n < mostTwins; n++) {
      const name = diskName(folder.name, n)
      if (isTaken(folder.parent ?? '', name, folder.id)) continue
      const directory = enter(parent, name, () => empty.set(folder.id, folder))
      if (directory === undefined) continue
      remember({ id: folder.id, parent: folder.parent ?? '', name, inode: null })
      return directory
    }
    throw new Error(`There is no name for the folder ${folder.id}.`)
  }

  function isTaken(parent: string, name: string, self: string): boolean {
    const other = entryCalled.get(parent, nameKey(name)) as { id: string } | undefined
    return other !== undefined && other.id !== self
  }

  function updateFolder(folder: FolderRow): void {
    placed.delete(folder.id)
    directoryOf(folder)
  }

  function fill(folder: FolderRow): void {
    for (const file of filesIn.all(folder.no) as FileRow[]) updateFile(file)
    for (const child of foldersIn.all(folder.no) as FolderRow[]) {
      directoryOf(child)
      fill(child)
      if (open.size > mostOpen) closeAll()
    }
  }

  function updateFile(file: FileRow): void {
    const object = layout.object({ vaultId: vault.id, objectId: file.object })
    const inode = lstatSync(object, { throwIfNoEntry: false })?.ino
    const known = entryOf(file.id)
    const folder = folderOf(file.folder)
    // A version that does not lie whole on the disk cannot be linked; nor can what is being removed at this moment.
    if (inode === undefined || !folder) {
      remove(known)
      return
    }
    if (known && known.inode === inode && isCalled(known, file.folder, file.name)) {
      const lies = whatLies(directoryOf(folder), known.name)
      if (typeof lies === 'object' && lies.inode === inode) return
    }
    remove(known)
    const parent = directoryOf(folder)
    for (let n = 1; n < mostTwins; n++) {
      const name = diskName(file.name, n)
      if (isTaken(file.folder, name, file.id)) continue
      const outcome = link(object, parent, name)
      const isThere = outcome === 'EEXIST' && isSame(whatLies(parent, name), inode)
      if (outcome === 'EEXIST' && !isThere) continue
      if (outcome === 'done' || isThere) remember({ id: file.id, parent: file.folder, name, inode })
      return
    }
  }

  function remove(entry: Entry | undefined): void {
    if (!entry) return
    const parent = oldDirectory(entry.parent)
    if (parent !== undefined) unlinkOurs(parent, entry.name)
    drop.run(entry.id)
  }

  /** Takes away a folder and everything of ours below; what others put there stays, and the directories that it needs. */
  function removeFolder(entry: Entry): void {
    for (const child of entriesIn.all(entry.id) as Entry[]) {
      if (child.inode === null) removeFolder(child)
      else remove(child)
    }
    release(entry.id)
    const parent = oldDirectory(entry.parent)
    if (parent !== undefined) leave(parent, entry.name)
    drop.run(entry.id)
  }

  /** Takes away links of ours that nothing remembers, below a directory. */
  function sweep(folderId: string, directory: Directory): void {
    const known = new Map((entriesIn.all(folderId) as Entry[]).map((entry) => [entry.name, entry.id]))
    for (const found of readdirSync(within(directory, '.'), { withFileTypes: true })) {
      const id = known.get(found.name)
      if (found.isDirectory()) {
        const below = openPath(within(directory, found.name))
        sweep(id ?? '', below)
        closeDirectory(below)
        if (id === undefined) leave(directory, found.name)
      } else if (id === undefined) unlinkOurs(directory, found.name)
    }
  }

  return {
    update(id) {
      const folder = folderOf(id)
      const file = folder ? undefined : (fileById.get(id, vault.no) as FileRow | undefined)
      const entry = entryOf(id)
      if (folder) updateFolder(folder)
      else if (file) updateFile(file)
      else if (entry?.inode === null) removeFolder(entry)
      else remove(entry)
      for (const [made, row] of empty) {
        empty.delete(made)
        fill(row)
      }
      if (open.size > mostOpen) closeAll()
    },
    rebuild() {
      const top = index
        .prepare(`${selectFolder} WHERE f.vault_no = ? AND f.parent_no IS NULL`)
        .get(vault.no) as FolderRow
      for (const { id } of memory.prepare('SELECT id FROM entry WHERE vault = ?').all(vault.id) as { id: string }[]) {
        const isLiving = folderOf(id) ?? fileById.get(id, vault.no)
        if (!isLiving) drop.run(id)
      }
      fill(top)
      empty.clear()
      closeAll()
      sweep(top.id, directoryOf(top))
      closeAll()
    },
    [Symbol.dispose]: closeAll,
  }
}

function isSame(lies: ReturnType<typeof whatLies>, inode: number): boolean {
  return typeof lies === 'object' && lies.inode === inode
}
