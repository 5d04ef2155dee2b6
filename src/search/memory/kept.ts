/** Where snapshots lie, which of them are of vaults that are there, and whether one leads to what its vault is now. */
import { readdirSync, rmSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { Connection } from '../../index/connection.ts'
import type { Stamp } from './snapshot.ts'

/** The directory of snapshots, beside the index. */
export function snapshotDirectory(indexPath: string): string {
  return join(dirname(indexPath), 'search')
}

export function snapshotFile(indexPath: string, vaultId: string): string {
  return join(snapshotDirectory(indexPath), `${vaultId}.snapshot`)
}

/** Removes the snapshots of vaults that are gone or have become small. */
export function removeStale(db: Connection, indexPath: string, fewFiles: number): void {
  const directory = snapshotDirectory(indexPath)
  const large = db.prepare('SELECT id FROM vault WHERE file_count > ?').pluck().all(fewFiles)
  // What was cut off while it was written is overwritten by the next.
  const kept = new Set(large.flatMap((id) => [`${id}.snapshot`, `${id}.snapshot.new`]))
  try {
    for (const name of readdirSync(directory)) if (!kept.has(name)) rmSync(join(directory, name), { force: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}

/** The stamp of what is read at `seq`; undefined where the journal has no row that could be recognised later. */
export function stampOf(db: Connection, vault: { no: number; id: string; seq: number }): Stamp | undefined {
  const mark = markAt(db, vault.no, vault.seq)
  if (mark === undefined) return undefined
  return { volumeId: volumeOf(db), vaultId: vault.id, seq: vault.seq, mark, schema: schemaOf(db) }
}

/** Why a snapshot cannot be used, if so: its history has to be the beginning of ours, and the journal has to say the rest. */
export function objectionTo(
  stamp: Stamp,
  db: Connection,
  { no, id, seq }: { no: number; id: string; seq: number },
  mostBehind: number,
): string | undefined {
  if (stamp.volumeId !== volumeOf(db) || stamp.vaultId !== id) return 'It is of another vault.'
  if (stamp.schema !== schemaOf(db)) return 'It is of another version of the index.'
  if (stamp.seq > seq) return 'It is newer than the index.'
  if (seq - stamp.seq > mostBehind) return 'Too much has changed since.'
  if (stamp.mark !== markAt(db, no, stamp.seq)) return 'The index has another history.'
  const changes = db.prepare('SELECT count(*) FROM change WHERE vault_no = ? AND seq > ?').pluck().get(no, stamp.seq)
  return changes === seq - stamp.seq ? undefined : 'The journal does not say all that has changed since.'
}

/** The journal's row at `seq` as no other history has it. Who it was may be forgotten later, so that is not in it. */
function markAt(db: Connection, vaultNo: number, seq: number): string | undefined {
  return db
    .prepare(`SELECT no || ' ' || kind || ' ' || subject_id || ' ' || at FROM change WHERE vault_no = ? AND seq = ?`)
    .pluck()
    .get(vaultNo, seq) as string | undefined
}

function volumeOf(db: Connection): string {
  return String(db.prepare(`SELECT value FROM setting WHERE key = 'volume'`).pluck().get())
}

function schemaOf(db: Connection): number {
  return db.pragma('user_version', { simple: true }) as number
}
