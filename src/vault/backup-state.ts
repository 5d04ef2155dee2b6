/** What is known of backups, for health and for the next backup: kept in the index, written by whoever makes them. */
import { sql } from 'kysely'
import { q } from '../index/query.ts'
import type { Core } from './core.ts'

export interface BackupState {
  /** When the last good backup shows the vault, in milliseconds since 1970. */
  lastGoodAt: number | null
  /** Where it lies. */
  directory: string | null
  /** When a backup was last restored on trial and found right. */
  lastProvenAt: number | null
  /** What was wrong with the last trial; null when nothing was. */
  failure: string | null
}

const key = 'backupState'
const none: BackupState = { lastGoodAt: null, directory: null, lastProvenAt: null, failure: null }
const dayMs = 86_400_000

export function backupState(core: Core): BackupState {
  const row = core.index.read.get(q.selectFrom('setting').select('value').where('key', '=', key))
  return row ? { ...none, ...(JSON.parse(row.value) as Partial<BackupState>) } : none
}

/** Notes what came of a backup or of a trial. */
export async function noteBackup(core: Core, change: Partial<BackupState>): Promise<void> {
  const value = JSON.stringify({ ...backupState(core), ...change })
  await core.index.write((tx) =>
    tx.run(
      sql`INSERT INTO setting (key, value) VALUES (${key}, ${value}) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
    ),
  )
}

/** What people should do about their backups; nothing is said where none was ever made. */
export function backupNotes({ lastGoodAt, failure }: BackupState, now: number): string[] {
  const notes: string[] = []
  if (lastGoodAt !== null && now - lastGoodAt > 2 * dayMs)
    notes.push(`The last good backup is ${Math.floor((now - lastGoodAt) / dayMs)} days old. Run "filevault backup".`)
  if (failure !== null) notes.push(`The last trial of a backup failed: ${failure}`)
  return notes
}
