/** What administrators change while the server runs; kept in the index, read when used. */
import { sql } from 'kysely'
import type { Settings } from '../api/settings.ts'
import { q } from '../index/query.ts'
import { type Actor, requireAdmin } from './access.ts'
import type { Core } from './core.ts'

const defaults: Settings = {
  defaultQuotaBytes: 10e9,
  teamQuotaBytes: 100e9,
  maxFileBytes: 1e12,
  chunkBytes: 5 * 1024 * 1024,
  keepVersions: 100,
  keepVersionDays: 365,
  keepTrashDays: 30,
}

/** The settings as they are now: what was changed over what is built in. */
export function currentSettings(core: Core): Settings {
  const rows = core.index.read.all(q.selectFrom('setting').selectAll().where('key', 'in', Object.keys(defaults)))
  return { ...defaults, ...Object.fromEntries(rows.map(({ key, value }) => [key, JSON.parse(value) as unknown])) }
}

export function getSettings(core: Core, actor: Actor): Settings {
  requireAdmin(actor)
  return currentSettings(core)
}

/** Changes what is named; effective at once. */
export async function changeSettings(core: Core, actor: Actor, change: Partial<Settings>): Promise<Settings> {
  requireAdmin(actor)
  await core.index.write((tx) => {
    for (const [key, value] of Object.entries(change))
      tx.run(
        sql`INSERT INTO setting (key, value) VALUES (${key}, ${JSON.stringify(value)}) ON CONFLICT (key) DO UPDATE SET value = excluded.value`,
      )
  })
  return currentSettings(core)
}
