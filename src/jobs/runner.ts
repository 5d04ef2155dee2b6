/** Claims jobs and runs them: retries with backoff, gives up after a while, stops cleanly. */
import { claim, enqueueOnce, fail, finish, isJobDue, type Job, type Pace } from '../index/queue.ts'
import type { Core } from '../vault/core.ts'

/** Does a job; to be repeatable, as a job can run twice when the machine stops in the middle. */
export type Handler = (payload: unknown, attempt: Attempt) => Promise<void>

export interface Attempt {
  signal: AbortSignal
  /** A failure now is for good. */
  last: boolean
}

export interface Jobs extends AsyncDisposable {
  /** Resolves when no job is due any more; for tests and for a tidy end. */
  idle(): Promise<void>
}

const leaseMs = 5 * 60_000
const mostAttempts = 5
const firstRetryMs = 2_000
const lookEveryMs = 30_000

/** Up to this priority jobs run beside anything. */
const urgent = 0
const longestWaitMs = 30_000
const lookAgainMs = 300

/** Starts `atOnce` workers that wake when the journal moves, and look by themselves now and then. */
export function startJobs(
  core: Core,
  handlers: Readonly<Record<string, Handler>>,
  { atOnce, recurring = {} }: { atOnce: number; recurring?: Readonly<Record<string, number>> },
): Jobs {
  const stop = new AbortController()
  const log = core.log.child({ subsystem: 'jobs' })
  const running = new Set<Promise<void>>()
  let rested: (() => void)[] = []

  const wake = (): void => {
    while (running.size < atOnce && !stop.signal.aborted) {
      const worker: Promise<void> = work()
        .catch((error: unknown) => log.error({ err: error }, 'the queue could not be read'))
        .finally(() => {
          running.delete(worker)
          if (running.size > 0) return
          if (rested.length > 0 && !stop.signal.aborted && isJobDue(core.index, core.now(), pace())) wake()
          else for (const rest of rested.splice(0)) rest()
        })
      running.add(worker)
    }
  }

  // While somebody asks for something only what people wait for is done: thumbnails. The rest waits, but not for ever.
  const pace = (): Pace => {
    const isQuiet = rested.length > 0 || !core.activity.isBusy()
    return { priority: isQuiet ? Number.MAX_SAFE_INTEGER : urgent, overdue: core.now() - longestWaitMs }
  }

  async function work(): Promise<void> {
    if (stop.signal.aborted) return
    if (!isJobDue(core.index, core.now(), pace())) {
      if (core.activity.isBusy()) lookSoon()
      return
    }
    let job = await core.index.write((tx) => claim(tx, core.now(), leaseMs, pace()))
    while (job) job = await run(job)
    if (core.activity.isBusy()) lookSoon()
  }

  let soon: NodeJS.Timeout | undefined
  const lookSoon = (): void => {
    soon ??= setTimeout(() => {
      soon = undefined
      wake()
    }, lookAgainMs)
    soon.unref()
  }

  /** Runs a job; answers the next one, which is claimed in the transaction that ends this one. */
  async function run(job: Job): Promise<Job | undefined> {
    const handler = handlers[job.name]
    const began = performance.now()
    core.runningJobs.set(job.no, { kind: job.name, since: core.now() })
    const count = (outcome: 'done' | 'failed') =>
      core.metrics.jobSeconds.observe({ kind: job.name, outcome }, (performance.now() - began) / 1000)
    try {
      if (!handler) throw new Error(`There is no handler for "${job.name}".`)
      await handler(job.payload, {
        signal: AbortSignal.any([stop.signal, AbortSignal.timeout(leaseMs)]),
        last: job.attempts >= mostAttempts,
      })
      const next = await core.index.write((tx) => {
        finish(tx, job.no)
        const again = recurring[job.name]
        if (again !== undefined) enqueueOnce(tx, job.name, core.now() + again)
        return stop.signal.aborted ? undefined : claim(tx, core.now(), leaseMs, pace())
      })
      count('done')
      return next
    } catch (error) {
      if (stop.signal.aborted) return undefined // the lease runs out and the job is taken again after the next start
      count('failed')
      const message = error instanceof Error ? error.message : String(error)
      const retryAt = job.attempts >= mostAttempts ? null : core.now() + firstRetryMs * 4 ** (job.attempts - 1)
      log.warn(
        { err: error, job: job.name, payload: job.payload, attempts: job.attempts, givenUp: retryAt === null },
        'job failed',
      )
      await fail(core.index, job, message, core.now(), retryAt)
      return core.index.write((tx) => claim(tx, core.now(), leaseMs, pace()))
    } finally {
      core.runningJobs.delete(job.no)
    }
  }

  const names = Object.keys(recurring)
  if (names.length > 0)
    core.index
      .write((tx) => names.forEach((name) => void enqueueOnce(tx, name, core.now() + 60_000)))
      .catch((error: unknown) => log.error({ err: error }, 'the clean-up could not be planned'))
  const deaf = core.news.listen(wake)
  const timer = setInterval(wake, lookEveryMs)
  timer.unref()
  wake()
  return {
    async idle() {
      await new Promise<void>((resolve) => {
        rested.push(resolve) // before they look, so that nothing waits for a quiet moment
        wake()
      })
    },
    async [Symbol.asyncDispose]() {
      stop.abort()
      deaf()
      clearInterval(timer)
      clearTimeout(soon)
      await Promise.all(running)
      rested = []
    },
  }
}
