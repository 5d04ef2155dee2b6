/** Durable jobs as rows. Knows no handler: whoever claims a job knows what its name means. */
import { sql } from 'kysely'
import type { Index, Reader, Transaction } from './open.ts'
import { fixed, q } from './query.ts'

export interface Job {
  no: number
  name: string
  payload: unknown
  attempts: number
}

export interface NewJob {
  name: string
  /** Ids only: what they name is read when the job runs. */
  payload: unknown
  priority?: number
  runAt: number
}

/** Adds a job in the transaction of the change that needs it. */
export function enqueue(tx: Transaction, { name, payload, priority = 0, runAt }: NewJob): void {
  tx.run(insertJob(name, JSON.stringify(payload), priority, runAt))
}

const insertJob = fixed('INSERT INTO job (name, payload, priority, run_at) VALUES (?, ?, ?, ?)')

/** Adds a job without a payload, unless one of its name waits already. */
export function enqueueOnce(tx: Transaction, name: string, runAt: number): void {
  const there = tx.get(q.selectFrom('job').select('no').where('name', '=', name).where('dead_at', 'is', null).limit(1))
  if (!there) enqueue(tx, { name, payload: null, priority: 10, runAt })
}

/** Which jobs are taken: those up to `priority`, and any that have waited since before `overdue`. */
export interface Pace {
  priority: number
  overdue: number
}

interface JobRow {
  no: number
  name: string
  payload: string
  attempts: number
}
// Two questions, as each has an index of its own: one walk over all that waits, after every change, is what they must not be.
const nextJob = fixed<JobRow>(`
  SELECT no, name, payload, attempts FROM job
  WHERE dead_at IS NULL AND priority <= ? AND run_at <= ? ORDER BY priority, run_at, no LIMIT 1`)
const overdueJob = fixed<JobRow>(`
  SELECT no, name, payload, attempts FROM job
  WHERE dead_at IS NULL AND run_at <= ? ORDER BY run_at LIMIT 1`)
const lease = fixed('UPDATE job SET run_at = ?, attempts = attempts + 1 WHERE no = ?')

/** Takes the next job that is due, for `leaseMs`; a job whose lease ran out is taken again. */
export function claim(tx: Transaction, now: number, leaseMs: number, pace: Pace): Job | undefined {
  const row = due(tx, now, pace)
  if (!row) return undefined
  tx.run(lease(now + leaseMs, row.no))
  return { ...row, payload: JSON.parse(row.payload) as unknown, attempts: row.attempts + 1 }
}

/** Whether there is something to claim. */
export function isJobDue(index: Index, now: number, pace: Pace): boolean {
  return due(index.read, now, pace) !== undefined
}

function due(read: Reader, now: number, { priority, overdue }: Pace): JobRow | undefined {
  return read.get(nextJob(priority, now)) ?? read.get(overdueJob(Math.min(overdue, now)))
}

/** Ends a job that is done. */
export function finish(tx: Transaction, no: number): void {
  tx.run(q.deleteFrom('job').where('no', '=', no))
}

/** Puts a failed job back to run at `retryAt`, or aside for good with null. */
export function fail(index: Index, job: Job, error: string, now: number, retryAt: number | null): Promise<unknown> {
  const change = { error: error.slice(0, 2000), ...(retryAt === null ? { dead_at: now } : { run_at: retryAt }) }
  return index.write((tx) => tx.run(q.updateTable('job').set(change).where('no', '=', job.no)))
}

/** How many jobs are due, run or are to be tried again, and when the next one is due; what is planned for later is not counted. */
export function queueState(index: Index, now: number): { depth: number; dead: number; nextAt: number | null } {
  const row = index.read.get(
    sql<{ depth: number; dead: number; nextAt: number | null }>`
      SELECT (SELECT count(*) FROM job WHERE dead_at IS NULL AND (run_at <= ${now} OR attempts > 0)) AS depth,
             (SELECT count(*) FROM job WHERE dead_at IS NOT NULL) AS dead,
             (SELECT min(run_at) FROM job WHERE dead_at IS NULL) AS nextAt`,
  )
  return row ?? { depth: 0, dead: 0, nextAt: null }
}
