/**
 * Damaged and missing bytes brought back from another File Vault volume or a backup of one. Only a copy that gives the
 * SHA-256 of the version takes the place; where none is found everything stays as it is.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { opendir } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'kysely'
import { Problem } from '../problem.ts'
import { openContent } from '../vault/contents.ts'
import type { Core } from '../vault/core.ts'
import { record } from '../vault/journal.ts'
import { openDelta } from '../volume/delta/open.ts'
import { sizeOf } from '../volume/inventory.ts'
import { layoutOf, type ObjectName } from '../volume/layout.ts'
import { replaceObject } from '../volume/repair.ts'
import { listBackups } from './backups.ts'
import type { Finding } from './finding.ts'
import type { Hashing } from './hashing.ts'

/**
 * Tries to bring back what a finding calls missing or damaged; says whether it is right now. A difference is right again
 * when its base is, so that asking once more at the end may find more.
 */
export type Repair = (finding: Finding) => Promise<boolean>

interface Wanted {
  size: number
  sha256: string
  packed: 0 | 1
  base_id: string | null
}

/**
 * Looks for copies below `directory`: in a directory of backups under the same name, from the newest on; else under the
 * same name in a volume first, then by their content anywhere.
 */
export async function openRepair(core: Core, directory: string, hashing: Hashing): Promise<Repair> {
  if (!(await isDirectory(directory)))
    throw new Problem('bad-input', `There is no directory ${directory} to repair from.`)
  const { layout } = core.volume
  const backups = await listBackups(directory)
  const copies = backups.length > 0 ? backups.map((backup) => backup.layout) : [layoutOf(directory)]
  let bySize: Promise<Map<number, string[]>> | undefined

  async function* candidates(object: ObjectName, size: number): AsyncGenerator<string> {
    const same = copies.map((copy) => copy.object(object))
    for (const path of same) if ((await sizeOf(path)) === size) yield path
    if (backups.length > 0) return
    bySize ??= filesBySize(directory)
    for (const path of (await bySize).get(size) ?? []) if (!same.includes(path)) yield path
  }

  async function repairWhole(object: ObjectName, wanted: Wanted): Promise<boolean> {
    for await (const path of candidates(object, wanted.size)) {
      const found = await hashing.hash(path).catch(() => undefined)
      if (found?.sha256 !== wanted.sha256) continue
      await core.volume.guard()
      await replaceObject(layout, object, 'whole', createReadStream(path), (_, sha256) => sha256 === wanted.sha256)
      return true
    }
    return false
  }

  async function repairDelta(object: ObjectName, wanted: Wanted): Promise<boolean> {
    const gives = (written: string) => givesBack(core, object.vaultId, written, wanted).catch(() => false)
    for (const path of copies.map((copy) => copy.delta(object))) {
      if ((await sizeOf(path)) === undefined) continue
      await core.volume.guard()
      try {
        await replaceObject(layout, object, 'delta', createReadStream(path), gives)
        return true
      } catch (error) {
        if (!(error instanceof Problem && error.code === 'conflict')) throw error
      }
    }
    return false
  }

  return async ({ kind, vaultId, objectId }) => {
    if ((kind !== 'missing' && kind !== 'damaged') || vaultId === undefined || objectId === undefined) return false
    const object = { vaultId, objectId }
    const wanted = core.index.read.get(sql<Wanted>`
      SELECT v.size, lower(hex(v.sha256)) AS sha256, p.object_id IS NOT NULL AS packed, p.base_id
      FROM version v LEFT JOIN packed p ON p.object_id = v.object_id WHERE v.object_id = ${objectId} LIMIT 1`)
    if (!wanted) return false
    if (wanted.packed && (await isRight(core, object, wanted))) return true
    const isRepaired = await (wanted.packed ? repairDelta(object, wanted) : repairWhole(object, wanted))
    if (isRepaired) await tell(core, objectId)
    return isRepaired
  }
}

/** Whether the version can be read again and is what was stored. */
async function isRight(core: Core, { vaultId, objectId }: ObjectName, wanted: Wanted): Promise<boolean> {
  try {
    await using opened = await openContent(core, vaultId, objectId)
    return (await hashOf(opened.stream())) === wanted.sha256
  } catch {
    return false
  }
}

/** Whether the difference in a file gives back the version, from the base as it lies here. */
async function givesBack(core: Core, vaultId: string, path: string, { base_id, sha256 }: Wanted): Promise<boolean> {
  await using base = base_id === null ? undefined : await openContent(core, vaultId, base_id)
  const readBase = async (offset: number, length: number) => {
    const bytes = Buffer.allocUnsafeSlow(length)
    await base?.read(bytes, offset)
    return bytes
  }
  await using delta = await openDelta(path, readBase, base && { size: base.size })
  return (await hashOf(delta.stream())) === sha256
}

async function hashOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of chunks) hash.update(chunk)
  return hash.digest('hex')
}

// Whoever keeps something beside the object (the readable tree) has to look again: the journal is how it hears.
async function tell(core: Core, objectId: string): Promise<void> {
  await core.index.write((tx) => {
    const files = tx.all(sql<{ id: string; vault_no: number }>`
      SELECT DISTINCT f.id, f.vault_no FROM version v JOIN file f ON f.no = v.file_no WHERE v.object_id = ${objectId}`)
    for (const { id, vault_no } of files)
      record(core, tx, null, { vaultNo: vault_no, kind: 'file_updated', subjectId: id })
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
