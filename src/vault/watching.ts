/** What is read when somebody asks for metrics: the state of index, volume and queue, as gauges beside the counters. */
import { sql } from 'kysely'
import { backupState } from './backup-state.ts'
import type { Core } from './core.ts'
import { countJobs } from './jobs.ts'

/** However many ask, the index is read once in so long. */
const keptMs = 5000

/** Answers all metrics of a server as Prometheus reads them; also when index or volume cannot be read, and then says so. */
export function openWatching(core: Core, version: string): () => Promise<string> {
  const { metrics } = core
  metrics.build.set({ version }, 1)
  let last: { at: number; read: Promise<void> } | undefined
  return async () => {
    const now = core.now()
    if (!last || now - last.at >= keptMs || now < last.at) last = { at: now, read: readAll(core) }
    await last.read
    return metrics.text()
  }
}

async function readAll(core: Core): Promise<void> {
  const { metrics } = core
  const outcomes = await Promise.allSettled([readVaults(core), readQueue(core), readVolume(core)])
  const failed = outcomes.filter((one) => one.status === 'rejected')
  for (const { reason } of failed) core.log.warn({ err: reason as unknown }, 'metrics could not be read')
  metrics.readable.set(failed.length === 0 ? 1 : 0)
}

interface Totals {
  users: number
  vaults: number
  nearlyFull: number
  files: number
  usedBytes: number
  quotaBytes: number
  trashBytes: number
  sessions: number
  uploads: number
  deliveries: number
}

async function readVaults(core: Core): Promise<void> {
  const { metrics } = core
  const now = core.now()
  const [row] = await core.index.readAway(
    sql<Totals>`
      SELECT (SELECT count(*) FROM user WHERE disabled_at IS NULL) AS users,
             (SELECT count(*) FROM session WHERE expires_at > ${now} AND last_seen_at + idle_ms > ${now}) AS sessions,
             (SELECT count(*) FROM upload WHERE file_id IS NULL) AS uploads,
             (SELECT count(*) FROM delivery) AS deliveries,
             count(*) AS vaults, coalesce(sum(used_bytes * 100 > quota_bytes * 95), 0) AS nearlyFull,
             coalesce(sum(file_count), 0) AS files, coalesce(sum(used_bytes), 0) AS usedBytes,
             coalesce(sum(quota_bytes), 0) AS quotaBytes, coalesce(sum(trash_bytes), 0) AS trashBytes
      FROM vault`,
  )
  if (!row) throw new Error('The index gave no answer.')
  metrics.users.set(row.users)
  metrics.sessions.set(row.sessions)
  metrics.uploadsOpen.set(row.uploads)
  metrics.deliveriesOpen.set(row.deliveries)
  metrics.vaults.set(row.vaults)
  metrics.vaultsNearlyFull.set(row.nearlyFull)
  metrics.files.set(row.files)
  metrics.usedBytes.set(row.usedBytes)
  metrics.quotaBytes.set(row.quotaBytes)
  metrics.trashBytes.set(row.trashBytes)
  metrics.lastBackup.remove()
  const backupAt = backupState(core).lastGoodAt
  if (backupAt !== null) metrics.lastBackup.set(backupAt / 1000)
}

async function readQueue(core: Core): Promise<void> {
  const { metrics } = core
  const { kinds, oldestDueAt } = await countJobs(core)
  const now = core.now()
  metrics.jobs.reset()
  for (const { kind, ...states } of kinds)
    for (const [state, many] of Object.entries(states)) metrics.jobs.set({ kind, state }, many)
  metrics.jobsFailed.set(kinds.reduce((sum, { failed }) => sum + failed, 0))
  metrics.oldestJob.set(oldestDueAt === null ? 0 : Math.max(0, (now - oldestDueAt) / 1000))
  const began = [...core.runningJobs.values()].map(({ since }) => since)
  metrics.longestJob.set(began.length === 0 ? 0 : Math.max(0, (now - Math.min(...began)) / 1000))
}

async function readVolume(core: Core): Promise<void> {
  const { metrics } = core
  const isOk = await core.volume.guard().then(
    () => 1,
    () => 0,
  )
  metrics.storageOk.set(isOk)
  const { freeBytes, totalBytes } = await core.volume.space()
  metrics.volumeFreeBytes.set(freeBytes)
  metrics.volumeTotalBytes.set(totalBytes)
}
