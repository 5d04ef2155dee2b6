/** The engine in memory, as the rest of the program sees it: a thread that answers, and another engine while it cannot. */
import { Worker } from 'node:worker_threads'
import type { Log } from '../../log.ts'
import { Problem } from '../../problem.ts'
import { openQueue } from '../queue.ts'
import type { Engine, EngineAnswer, Found } from '../search.ts'
import type { Asked, Setting, Told } from './worker.ts'

interface Waiting {
  resolve: (answer: EngineAnswer | undefined) => void
  reject: (error: Error) => void
}

/** The thread has one to work on and one to go on with; the others wait here, where they can be dropped. */
const [atOnce, mostWaiting] = [2, 200]

export interface MemoryOptions {
  fallback: Engine
  log: Log
  /** Vaults of more files have a snapshot, and are made on a thread of their own. */
  fewFiles?: number
}

/** Opens the engine over the index at `path`. `fallback` answers while arrays are made and when the thread fails. */
export function openMemory(
  path: string,
  { fallback, log, fewFiles = 20_000 }: MemoryOptions,
): Engine & { warm(): Promise<void> } {
  const workerData: Setting = { path, fewFiles }
  const queue = openQueue({ atOnce, most: mostWaiting })
  let worker: Worker | undefined
  let last = 0
  let isClosed = false
  const waiting = new Map<number, Waiting>()

  const running = (): Worker => {
    if (worker) return worker
    const fresh = new Worker(new URL('./worker.ts', import.meta.url), { workerData })
    fresh.unref()
    fresh.on('message', (told: Told) => {
      if ('note' in told) return log.warn(told.note)
      const one = waiting.get(told.id)
      waiting.delete(told.id)
      if ('error' in told) {
        log.error({ detail: told.error }, 'a search in memory failed')
        one?.resolve(undefined)
      } else one?.resolve('answer' in told ? told.answer : undefined)
    })
    fresh.on('error', (error) => log.error({ err: error }, 'the search thread failed; it is started again'))
    fresh.on('exit', () => {
      if (worker === fresh) worker = undefined
      for (const one of waiting.values()) one.resolve(undefined)
      waiting.clear()
    })
    worker = fresh
    return fresh
  }
  const ask = (make: (id: number) => Asked): Promise<EngineAnswer | undefined> => {
    if (isClosed) return Promise.reject(new Problem('storage-unavailable', 'The server is stopping.'))
    const id = ++last
    return new Promise((resolve, reject) => {
      const target = running()
      waiting.set(id, { resolve, reject })
      target.postMessage(make(id))
    })
  }

  return {
    async find(query, asking): Promise<Found> {
      const answer = await queue.run(asking, () => ask((id) => ({ id, query })))
      return answer ? { ...answer, engine: 'memory' } : fallback.find(query, asking)
    },
    counts: queue.counts,
    async warm() {
      await ask((id) => ({ id, warm: true }))
    },
    async [Symbol.asyncDispose]() {
      isClosed = true
      await worker?.terminate()
      await fallback[Symbol.asyncDispose]()
    },
  }
}
