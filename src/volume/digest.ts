// Hashing on a thread of its own, while the file is still being written: the main thread never waits for it, and an upload
// is as fast as the slower of disk and hash, not as both together.

import { Worker } from 'node:worker_threads'
import { Problem } from '../problem.ts'
import type { Asked, Told } from './digest-thread.ts'
import type { Digest } from './digester.ts'

/** A file that is hashed while it is written. */
export interface Following extends AsyncDisposable {
  /** Says that the file has its bytes up to `to`; they are hashed soon. */
  follow(to: number): void
  /** Hashes the rest up to `size`. */
  finish(size: number): Promise<Digest>
}

interface Waiting {
  resolve: (digest: Digest | undefined) => void
  reject: (error: unknown) => void
}

let thread: Worker | undefined
let last = 0
const waiting = new Map<number, Waiting>()
const failed = new Map<number, string>()

/** Begins to hash a file that is there, from its beginning. Dispose of it when the upload ends early. */
export function followFile(path: string): Following {
  const id = ++last
  const worker = running()
  const ask = (asked: Asked) => worker.postMessage(asked)
  const answered = (asked: Asked): Promise<Digest | undefined> => {
    if (worker !== thread) return Promise.reject(unreadable('The thread ended.'))
    return new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
      worker.ref()
      ask(asked)
    })
  }
  let isOpen = true
  ask({ id, what: 'open', path })
  return {
    follow: (to) => ask({ id, what: 'follow', to }),
    async finish(size) {
      isOpen = false
      const before = failed.get(id)
      failed.delete(id)
      if (before !== undefined) throw unreadable(before)
      return (await answered({ id, what: 'finish', to: size })) as Digest
    },
    async [Symbol.asyncDispose]() {
      if (!isOpen) return
      isOpen = false
      failed.delete(id)
      await answered({ id, what: 'forget' }).catch(() => {}) // a thread that ended has closed everything
    },
  }
}

/** Hashes a whole file of this size. */
export async function digestFile(path: string, size: number): Promise<Digest> {
  await using following = followFile(path)
  return await following.finish(size)
}

function running(): Worker {
  if (thread) return thread
  const worker = new Worker(new URL('./digest-thread.ts', import.meta.url))
  worker.unref()
  worker.on('message', (told: Told) => {
    const one = waiting.get(told.id)
    waiting.delete(told.id)
    if (waiting.size === 0) worker.unref()
    if ('error' in told && !one) failed.set(told.id, told.error)
    else if ('error' in told) one?.reject(unreadable(told.error))
    else one?.resolve('digest' in told ? told.digest : undefined)
  })
  worker.on('error', (error) => end(error.message))
  worker.on('exit', () => end('The thread ended.'))
  const end = (reason: string): void => {
    if (thread === worker) thread = undefined
    for (const one of waiting.values()) one.reject(unreadable(reason))
    waiting.clear()
  }
  thread = worker
  return worker
}

function unreadable(reason: string): Problem {
  return new Problem(
    'storage-unavailable',
    'The bytes that were stored could not be read back. Nothing was changed; try again.',
    {
      cause: new Error(reason),
    },
  )
}
