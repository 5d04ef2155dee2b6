/** Background jobs as administrators see them, and trying again one that was given up. */
import { type Selectable, sql } from 'kysely'
import type { Job, JobKind, JobOverview } from '../api/jobs.ts'
import { q } from '../index/query.ts'
import type { Tables } from '../index/tables.ts'
import { Problem } from '../problem.ts'
import { type Actor, requireAdmin } from './access.ts'
import type { Core } from './core.ts'
import { writeEvent } from './events.ts'

type JobRow = Selectable<Tables['job']>

const mostWaiting = 50
const mostFailed = 100
const errorLength = 200

/** How many jobs there are of each kind in each state, and since when the oldest due one waits. */
export interface JobCounts {
  kinds: JobKind[]
  /** Milliseconds since 1970; null when none waits. */
  oldestDueAt: number | null
}

/** Counts the queue on the reading thread: it may be long. */
export async function countJobs(core: Core): Promise<JobCounts> {
  const now = core.now()
  const rows = await core.index.readAway(
    // While a job is claimed its `run_at` is when the claim ends; that it runs, only the process knows.
    sql<{ kind: string; waiting: number; planned: number; begun: number; failed: number; oldest: number | null }>`
      SELECT name AS kind,
             count(*) FILTER (WHERE dead_at IS NULL AND run_at <= ${now}) AS waiting,
             count(*) FILTER (WHERE dead_at IS NULL AND run_at > ${now} AND attempts = 0) AS planned,
             count(*) FILTER (WHERE dead_at IS NULL AND run_at > ${now} AND attempts > 0) AS begun,
             count(*) FILTER (WHERE dead_at IS NOT NULL) AS failed,
             min(run_at) FILTER (WHERE dead_at IS NULL AND run_at <= ${now}) AS oldest
      FROM job GROUP BY name ORDER BY name`,
  )
  const due = rows.flatMap(({ oldest }) => (oldest === null ? [] : [oldest]))
  return {
    kinds: rows.map(({ kind, waiting, planned, begun, failed }) => {
      const running = [...core.runningJobs.values()].filter((job) => job.kind === kind).length
      return { kind, waiting, running, retrying: Math.max(0, begun - running), planned, failed }
    }),
    oldestDueAt: due.length === 0 ? null : Math.min(...due),
  }
}

/** Everything about the queue, for administrators. */
export async function listJobs(core: Core, actor: Actor): Promise<JobOverview> {
  requireAdmin(actor)
  const now = core.now()
  const { kinds, oldestDueAt } = await countJobs(core)
  const jobs = q.selectFrom('job').selectAll()
  const alive = jobs.where('dead_at', 'is', null)
  const waiting = await core.index.readAway(
    alive.where('run_at', '<=', now).orderBy('priority').orderBy('run_at').orderBy('no').limit(mostWaiting),
  )
  const begun = await core.index.readAway(
    alive
      .where('run_at', '>', now)
      .where('attempts', '>', 0)
      .orderBy('run_at')
      .limit(mostWaiting + core.runningJobs.size),
  )
  const failed = await core.index.readAway(
    jobs.where('dead_at', 'is not', null).orderBy('dead_at', 'desc').limit(mostFailed),
  )
  const shown = begun.map((row) => toJob(core, row))
  return {
    kinds,
    oldestWaitingSeconds: oldestDueAt === null ? 0 : Math.max(0, (now - oldestDueAt) / 1000),
    waiting: waiting.map((row) => toJob(core, row)),
    running: shown.filter(({ state }) => state === 'running'),
    retrying: shown.filter(({ state }) => state !== 'running').slice(0, mostWaiting),
    failed: failed.map((row) => toJob(core, row)),
  }
}

/** Makes a job that failed due again, with all its attempts; `conflict` where it has not failed or runs. */
export async function retryJob(core: Core, actor: Actor, id: string): Promise<Job> {
  requireAdmin(actor)
  const no = /^\d{1,15}$/.test(id) ? Number(id) : 0
  const job = await core.index.write((tx) => {
    const row = tx.get(q.selectFrom('job').selectAll().where('no', '=', no))
    if (!row) throw new Problem('not-found', 'There is no such job. It may be done by now.')
    if (core.runningJobs.has(no)) throw new Problem('conflict', 'This job is running.')
    if (row.dead_at === null && row.attempts === 0)
      throw new Problem('conflict', 'This job has not failed; it is begun when its turn comes.')
    const again = { dead_at: null, attempts: 0, run_at: core.now() }
    tx.run(q.updateTable('job').set(again).where('no', '=', no))
    writeEvent(tx, core.now(), actor, { act: 'change', subjectId: id, name: `Job ${row.name} is tried again` })
    tx.onCommit(() => core.news.tell())
    return { ...row, ...again }
  })
  return toJob(core, job)
}

function toJob(core: Core, row: JobRow): Job {
  const running = core.runningJobs.get(row.no)
  const state =
    row.dead_at !== null
      ? 'failed'
      : running
        ? 'running'
        : row.run_at > core.now() && row.attempts > 0
          ? 'retrying'
          : 'waiting'
  return {
    id: String(row.no),
    kind: row.name,
    state,
    attempts: row.attempts,
    at: new Date(row.dead_at ?? running?.since ?? row.run_at).toISOString(),
    payload: JSON.parse(row.payload) as unknown,
    error: row.error?.slice(0, errorLength) ?? null,
  }
}
