/**
 * Damaged and missing bytes brought back from another File Vault volume or a backup of one. Only a copy whose SHA-256 is
 * that of the version takes the place; where none is found everything stays as it is.
 */
import { createReadStream } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { Problem } from '../problem.ts'
import type { Core } from '../vault/core.ts'
import { record } from '../vault/journal.ts'
import { sizeOf } from '../volume/inventory.ts'
import { layoutOf } from '../volume/layout.ts'
import { replaceObject } from '../volume/repair.ts'
import type { Finding } from './finding.ts'
import type { Hashing } from './hashing.ts'

/** Tries to bring back what a finding calls missing or damaged; says whether it is right again. */
export type Repair = (finding: Finding) => Promise<boolean>

/** Looks for copies below `directory`: under the same name in a volume first, then by their content anywhere. */
export async function openRepair(core: Core, directory: string, hashing: Hashing): Promise<Repair> {
  if (!(await isDirectory(directory)))
    throw new Problem('bad-input', `There is no directory ${directory} to repair from.`)
  let bySize: Promise<Map<number, string[]>> | undefined

  async function* candidates(vaultId: string, objectId: string, size: number): AsyncGenerator<string> {
    const same = layoutOf(directory).object({ vaultId, objectId })
    if ((await sizeOf(same)) === size) yield same
    bySize ??= filesBySize(directory)
    for (const path of (await bySize).get(size) ?? []) if (path !== same) yield path
  }

  return async ({ kind, vaultId, objectId }) => {
    if ((kind !== 'missing' && kind !== 'damaged') || vaultId === undefined || objectId === undefined) return false
    const row = core.index.read.get(sql<{ size: number; sha256: Buffer; packed: 0 | 1 }>`
      SELECT size, sha256, EXISTS (SELECT 1 FROM packed p WHERE p.object_id = v.object_id) AS packed
      FROM version v WHERE object_id = ${objectId} LIMIT 1`)
    if (!row || row.packed) return false // a difference is made again from its neighbours, not copied: see the seam in volume
    const expected = { size: row.size, sha256: row.sha256.toString('hex') }
    for await (const path of candidates(vaultId, objectId, row.size)) {
      const found = await hashing.hash(path).catch(() => undefined)
      if (found?.sha256 !== expected.sha256) continue
      await core.volume.guard()
      await replaceObject(core.volume.layout, { vaultId, objectId }, createReadStream(path), expected)
      await tell(core, objectId)
      return true
    }
    return false
  }
}

// Whoever keeps something beside the object (the readable tree) has to look again: the journal is how it hears.
async function tell(core: Core, objectId: string): Promise<void> {
  await core.index.write((tx) => {
    const files = tx.all(sql<{ id: string; vault_no: number }>`
      SELECT DISTINCT f.id, f.vault_no FROM version v JOIN file f ON f.no = v.file_no WHERE v.object_id = ${objectId}`)
    for (const { id, vault_no } of files)
      record(core, tx, { vaultNo: vault_no, kind: 'file_updated', subjectId: id, userNo: null })
  })
}

async function isDirectory(path: string): Promise<boolean> {
  return opendir(path).then(
    (found) => found.close().then(() => true),
    () => false,
  )
}

/** Every regular file below, by its size; links are not followed. */
async function filesBySize(directory: string): Promise<Map<number, string[]>> {
  const found = new Map<number, string[]>()
  for await (const entry of await opendir(directory, { recursive: true })) {
    if (!entry.isFile()) continue
    const path = join(entry.parentPath, entry.name)
    const size = await sizeOf(path)
    if (size === undefined) continue
    const same = found.get(size)
    if (same) same.push(path)
    else found.set(size, [path])
  }
  return found
}
