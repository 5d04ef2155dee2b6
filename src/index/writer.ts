/**
 * The one writer. Transactions are plain synchronous functions, so that nothing slow can stand between BEGIN and
 * COMMIT; those that arrive together share one COMMIT and one sync, each behind a savepoint of its own.
 */
import { Problem } from '../problem.ts'
import type { Connection } from './connection.ts'
import type { Query } from './query.ts'
import { type Reader, Statements, type Written } from './statements.ts'

export interface Transaction extends Reader {
  run(query: Query<unknown>): Written
  /** Calls `tell` once the transaction is durable; never when it failed. */
  onCommit(tell: () => void): void
}

interface Waiting {
  work: (tx: Transaction) => unknown
  resolve: (value: unknown) => void
  reject: (error: unknown) => void
}

interface Done {
  waiting: Waiting
  result: unknown
  tell: (() => void)[]
}

/** One COMMIT takes what fits in so many milliseconds; the rest waits for the next. */
const longestBatchMs = 20
/** How long a write waits for another process (the command line) that holds the write lock. */
const longestLockWaitMs = 5000

export class Writer {
  readonly #db: Connection
  readonly #statements: Statements
  readonly #onUnknown: (error: unknown) => void
  #queue: Waiting[] = []
  #scheduled = false
  #closed = false
  #lockedSince = 0
  #commits = 0
  #refusal: Problem | undefined

  /** `onUnknown` is told when a COMMIT failed in a way that leaves its outcome open: the process must stop and recover. */
  constructor(db: Connection, onUnknown: (error: unknown) => void) {
    this.#db = db
    this.#statements = new Statements(db)
    this.#onUnknown = onUnknown
  }

  /** Runs `work` in a transaction; resolves with its result once that is durable. What `work` throws undoes it alone. */
  write<T>(work: (tx: Transaction) => T): Promise<T> {
    if (this.#closed)
      return Promise.reject(new Problem('storage-unavailable', 'The server is stopping. Try again in a moment.'))
    if (this.#refusal) return Promise.reject(this.#refusal)
    return new Promise<T>((resolve, reject) => {
      this.#queue.push({ work, resolve: resolve as (value: unknown) => void, reject })
      this.#schedule()
    })
  }

  /** How many times this process has committed: what was read before the number changed may be out of date. */
  get commits(): number {
    return this.#commits
  }

  /** From now on every write is refused with this, until it is taken back with undefined. */
  refuse(problem: Problem | undefined): void {
    this.#refusal = problem
  }

  /** Commits what waits, then takes no more. */
  close(): void {
    while (this.#queue.length > 0) this.#flush()
    this.#closed = true
  }

  #schedule(delayMs?: number): void {
    if (this.#scheduled) return
    this.#scheduled = true
    const flush = () => {
      this.#scheduled = false
      if (this.#queue.length > 0) this.#flush()
      if (this.#queue.length > 0) this.#schedule(this.#lockedSince ? 25 : undefined)
    }
    if (delayMs === undefined) setImmediate(flush)
    else setTimeout(flush, delayMs)
  }

  #flush(): void {
    if (!this.#begin()) return
    const until = performance.now() + longestBatchMs
    const done: Done[] = []
    while (this.#queue.length > 0 && performance.now() < until) {
      const waiting = this.#queue.shift() as Waiting
      const tell: (() => void)[] = []
      try {
        done.push({ waiting, tell, result: this.#step(waiting.work, tell, done.length > 0) })
      } catch (error) {
        waiting.reject(understood(error))
        if (this.#db.inTransaction) continue
        // Nothing stands any more: what failed came first and had no savepoint, or SQLite itself rolled everything back
        // (disk full, out of memory), and then the others of this batch are undone too.
        for (const other of done) other.waiting.reject(understood(error))
        return
      }
    }
    this.#commit(done)
  }

  #begin(): boolean {
    try {
      this.#db.exec('BEGIN IMMEDIATE')
      this.#lockedSince = 0
      return true
    } catch (error) {
      const now = performance.now()
      this.#lockedSince ||= now
      if (codeOf(error) === 'SQLITE_BUSY' && now - this.#lockedSince < longestLockWaitMs) return false
      this.#lockedSince = 0
      for (const waiting of this.#queue.splice(0)) waiting.reject(understood(error))
      return false
    }
  }

  // What comes first needs no savepoint, as the whole transaction can go with it. That matters: SQLite's journal of an
  // open savepoint gets slower with every statement, so that inserting many rows in one would take their square.
  #step(work: (tx: Transaction) => unknown, tell: (() => void)[], shared: boolean): unknown {
    const statements = this.#statements
    if (shared) this.#db.exec('SAVEPOINT step')
    try {
      const result = work({
        all: (query) => statements.all(query),
        get: (query) => statements.get(query),
        run: (query) => statements.run(query),
        onCommit: (one) => tell.push(one),
      })
      if (result instanceof Promise) throw new TypeError('A transaction must not wait for anything.')
      if (shared) this.#db.exec('RELEASE step')
      return result
    } catch (error) {
      if (this.#db.inTransaction) this.#db.exec(shared ? 'ROLLBACK TO step; RELEASE step' : 'ROLLBACK')
      throw error
    }
  }

  #commit(done: Done[]): void {
    try {
      this.#db.exec('COMMIT')
    } catch (error) {
      // A failed COMMIT is an unknown outcome: after a restart it may have happened. Nobody is told that it did or did not.
      const sentence = 'The server could not make the change durable; whether it happened shows after its restart.'
      for (const { waiting } of done) waiting.reject(new Problem('storage-unavailable', sentence, { cause: error }))
      if (this.#db.inTransaction) this.#db.exec('ROLLBACK')
      if (codeOf(error) !== 'SQLITE_FULL' && codeOf(error) !== 'SQLITE_BUSY') this.#onUnknown(error)
      return
    }
    this.#commits++
    for (const { waiting, result, tell } of done) {
      waiting.resolve(result)
      for (const one of tell) one()
    }
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : ''
}

function understood(error: unknown): unknown {
  const code = codeOf(error)
  if (code === 'SQLITE_FULL')
    return new Problem('disk-full', 'The disk is full. Free some space and try again; nothing was changed.', {
      cause: error,
    })
  if (code.startsWith('SQLITE_BUSY'))
    return new Problem('busy', 'Another program holds the index. Try again in a moment.', {
      retryAfter: 5,
      cause: error,
    })
  return error
}
