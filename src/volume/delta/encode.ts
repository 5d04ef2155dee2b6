// Deltas are made on one thread, one at a time: the main thread never waits, and the memory that making one takes
// (160 to 280 MB) is taken once, however many versions arrive.

import { rm } from 'node:fs/promises'
import { setTimeout } from 'node:timers'
import { Worker } from 'node:worker_threads'
import { Problem } from '../../problem.ts'
import type { Encoded, Job } from './encoding.ts'
import type { Answer } from './encoding-thread.ts'

export type { Encoded, Job } from './encoding.ts'

// Between versions that follow each other closely the thread stays; then its memory is given back.
const IDLE_MS = 5000

let thread: Worker | undefined
let idle: NodeJS.Timeout | undefined
let queue: Promise<unknown> = Promise.resolve()

/**
 * Writes to `output` what it takes to rebuild `target`, the old content, from `source`, the newer one, or `target`
 * compressed where that is about as small (`zstd`), or nothing where neither saves 3 % (`whole`). Before it answers, the
 * target was rebuilt from the file and compared by SHA-256, and the file's bytes were synced: linking it to its final name
 * and syncing the directory are the caller's. `output` must not exist; unless the answer is `delta` or `zstd` it does not
 * exist afterwards either, but after a crash of the process it may, in part. The inputs must not change meanwhile.
 * Failures of the disk are the `Problem`s of the volume; aborting throws the signal's reason.
 */
export function encodeDelta(job: Job, { signal }: { signal?: AbortSignal } = {}): Promise<Encoded> {
  const result = queue.then(() => {
    signal?.throwIfAborted()
    return encodeNow(job, signal)
  })
  queue = result.catch(() => {})
  return result
}

async function encodeNow(job: Job, signal: AbortSignal | undefined): Promise<Encoded> {
  clearTimeout(idle)
  thread ??= startThread()
  const worker = thread
  worker.ref()
  let answer: Answer
  try {
    answer = await ask(worker, job, signal)
  } catch (error) {
    // The thread died or is to die in the middle of its work; only now does nobody write any more.
    thread = undefined
    await worker.terminate()
    await rm(job.output, { force: true })
    throw error
  }
  worker.unref()
  idle = setTimeout(endThread, IDLE_MS).unref()
  if ('encoded' in answer) return answer.encoded
  const { code, message, detail } = answer.failure
  if (code) throw new Problem(code, message, { cause: new Error(detail) })
  throw new Error(message)
}

function startThread(): Worker {
  // An idle thread that fails is replaced; one that works has a listener more.
  const worker = new Worker(new URL('./encoding-thread.ts', import.meta.url), { name: 'deltas' })
  worker.on('error', () => {
    if (thread === worker) thread = undefined
  })
  return worker
}

function endThread(): void {
  const worker = thread
  thread = undefined
  worker?.terminate()
}

function ask(worker: Worker, job: Job, signal: AbortSignal | undefined): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>()
  const abort = () => reject(signal?.reason)
  const exit = (code: number) => reject(new Error(`The thread that makes deltas ended with ${code}`))
  signal?.addEventListener('abort', abort)
  worker.once('message', resolve).once('error', reject).once('exit', exit)
  worker.postMessage(job satisfies Job)
  return promise.finally(() => {
    signal?.removeEventListener('abort', abort)
    worker.off('message', resolve).off('error', reject).off('exit', exit)
  })
}
