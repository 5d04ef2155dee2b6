/** A client that follows a vault by its changes, and knows nothing else: what a sync client or a cache has to do. */
import assert from 'node:assert/strict'
import { type Changes, listChanges } from '../api/changes.ts'
import type { Client } from '../api/client.ts'
import { type File, listFiles } from '../api/files.ts'
import { type Folder, listFolders } from '../api/folders.ts'

export interface Follower {
  readonly files: Map<string, File>
  readonly folders: Map<string, Folder>
  /** Where it stands. */
  lastSync: string | undefined
  take(page: Changes): void
  /** Asks for one page and takes it in. */
  step(limit?: number): Promise<Changes>
  /** Asks until there is no more; answers how many pages that took. */
  catchUp(limit?: number): Promise<number>
  /** Asserts that it knows what the vault's lists say, paths included. */
  isRight(): Promise<void>
}

export function openFollower(person: Client, vaultId: string): Follower {
  const files = new Map<string, File>()
  const folders = new Map<string, Folder>()

  const pathOf = (folderId: string | null): string => {
    const folder = folderId === null ? undefined : folders.get(folderId)
    return folder ? `${pathOf(folder.parentId)}/${folder.name}` : folderId === null ? '' : '/(unknown folder)'
  }
  const isBelow = (folder: Folder, id: string): boolean => {
    const above = folder.parentId === null ? undefined : folders.get(folder.parentId)
    return folder.parentId === id || (above !== undefined && isBelow(above, id))
  }
  const dropFolder = (id: string) => {
    for (const folder of [...folders.values()].filter((one) => isBelow(one, id))) folders.delete(folder.id)
    folders.delete(id)
  }

  const follower: Follower = {
    files,
    folders,
    lastSync: undefined,
    take(page) {
      if (page.reset) for (const known of [files, folders]) known.clear()
      for (const folder of [...page.folders.added, ...page.folders.modified]) folders.set(folder.id, folder)
      for (const file of [...page.added, ...page.modified]) files.set(file.id, file)
      for (const { id } of page.deleted) files.delete(id)
      for (const { id } of page.folders.deleted) dropFolder(id)
      follower.lastSync = page.lastSync
    },
    async step(limit = 1000) {
      const { lastSync: since } = follower
      const page = await person.call(listChanges, { params: { vaultId }, query: since ? { since, limit } : { limit } })
      follower.take(page)
      return page
    },
    async catchUp(limit) {
      for (let pages = 1; ; pages++) if (!(await follower.step(limit)).hasMore) return pages
    },
    async isRight() {
      const there = await allFiles(person, vaultId)
      const { folders: thereFolders } = await person.call(listFolders, { params: { vaultId } })
      const place = (one: Folder) => ({ id: one.id, parentId: one.parentId, path: one.path, color: one.color })
      assert.deepEqual(
        sorted([...folders.values()].map((one) => ({ ...place(one), path: pathOf(one.id) }))),
        sorted(thereFolders.map(place)),
      )
      assert.deepEqual(
        sorted([...files.values()].map((one) => ({ ...one, path: `${pathOf(one.folderId)}/${one.name}` }))),
        sorted(there),
      )
    },
  }
  return follower
}

/** Every file of a vault, by its pages. */
export async function allFiles(person: Client, vaultId: string): Promise<File[]> {
  const all: File[] = []
  for (let cursor: string | undefined; ; ) {
    const query = cursor === undefined ? { limit: 1000 } : { limit: 1000, cursor }
    const page = await person.call(listFiles, { params: { vaultId }, query })
    all.push(...page.files)
    if (page.nextCursor === null) return all
    cursor = page.nextCursor
  }
}

function sorted<T extends { id: string }>(list: T[]): T[] {
  return list.sort((a, b) => (a.id < b.id ? -1 : 1))
}
