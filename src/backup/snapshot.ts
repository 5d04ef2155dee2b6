/** The index as it is at one moment, and which files on the volume that moment is made of. */
import { open } from 'node:fs/promises'
import Database from 'better-sqlite3'
import { openConnection } from '../index/connection.ts'
import type { Layout, ObjectName } from '../volume/layout.ts'

/** An object that the snapshot names, or that something it names is a difference to. */
export interface SnapshotObject extends ObjectName {
  /** Kept as a difference, or compressed by itself. */
  isPacked: boolean
  /** As the file on the disk has it, where the index knows. */
  size: number | null
  /** Of the file on the disk, in hex; unknown for differences, and for what only they still need. */
  sha256: string | undefined
}

/**
 * Copies the index into a new file, in one step and so at one moment, while others go on writing. The copy needs nothing
 * beside it, and is durable.
 */
export async function takeSnapshot(indexPath: string, to: string): Promise<void> {
  const source = openConnection(indexPath, { readonly: true, busyMs: 5000 })
  try {
    await source.backup(to, { progress: () => 0x7fffffff })
  } finally {
    source.close()
  }
  const copy = new Database(to)
  copy.pragma('journal_mode = DELETE')
  copy.close()
  await using file = await open(to, 'r+')
  await file.chmod(0o400)
  await file.sync()
}

interface Row {
  vaultId: string
  objectId: string
  size: number | null
  sha256: Buffer | null
  isPacked: 0 | 1
  storedBytes: number | null
}

/** Every object, by vault and then by id. */
export function* objectsOf(snapshot: string): Generator<SnapshotObject> {
  const db = openConnection(snapshot, { readonly: true, busyMs: 0 })
  try {
    const rows = db
      .prepare(`
        SELECT o.vaultId, o.objectId, o.size, o.sha256, p.object_id IS NOT NULL AS isPacked, p.stored_bytes AS storedBytes
        FROM (
          SELECT vault.id AS vaultId, v.object_id AS objectId, v.size, v.sha256
          FROM version v JOIN vault ON vault.no = v.vault_no GROUP BY v.object_id, v.vault_no
          UNION ALL
          SELECT g.vault_id, g.object_id, NULL, NULL FROM garbage g
          WHERE EXISTS (SELECT 1 FROM packed b WHERE b.base_id = g.object_id)
            AND NOT EXISTS (SELECT 1 FROM version v WHERE v.object_id = g.object_id)
        ) o LEFT JOIN packed p ON p.object_id = o.objectId
        ORDER BY o.vaultId, o.objectId`)
      .iterate() as IterableIterator<Row>
    for (const { vaultId, objectId, size, sha256, isPacked, storedBytes } of rows)
      yield {
        vaultId,
        objectId,
        isPacked: isPacked === 1,
        size: isPacked ? storedBytes : size,
        sha256: isPacked || sha256 === null ? undefined : sha256.toString('hex'),
      }
  } finally {
    db.close()
  }
}

/** Where the bytes of an object lie. */
export function pathOf(layout: Layout, object: ObjectName & { isPacked: boolean }): string {
  return object.isPacked ? layout.delta(object) : layout.object(object)
}
