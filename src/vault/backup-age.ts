/** When the last backup was complete: the one place where that is kept, whoever makes it. */
import { q } from '../index/query.ts'
import type { Core } from './core.ts'

const key = 'lastBackupAt'

/** Milliseconds since 1970; null where no backup is known. */
export function lastBackupAt(core: Core): number | null {
  const row = core.index.read.get(q.selectFrom('setting').select('value').where('key', '=', key))
  const at: unknown = row && JSON.parse(row.value)
  return typeof at === 'number' ? at : null
}

/** Says that a backup was complete at `at`, in milliseconds since 1970. */
export async function noteBackup(core: Core, at: number): Promise<void> {
  const value = JSON.stringify(at)
  await core.index.write((tx) =>
    tx.run(
      q
        .insertInto('setting')
        .values({ key, value })
        .onConflict((conflict) => conflict.column('key').doUpdateSet({ value })),
    ),
  )
}
