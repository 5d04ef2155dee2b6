/** Old versions kept for the price of their difference: packed in the background, one after the other. */
import { sql } from 'kysely'
import type { Reader } from '../index/open.ts'
import { q } from '../index/query.ts'
import type { Core } from './core.ts'
import { collectGarbage } from './trash.ts'

/** Every so manieth version stands for itself, so that no restore has to go through more differences than this. */
const longestChain = 32
/** Smaller contents take one block of the disk either way. */
const leastBytes = 512

/**
 * Packs one version that is not the newest any more against the one after it. The whole form goes when the index knows of
 * the other. What copies of the file still show as their newest stays whole. May be repeated.
 */
export async function packVersion(
  core: Core,
  { fileId, version: number }: { fileId: string; version: number },
  signal: AbortSignal,
): Promise<void> {
  const version = core.index.read.get(
    q
      .selectFrom('version')
      .innerJoin('file', 'file.no', 'version.file_no')
      .innerJoin('vault', 'vault.no', 'version.vault_no')
      .select(['version.object_id as objectId', 'version.size', 'file.no as fileNo', 'vault.id as vaultId'])
      .where('file.id', '=', fileId)
      .where('version.number', '=', number),
  )
  if (!version || version.size < leastBytes || !mayBePacked(core.index.read, version.objectId)) return
  const base = baseOf(core.index.read, version.fileNo, number)
  if (!base || base === version.objectId) return
  const object = { vaultId: version.vaultId, objectId: version.objectId }
  const alone = number % longestChain === 0
  const encoded = await core.volume.packing
    .pack(object, { ...object, objectId: base }, { alone, signal })
    .catch((error: unknown) => {
      // It was removed for good meanwhile, or its base was: there is nothing to pack any more.
      if (!mayBePacked(core.index.read, object.objectId) || !exists(core.index.read, base)) return undefined
      throw error
    })
  if (!encoded) return
  if (encoded.method === 'whole') return
  const isKnown = await core.index.write((tx) => {
    if (!mayBePacked(tx, object.objectId) || (encoded.method === 'delta' && !exists(tx, base))) return false
    tx.run(
      q.insertInto('packed').values({
        object_id: object.objectId,
        base_id: encoded.method === 'delta' ? base : null,
        stored_bytes: encoded.bytes,
      }),
    )
    tx.run(q.updateTable('version').set({ stored_bytes: encoded.bytes }).where('object_id', '=', object.objectId))
    tx.run(
      sql`INSERT INTO garbage (object_id, vault_id, since, whole_only) VALUES (${object.objectId}, ${object.vaultId}, ${core.now()}, 1)
          ON CONFLICT DO NOTHING`,
    )
    return true
  })
  if (!isKnown) return core.volume.packing.unpack(object)
  core.afterwards(collectGarbage(core))
}

/** Still a version's, whole, and no file's newest. */
function mayBePacked(read: Reader, objectId: string): boolean {
  const row = read.get(
    sql<{ named: number; newest: number; packed: number }>`
      SELECT count(*) AS named, coalesce(sum(f.version = v.number), 0) AS newest,
        (SELECT count(*) FROM packed WHERE object_id = ${objectId}) AS packed
      FROM version v JOIN file f ON f.no = v.file_no WHERE v.object_id = ${objectId}`,
  )
  return row !== undefined && row.named > 0 && row.newest === 0 && row.packed === 0
}

/** The version after it where that lies whole, else the newest, which always does. */
function baseOf(read: Reader, fileNo: number, number: number): string | undefined {
  const later = read.all(
    sql<{ objectId: string }>`
      SELECT v.object_id AS objectId FROM version v WHERE v.file_no = ${fileNo} AND v.number > ${number}
      AND NOT EXISTS (SELECT 1 FROM packed p WHERE p.object_id = v.object_id) ORDER BY v.number LIMIT 1`,
  )
  return later[0]?.objectId
}

function exists(read: Reader, objectId: string): boolean {
  return read.get(q.selectFrom('version').select('no').where('object_id', '=', objectId).limit(1)) !== undefined
}
