// The directories of a vault, made and removed whole.

import { readdir, rm, rmdir } from 'node:fs/promises'
import { Problem } from '../problem.ts'
import { makeDirectory, syncDirectory } from './directory.ts'
import { ifThere, onDisk } from './failure.ts'
import type { Layout } from './layout.ts'

/** Makes the directories of a vault that are missing, durably. */
export async function createVault(layout: Layout, vaultId: string): Promise<void> {
  const { parents, objectShards, thumbnailShards } = layout.vaultDirectories(vaultId)
  for (const directory of parents) await makeDirectory(directory)
  await Promise.all([...objectShards, ...thumbnailShards].map(makeDirectory))
  // A synced directory keeps the names in it and what mkdir made for them, so the shards need no fsync of their own. It
  // is done also when nothing was missing: the attempt before may have been cut short just here.
  for (const directory of [...parents, layout.vaults]) await syncDirectory(directory)
}

/** Removes the directories of a vault; a single object in them stops it before anything is changed. */
export async function removeVault(layout: Layout, vaultId: string): Promise<void> {
  const { parents, objectShards, thumbnailShards } = layout.vaultDirectories(vaultId)
  for (const shard of objectShards) {
    const objects = (await ifThere(readdir(shard))) ?? []
    if (objects.length > 0) throw new Problem('conflict', 'This vault still has files. Delete them for good first.')
  }
  for (const shard of thumbnailShards) await onDisk(rm(shard, { recursive: true, force: true }))
  // rm follows no links: what others planted in the tree goes, not what it points to.
  for (const derived of [layout.vaultTree(vaultId), layout.vaultRecords(vaultId)])
    await onDisk(rm(derived, { recursive: true, force: true }))
  // rmdir, which takes nothing that came in the meantime.
  for (const directory of [...objectShards, ...parents.reverse()]) await ifThere(rmdir(directory))
  await syncDirectory(layout.vaults)
}
