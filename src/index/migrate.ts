/** Brings an index to the present schema: each migration in one transaction with its number, or not at all. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Problem } from '../problem.ts'
import type { Connection } from './connection.ts'

/** Says in the file's header that it is ours ("FVLT"). */
const applicationId = 0x46564c54

export interface Migration {
  number: number
  name: string
  sql: string
}

/** The migrations that this program knows, in order. */
export function knownMigrations(directory = join(import.meta.dirname, 'migrations')): Migration[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => ({ number: Number(name.slice(0, 4)), name, sql: readFileSync(join(directory, name), 'utf8') }))
}

/**
 * Applies what is missing. Before the first step of an upgrade `snapshot` is called, so that there is a way back.
 * Refuses an index that is newer than the program, or not ours.
 */
export function migrate(db: Connection, migrations: Migration[], snapshot: (from: number) => void = () => {}): void {
  const at = db.pragma('user_version', { simple: true }) as number
  const id = db.pragma('application_id', { simple: true }) as number
  const newest = migrations.at(-1)?.number ?? 0
  if (at > 0 && id !== applicationId)
    throw new Problem('storage-unavailable', 'The database on the volume is not an index of File Vault.')
  if (at > newest)
    throw new Problem(
      'storage-unavailable',
      `The index was written by a newer File Vault (schema ${at}, this program knows ${newest}). Install the newer version again; nothing was changed.`,
    )
  const missing = migrations.filter((one) => one.number > at)
  if (missing.length > 0 && at > 0) snapshot(at)
  for (const { number, sql } of missing) {
    db.transaction(() => {
      db.exec(sql)
      db.pragma(`application_id = ${applicationId}`)
      db.pragma(`user_version = ${number}`)
    }).immediate()
  }
  if (missing.length > 0) {
    const broken = db.pragma('foreign_key_check') as unknown[]
    if (broken.length > 0) throw new Error(`After the migration ${broken.length} rows refer to nothing.`)
  }
}
