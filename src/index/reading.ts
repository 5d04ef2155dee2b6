/** Queries that may take longer than a few milliseconds, on a thread of their own. */
import { Worker } from 'node:worker_threads'
import { compile, type Query } from './query.ts'

interface Asked {
  resolve: (rows: unknown[]) => void
  reject: (error: Error) => void
}

export class Reading implements AsyncDisposable {
  readonly #path: string
  #worker: Worker | undefined
  #asked = new Map<number, Asked>()
  #last = 0
  #closed = false

  constructor(path: string) {
    this.#path = path
  }

  /** Runs `query` on the reading thread; what it sees is committed. Queries are answered in the order they were asked. */
  all<T>(query: Query<T>): Promise<T[]> {
    if (this.#closed) return Promise.reject(new Error('The index is closed.'))
    const id = ++this.#last
    const worker = this.#start()
    return new Promise<T[]>((resolve, reject) => {
      this.#asked.set(id, { resolve: resolve as (rows: unknown[]) => void, reject })
      worker.postMessage({ id, ...compile(query) })
    })
  }

  /** Starts the thread ahead of the first question. */
  warm(): void {
    this.#start()
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#worker?.terminate()
    this.#fail(new Error('The index was closed.'))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }

  #start(): Worker {
    if (this.#worker) return this.#worker
    const worker = new Worker(new URL('./reading-thread.ts', import.meta.url), { workerData: { path: this.#path } })
    worker.unref()
    worker.on('message', ({ id, rows, error }: { id: number; rows: unknown[]; error?: string }) => {
      const asked = this.#asked.get(id)
      this.#asked.delete(id)
      if (error === undefined) asked?.resolve(rows)
      else asked?.reject(new Error(error))
    })
    worker.on('error', (error) => {
      this.#worker = undefined
      this.#fail(error instanceof Error ? error : new Error(String(error)))
    })
    this.#worker = worker
    return worker
  }

  #fail(error: Error): void {
    for (const asked of this.#asked.values()) asked.reject(error)
    this.#asked.clear()
  }
}
