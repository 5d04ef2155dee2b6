/** Durable jobs as rows. Knows no handler: whoever claims a job knows what its name means. */
import { sql } from 'kysely'
import type { Index, Transaction } from './open.ts'
import { q } from './query.ts'

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
  tx.run(q.insertInto('job').values({ name, payload: JSON.stringify(payload), priority, run_at: runAt }))
}

/** Adds a job without a payload, unless one of its name waits already. */
export function enqueueOnce(tx: Transaction, name: string, runAt: number): void {
  const there = tx.get(q.selectFrom('job').select('no').where('name', '=', name).where('dead_at', 'is', null).limit(1))
  if (!there) enqueue(tx, { name, payload: null, priority: 10, runAt })
}

/** Takes the next job that is due, for `leaseMs`; a job whose lease ran out is taken again. */
export function claim(index: Index, now: number, leaseMs: number): Promise<Job | undefined> {
  return index.write((tx) => {
    const row = tx.get(
      q
        .selectFrom('job')
        .select(['no', 'name', 'payload', 'attempts'])
        .where('dead_at', 'is', null)
        .where('run_at', '<=', now)
        .orderBy('priority')
        .orderBy('run_at')
        .orderBy('no')
        .limit(1),
    )
    if (!row) return undefined
    tx.run(
      q
        .updateTable('job')
        .set({ run_at: now + leaseMs, attempts: row.attempts + 1 })
        .where('no', '=', row.no),
    )
    return { ...row, payload: JSON.parse(row.payload) as unknown, attempts: row.attempts + 1 }
  })
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
