/** The whole installation at a glance: what it holds is asked each time, what takes long is at most a minute old. */
import { sql } from 'kysely'
import type { Overview } from '../api/overview.ts'
import type { Stats } from '../api/storage.ts'
import type { Actor } from './access.ts'
import { requireAdmin } from './access.ts'
import { backupState } from './backup-state.ts'
import type { Core } from './core.ts'
import { countJobs } from './jobs.ts'
import { getTotals, kindsOf } from './storage.ts'
import { openTraffic } from './traffic.ts'

const keptMs = 60_000
const mostVaults = 10

/** Answers the overview, for administrators. */
export function openOverview(core: Core): (actor: Actor) => Promise<Overview> {
  const traffic = openTraffic(core)
  let kept: { at: number; kinds: Promise<Stats['kinds']> } | undefined

  const kinds = (): Promise<Stats['kinds']> => {
    const now = core.now()
    if (kept && now >= kept.at && now - kept.at < keptMs) return kept.kinds
    const asked = kindsOf(core)
    kept = { at: now, kinds: asked }
    asked.catch(() => {
      kept = undefined
    })
    return asked
  }

  return async (actor) => {
    requireAdmin(actor)
    const [totals, { kinds: jobs }, topVaults, open] = await Promise.all([
      getTotals(core),
      countJobs(core),
      core.index.readAway(topOfAll),
      core.index.readAway(sql<{ uploads: number }>`SELECT count(*) AS uploads FROM upload WHERE file_id IS NULL`),
    ])
    const sum = (state: 'waiting' | 'running' | 'failed') => jobs.reduce((all, kind) => all + kind[state], 0)
    const { series, complete } = await traffic.read()
    const backupAt = backupState(core).lastGoodAt
    return {
      ...totals,
      kinds: await kinds(),
      volume: await core.volume.space(),
      jobs: { waiting: sum('waiting'), running: sum('running'), failed: sum('failed') },
      uploadsUnderWay: open[0]?.uploads ?? 0,
      lastBackupAt: backupAt === null ? null : new Date(backupAt).toISOString(),
      series,
      seriesComplete: complete,
      topVaults,
    }
  }
}

const topOfAll = sql<Overview['topVaults'][number]>`
  SELECT v.id, v.name, v.kind, u.email AS owner, v.used_bytes AS usedBytes, v.quota_bytes AS quotaBytes,
         v.file_count AS files
  FROM vault v JOIN user u ON u.no = v.owner_no ORDER BY v.used_bytes DESC, v.no LIMIT ${mostVaults}`
