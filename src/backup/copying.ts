/** Files put from a volume into a backup and back, on a thread of their own. */
import { Worker } from 'node:worker_threads'
import { Problem } from '../problem.ts'

export interface CopyJob {
  /** Where the bytes are. */
  from: string
  /** A name that nothing has yet, in a directory that is there. */
  to: string
  /** Names of what has the same bytes: the first that can be given a second name saves the copy. */
  links: readonly string[]
  /** In hex, where it is known; what is copied is held against it, and what is linked is not read. */
  sha256: string | undefined
}

export interface CopyDone {
  /** `damaged`: it was copied, and is not what was stored. `missing`, `unreadable`: nothing is at `to`. */
  how: 'linked' | 'copied' | 'damaged' | 'missing' | 'unreadable'
  /** What it should be, where that was known, else what it is. */
  sha256: string
  /** How many were read. */
  bytes: number
}

export interface CopyBatch {
  id: number
  jobs: readonly CopyJob[]
}

/** A failure of the disk that is written to, with the system's code. */
export class CopyTargetError extends Error {
  readonly code: string | undefined
  constructor(message: string, code: string | undefined) {
    super(message)
    this.code = code
  }
}

export interface Copying extends AsyncDisposable {
  /** Puts all files of a batch; durable when it resolves, but for the names in their directories. */
  put(jobs: readonly CopyJob[]): Promise<CopyDone[]>
}

/** Starts the thread; `bytesPerSecond` null: as fast as the disks can. */
export function openCopying(bytesPerSecond: number | null): Copying {
  const worker = new Worker(new URL('./copying-thread.ts', import.meta.url), { workerData: { bytesPerSecond } })
  const asked = new Map<number, { resolve: (done: CopyDone[]) => void; reject: (error: Error) => void }>()
  let last = 0
  type Answer = { id: number; done: CopyDone[] } | { id: number; error: string; code?: string; isTarget: boolean }
  worker.on('message', (answer: Answer) => {
    const waiting = asked.get(answer.id)
    asked.delete(answer.id)
    if ('done' in answer) waiting?.resolve(answer.done)
    else waiting?.reject(answer.isTarget ? new CopyTargetError(answer.error, answer.code) : new Error(answer.error))
  })
  const fail = (error: Error) => {
    for (const waiting of asked.values()) waiting.reject(error)
    asked.clear()
  }
  worker.on('error', (error) => fail(error instanceof Error ? error : new Error(String(error))))
  worker.on('exit', () => fail(new Problem('busy', 'The copying thread ended. Try again.')))
  return {
    put(jobs) {
      const id = ++last
      return new Promise((resolve, reject) => {
        asked.set(id, { resolve, reject })
        worker.postMessage({ id, jobs } satisfies CopyBatch)
      })
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate()
    },
  }
}
