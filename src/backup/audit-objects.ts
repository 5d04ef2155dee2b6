/**
 * The part of the audit that goes through the disk: has each version its bytes, are they the ones that were stored, and
 * does everything there belong to somebody? It works beside a running server, so whatever looks wrong is looked at once
 * more, rows first, before it is called a finding: between two looks a version may have come, gone or been packed.
 */
import { createHash } from 'node:crypto'
import { stat } from 'node:fs/promises'
import { sql } from 'kysely'
import type { Reader } from '../index/open.ts'
import { openContent } from '../vault/contents.ts'
import type { Core } from '../vault/core.ts'
import { pathsOf } from '../vault/places.ts'
import { type FoundObject, listShard, listStaged, listVaults, sizeOf } from '../volume/inventory.ts'
import { shards } from '../volume/layout.ts'
import type { Finding, NamedVersion } from './finding.ts'
import type { Hashed, Hashing } from './hashing.ts'

/** How far an audit is. */
export interface Progress {
  objects: number
  bytes: number
  totalObjects: number
  totalBytes: number
}

export interface ObjectsOptions {
  /** Reads every byte; undefined: only that the files are there and as large as they should be. */
  hashing: Hashing | undefined
  /** What is younger may still be on its way to its row. */
  graceMs: number
  signal: AbortSignal
  onProgress: (progress: Progress) => void
}

/** An object that versions name, and how it is kept. */
interface Named {
  object_id: string
  size: number
  sha256: Uint8Array
  packed: 0 | 1
  base_id: string | null
}

const atOnce = 64

/** Every disagreement between the index and the disk. */
export async function* auditObjects(core: Core, options: ObjectsOptions): AsyncGenerator<Finding> {
  const progress = await totals(core)
  options.onProgress({ ...progress })
  const vaults = core.index.read.all(sql<{ no: number; id: string }>`SELECT no, id FROM vault ORDER BY no`)
  for (const vault of vaults) {
    for (const shard of shards) {
      options.signal.throwIfAborted()
      yield* auditShard(core, vault, shard, progress, options)
    }
  }
  yield* strangeVaults(core, options)
  yield* staged(core, options)
}

async function* auditShard(
  core: Core,
  vault: { no: number; id: string },
  shard: string,
  progress: Progress,
  options: ObjectsOptions,
): AsyncGenerator<Finding> {
  const { layout } = core.volume
  const { objects, strangers } = await listShard(layout, vault.id, shard)
  const named = await core.index.readAway(sql<Named>`
    SELECT v.object_id, v.size, v.sha256, p.object_id IS NOT NULL AS packed, p.base_id
    FROM version v LEFT JOIN packed p ON p.object_id = v.object_id
    WHERE v.object_id >= ${shard} AND v.object_id < ${`${shard}g`} AND v.vault_no = ${vault.no} GROUP BY v.object_id`)
  const known = new Set(named.map(({ object_id }) => object_id))
  for (const object of objects)
    if (!known.has(object.objectId) || object.form === 'delta') {
      const finding = await orphan(core, vault, object, options)
      if (finding) yield finding
    }
  for (const { path, isUnfinished } of strangers)
    if (await isOld(path, options.graceMs))
      yield isUnfinished
        ? { kind: 'leftover', vaultId: vault.id, message: `What was being made when the machine stopped: ${path}` }
        : {
            kind: 'orphan',
            vaultId: vault.id,
            message: `Something that is none of ours lies among the objects: ${path}`,
          }

  for (let start = 0; start < named.length; start += atOnce) {
    options.signal.throwIfAborted()
    const checked = await Promise.all(
      named.slice(start, start + atOnce).map(async (one) => {
        const before = progress.bytes
        const read = (bytes: number) => options.onProgress({ ...progress, bytes: before + bytes })
        const finding = await auditObject(core, vault, one, options, read)
        progress.objects++
        progress.bytes += one.size
        options.onProgress({ ...progress })
        return finding
      }),
    )
    for (const finding of checked) if (finding) yield finding
  }
}

/** Looks at one object, and again where something is wrong. */
async function auditObject(
  core: Core,
  vault: { no: number; id: string },
  first: Named,
  { hashing }: ObjectsOptions,
  read: (bytes: number) => void,
): Promise<Finding | undefined> {
  const look = (named: Named, again: boolean) => lookAt(core, vault.id, named, hashing, again, read)
  if ((await look(first, false)) === undefined) return undefined
  const now = core.index.read.get(sql<Named>`
    SELECT v.object_id, v.size, v.sha256, p.object_id IS NOT NULL AS packed, p.base_id
    FROM version v LEFT JOIN packed p ON p.object_id = v.object_id
    WHERE v.object_id = ${first.object_id} AND v.vault_no = ${vault.no} LIMIT 1`)
  if (!now) return undefined
  const wrong = await look(now, true)
  if (!wrong) return undefined
  const versions = versionsOf(core.index.read, vault, now.object_id)
  if (versions.length === 0) return undefined
  const message = `${wrong.why} (object ${now.object_id})`
  return { kind: wrong.kind, vaultId: vault.id, objectId: now.object_id, versions, message }
}

type Wrong = { kind: 'missing' | 'damaged'; why: string }

async function lookAt(
  core: Core,
  vaultId: string,
  { object_id: objectId, size, sha256, packed, base_id: baseId }: Named,
  hashing: Hashing | undefined,
  again: boolean,
  read: (bytes: number) => void,
): Promise<Wrong | undefined> {
  const { layout } = core.volume
  if (packed) {
    if ((await sizeOf(layout.delta({ vaultId, objectId }))) === undefined)
      return { kind: 'missing', why: 'The difference that this version is kept as is gone' }
    if (baseId !== null && !(await isThere(core, vaultId, baseId)))
      return { kind: 'missing', why: `The object ${baseId} that this version is a difference to is gone` }
    return hashing ? compare(() => hashVersion(core, vaultId, objectId)) : undefined
  }
  const path = layout.object({ vaultId, objectId })
  const found = await sizeOf(path)
  if (found === undefined) return { kind: 'missing', why: 'Its bytes are gone' }
  if (found !== size) return { kind: 'damaged', why: `It has ${found} bytes on the disk where ${size} were stored` }
  return hashing ? compare(() => hashing.hash(path, { direct: again, read })) : undefined

  async function compare(hash: () => Promise<Hashed>): Promise<Wrong | undefined> {
    try {
      const hashed = await hash()
      if (hashed.size === size && hashed.sha256 === Buffer.from(sha256).toString('hex')) return undefined
      return { kind: 'damaged', why: 'Its bytes are not those that were stored' }
    } catch (error) {
      return { kind: 'damaged', why: `It cannot be read: ${error instanceof Error ? error.message : error}` }
    }
  }
}

/** All bytes of a version that does not lie whole on the disk, hashed. */
async function hashVersion(core: Core, vaultId: string, objectId: string): Promise<Hashed> {
  await using opened = await openContent(core, vaultId, objectId)
  const sha256 = createHash('sha256')
  let size = 0
  for await (const chunk of opened.stream()) {
    sha256.update(chunk)
    size += chunk.length
  }
  return { size, sha256: sha256.digest('hex') }
}

/** Whether an object lies on the disk, whole or as a difference. */
async function isThere(core: Core, vaultId: string, objectId: string): Promise<boolean> {
  const { layout } = core.volume
  if ((await sizeOf(layout.object({ vaultId, objectId }))) !== undefined) return true
  return (await sizeOf(layout.delta({ vaultId, objectId }))) !== undefined
}

// The order matters. Bytes come before their row and keep a name in `incoming` until they have it; they go after it.
// So: no such name, then no row, then still there.
async function orphan(
  core: Core,
  vault: { no: number; id: string },
  object: FoundObject,
  { graceMs }: ObjectsOptions,
): Promise<Finding | undefined> {
  const { layout } = core.volume
  const { objectId, form } = object
  const path = { whole: layout.object, delta: layout.delta, blocks: layout.blocks }[form](object)
  if ((await sizeOf(layout.arriving(object))) !== undefined || (await sizeOf(layout.upload(object))) !== undefined)
    return undefined
  const owner = core.index.read.get(sql<{ why: string }>`
    SELECT 'version' AS why FROM version WHERE object_id = ${objectId} AND vault_no = ${vault.no} AND ${form} <> 'delta'
    UNION ALL SELECT 'packed' FROM packed WHERE object_id = ${objectId}
    UNION ALL SELECT 'base' FROM packed WHERE base_id = ${objectId} AND ${form} <> 'delta'
    UNION ALL SELECT 'garbage' FROM garbage WHERE object_id = ${objectId} LIMIT 1`)
  if (owner || !(await isOld(path, form === 'whole' ? 0 : graceMs))) return undefined
  const what = { whole: 'Bytes', delta: 'A difference', blocks: 'A list of blocks' }[form]
  return { kind: 'orphan', vaultId: vault.id, objectId, message: `${what} that no row names: ${path}` }
}

async function* strangeVaults(core: Core, { graceMs }: ObjectsOptions): AsyncGenerator<Finding> {
  for (const id of await listVaults(core.volume.layout)) {
    const path = core.volume.layout.vault(id)
    if (!(await isOld(path, graceMs))) continue
    if (!core.index.read.get(sql<{ no: number }>`SELECT no FROM vault WHERE id = ${id}`))
      yield { kind: 'orphan', vaultId: id, message: `A directory of no vault: ${path}` }
  }
}

async function* staged(core: Core, { graceMs }: ObjectsOptions): AsyncGenerator<Finding> {
  const { layout } = core.volume
  for (const where of ['incoming', 'uploads'] as const) {
    const { objects, strangers } = await listStaged(layout, where)
    const paths = strangers.map(({ path }) => path)
    for (const object of objects) {
      const isUpload = core.index.read.get(
        sql<{ no: number }>`SELECT no FROM upload WHERE object_id = ${object.objectId} AND file_id IS NULL`,
      )
      if (where === 'incoming' || !isUpload)
        paths.push(where === 'incoming' ? layout.arriving(object) : layout.upload(object))
    }
    for (const path of paths)
      if (await isOld(path, graceMs)) yield { kind: 'leftover', message: `What an upload left behind: ${path}` }
  }
}

/** Whether something is (still) there, and for so long at least. */
async function isOld(path: string, graceMs: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined)
  return found !== undefined && (graceMs === 0 || Date.now() - found.ctimeMs >= graceMs)
}

/** Every version that is made of an object, with a path that people recognise. */
export function versionsOf(read: Reader, vault: { no: number; id: string }, objectId: string): NamedVersion[] {
  const path = pathsOf(read)
  const found = read.all(
    sql<{ id: string; name: string; folder_no: number; deleted_at: number | null; number: number }>`
      SELECT f.id, f.name, f.folder_no, f.deleted_at, v.number FROM version v JOIN file f ON f.no = v.file_no
      WHERE v.object_id = ${objectId} AND v.vault_no = ${vault.no} ORDER BY f.no, v.number`,
  )
  return found.map(({ id, name, folder_no, deleted_at, number }) => ({
    vaultId: vault.id,
    fileId: id,
    path: `${path(folder_no)}/${name}${deleted_at === null ? '' : ' (in the trash)'}`,
    version: number,
  }))
}

async function totals(core: Core): Promise<Progress> {
  const [row] = await core.index.readAway(sql<{ objects: number; bytes: number }>`
    SELECT count(*) AS objects, coalesce(sum(size), 0) AS bytes
    FROM (SELECT size FROM version GROUP BY object_id, vault_no)`)
  return { objects: 0, bytes: 0, totalObjects: row?.objects ?? 0, totalBytes: row?.bytes ?? 0 }
}
