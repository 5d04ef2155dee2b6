/** Hashing what lies on the disk, on a thread of its own, at a bounded rate. */
import { Worker } from 'node:worker_threads'

export interface Hashed {
  size: number
  /** In hex. */
  sha256: string
  /** Where it was asked for. */
  crc32?: number
}

export interface Hashing extends AsyncDisposable {
  /**
   * The size and SHA-256 of a file as it lies on the disk; rejects with the system's code (`ENOENT`, `EIO`). `direct`
   * reads past the page cache where the filesystem can. `read` is told how far it is in a large file.
   */
  hash(path: string, options?: { direct?: boolean; crc32?: boolean; read?: (bytes: number) => void }): Promise<Hashed>
}

export class HashingError extends Error {
  /** The system's code. */
  readonly code: string
  constructor(code: string) {
    super(`The file cannot be read (${code}).`)
    this.code = code
  }
}

interface Asked {
  resolve: (hashed: Hashed) => void
  reject: (error: Error) => void
  read: (bytes: number) => void
}

/** Starts the thread; `bytesPerSecond` null: as fast as disk and processor can. */
export function openHashing(bytesPerSecond: number | null): Hashing {
  const worker = new Worker(new URL('./hashing-thread.ts', import.meta.url), { workerData: { bytesPerSecond } })
  worker.unref()
  const asked = new Map<number, Asked>()
  let last = 0
  type Answer = { id: number; read: number } | { id: number; error: string } | ({ id: number } & Hashed)
  worker.on('message', (answer: Answer) => {
    const waiting = asked.get(answer.id)
    if ('read' in answer) return waiting?.read(answer.read)
    asked.delete(answer.id)
    if (asked.size === 0) worker.unref()
    if ('error' in answer) waiting?.reject(new HashingError(answer.error))
    else {
      const { id: _, ...hashed } = answer
      waiting?.resolve(hashed)
    }
  })
  const fail = (error: Error) => {
    for (const waiting of asked.values()) waiting.reject(error)
    asked.clear()
  }
  worker.on('error', (error) => fail(error instanceof Error ? error : new Error(String(error))))
  worker.on('exit', () => fail(new Error('The hashing thread ended.')))
  return {
    hash(path, { direct = false, crc32 = false, read = () => {} } = {}) {
      const id = ++last
      worker.ref()
      return new Promise((resolve, reject) => {
        asked.set(id, { resolve, reject, read })
        worker.postMessage({ id, path, direct, crc32 })
      })
    },
    async [Symbol.asyncDispose]() {
      await worker.terminate()
    },
  }
}
