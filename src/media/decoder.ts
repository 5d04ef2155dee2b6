/**
 * One decoding child, seen from the server: started by the first job, given one job at a time, ended when it is idle,
 * has done enough, or oversteps a limit. Every early end is a kill of its whole process group, and a job is over only
 * when the process has answered or is gone.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { isSea } from 'node:sea'
import { fileURLToPath } from 'node:url'
import * as v from 'valibot'
import { type Job, MediaError } from './job.ts'
import { watchMemory } from './memory.ts'
import { Reply } from './reply.ts'

export interface Limits {
  memoryMb: number
  timeoutSeconds: number
  /** Of `memoryMb`, what JavaScript may take. Pixels live outside. */
  heapMb: number
}

/** What a child answers to a job that it could do. */
export type Answer = Exclude<Reply, { outcome: 'refused' }>

const script = fileURLToPath(new URL('./child.ts', import.meta.url))

/** A fresh process now and then keeps small leaks of the decoders small. */
const jobsPerChild = 200
const idleMilliseconds = 60_000

/** Nothing of the server's own environment: it holds secrets. Two arenas keep malloc from hoarding memory. */
const environment = { PATH: '/usr/local/bin:/usr/bin:/bin', LANG: 'C.UTF-8', MALLOC_ARENA_MAX: '2' }

interface Child {
  process: ChildProcess
  ready: Promise<unknown>
  /** Rejects with the reason once the process is gone. */
  ended: Promise<never>
  /** Why we ended it, if it was us. */
  verdict: unknown
  jobs: number
}

export class Decoder implements AsyncDisposable {
  readonly #limits: Limits
  #child: Child | null = null
  #idle: NodeJS.Timeout | undefined

  constructor(limits: Limits) {
    this.#limits = limits
  }

  /** Does one job; not to be called again before it has settled. An aborted job rejects with the signal's reason. */
  async run(job: Job, signal: AbortSignal): Promise<Answer> {
    signal.throwIfAborted()
    clearTimeout(this.#idle)
    this.#child ??= this.#start()
    const child = this.#child
    const { memoryMb, timeoutSeconds } = this.#limits

    const over = new AbortController()
    const abort = () => this.#end(child, signal.reason)
    signal.addEventListener('abort', abort, { signal: over.signal })
    const deadline = setTimeout(
      () => this.#end(child, new MediaError('timeout', `Reading this took more than ${timeoutSeconds} seconds.`)),
      timeoutSeconds * 1000,
    ).unref()
    const exceeded = () => this.#end(child, new MediaError('too-large', `Reading this takes more than ${memoryMb} MB.`))
    if (child.process.pid) void watchMemory(child.process.pid, memoryMb * 1024 ** 2, exceeded, over.signal)

    hold(child.process, true)
    try {
      return await this.#ask(child, job)
    } finally {
      hold(child.process, false)
      clearTimeout(deadline)
      over.abort()
      child.jobs += 1
      if (child.jobs >= jobsPerChild) await this[Symbol.asyncDispose]()
      this.#idle = setTimeout(() => this[Symbol.asyncDispose](), idleMilliseconds).unref()
    }
  }

  /** Ends the child, if there is one, and returns when it is gone. A later job would start another. */
  async [Symbol.asyncDispose](): Promise<void> {
    clearTimeout(this.#idle)
    const child = this.#child
    if (!child) return
    this.#end(child, new MediaError('unavailable', 'The decoder was closed.'))
    hold(child.process, true)
    await child.ended.catch(() => {})
  }

  async #ask(child: Child, job: Job): Promise<Answer> {
    await Promise.race([child.ready, child.ended])
    const answer = new Promise<unknown>((resolve) => child.process.once('message', resolve))
    // A message that cannot be sent means that the process is ending, and its end is awaited anyway.
    child.process.send(job, () => {})
    const reply = v.safeParse(Reply, await Promise.race([answer, child.ended]))
    if (!reply.success) {
      this.#end(child, new MediaError('damaged', 'The decoder gave an answer that makes no sense.'))
      return child.ended
    }
    if (reply.output.outcome === 'refused') throw new MediaError(reply.output.reason, reply.output.message)
    return reply.output
  }

  #start(): Child {
    // `detached` makes a process group of the child and of all that it starts.
    const spawned = spawn(process.execPath, commandLine(this.#limits.heapMb), {
      cwd: '/',
      env: environment,
      detached: true,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    const { promise: ended, reject } = Promise.withResolvers<never>()
    ended.catch(() => {}) // between jobs nobody listens
    let ready = false
    const child: Child = {
      process: spawned,
      ready: new Promise((resolve) => spawned.once('message', resolve)).then(() => {
        ready = true
      }),
      ended,
      verdict: undefined,
      jobs: 0,
    }
    spawned.once('exit', (_code, signal) => {
      this.#end(child, ready ? death(signal) : new MediaError('unavailable', 'The decoder could not be started.'))
      reject(child.verdict)
    })
    spawned.once('error', (cause) => {
      this.#end(child, new MediaError('unavailable', 'The decoder could not be started.', { cause }))
      if (spawned.pid === undefined) reject(child.verdict)
    })
    return child
  }

  /** Kills the group. From here on the child takes no jobs; the first reason given is the one that counts. */
  #end(child: Child, verdict: unknown): void {
    child.verdict ??= verdict
    if (this.#child === child) this.#child = null
    if (child.process.pid === undefined) return
    try {
      process.kill(-child.process.pid, 'SIGKILL')
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error // gone already
    }
  }
}

/** For this program once more. The single executable has no Node to give a script to: it runs a part of itself (scripts/package/). */
function commandLine(heap: number): string[] {
  const limit = `--max-old-space-size=${heap}`
  return isSea() ? [`--node-options=${limit}`, '--part', script] : [limit, script]
}

/** What it means that the process ended without our doing. */
function death(signal: NodeJS.Signals | null): MediaError {
  return signal === 'SIGKILL' || signal === 'SIGTERM'
    ? new MediaError('unavailable', 'The decoder was killed from outside.')
    : new MediaError('damaged', 'The decoder crashed over this file.')
}

/** A child at work keeps the server's event loop alive, an idle one does not. */
function hold(child: ChildProcess, working: boolean): void {
  for (const handle of [child, child.channel]) {
    if (working) handle?.ref()
    else handle?.unref()
  }
}
