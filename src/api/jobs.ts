/** Background jobs, for administrators: what waits, what runs, what was given up. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { Time } from './schema.ts'

export const Job = v.object({
  id: v.string(),
  /** What is done: media, blocks, pack, sweep, … */
  kind: v.string(),
  /** `retrying`: failed, and tried again at `runAt`; `failed`: given up. */
  state: v.picklist(['waiting', 'running', 'retrying', 'failed']),
  attempts: v.number(),
  /** When it became or becomes due; of one that runs, since when it runs; of one that was given up, when. */
  at: Time,
  /** Ids of what it is about; null where it is about nothing in particular. */
  payload: v.unknown(),
  /** The first 200 characters of what went wrong the last time; null where nothing did. */
  error: v.nullable(v.string()),
})
export type Job = v.InferOutput<typeof Job>

export const JobKind = v.object({
  kind: v.string(),
  /** Due, and not begun. */
  waiting: v.number(),
  running: v.number(),
  /** Failed, to be tried again later. */
  retrying: v.number(),
  /** To be begun later. */
  planned: v.number(),
  /** Given up. */
  failed: v.number(),
})
export type JobKind = v.InferOutput<typeof JobKind>

export const JobOverview = v.object({
  kinds: v.array(JobKind),
  /** For how many seconds the oldest due job has waited; 0 when none waits. */
  oldestWaitingSeconds: v.number(),
  /** The next 50 that are due. */
  waiting: v.array(Job),
  running: v.array(Job),
  /** The next 50 that failed and are tried again. */
  retrying: v.array(Job),
  /** The last 100 that were given up, newest first. */
  failed: v.array(Job),
})
export type JobOverview = v.InferOutput<typeof JobOverview>

export const listJobs = endpoint('GET /api/admin/jobs', {
  summary: 'Background jobs: counts by kind and state; those that wait, run, or were given up.',
  access: 'admin',
  returns: JobOverview,
})

export const retryJob = endpoint('POST /api/admin/jobs/:id/retry', {
  summary: 'Tries a job that failed again, now, as often as a new one.',
  access: 'admin',
  returns: Job,
  status: 202,
})
