/** Opens the index of a volume: one writer, a reader that never waits for it, a reading thread, and the lock. */
import { existsSync, rmSync } from 'node:fs'
import type Database from 'better-sqlite3'
import { Problem } from '../problem.ts'
import { openConnection } from './connection.ts'
import { takeLock } from './lock.ts'
import { knownMigrations, type Migration, migrate } from './migrate.ts'
import type { Query } from './query.ts'
import { Reading } from './reading.ts'
import { type Reader, Statements } from './statements.ts'
import { type Transaction, Writer } from './writer.ts'

export type { Reader } from './statements.ts'
export type { Transaction } from './writer.ts'

export interface Index extends AsyncDisposable {
  /** Of the database, for threads that read it through connections of their own. */
  readonly path: string
  /** Quick reads of what is committed, on this thread. */
  readonly read: Reader
  /** Reads that may exceed 5 ms, on a thread of their own. */
  readAway<T>(query: Query<T>): Promise<T[]>
  /** One transaction of SQL alone: `work` is synchronous. Resolves when it is durable. */
  write<T>(work: (tx: Transaction) => T): Promise<T>
  /** Refuses every write with this problem (the volume is gone), until it is taken back with undefined. */
  refuse(problem: Problem | undefined): void
  /** How many times this process has committed: what was read before the number changed may be out of date. */
  readonly commits: number
  /** A quick structural check; a sentence for each fault found. */
  check(): string[]
  /** Folds the log into the database; done at rest and at the end. */
  checkpoint(): void
}

export interface IndexOptions {
  /** `whole`: the server and whatever works on the whole volume; `guest`: a short command beside a running server. */
  as: 'whole' | 'guest'
  /** Told when a commit's outcome is unknown: the process must end, recovery decides. */
  onUnknown: (error: unknown) => void
  migrations?: Migration[]
  /** Counts how often a quick read found its statement prepared. */
  prepared?: { hits: number; misses: number }
}

/** Opens, locks and migrates the index at `path`. A second server on the same volume is refused before any write. */
export async function openIndex(
  path: string,
  { as, onUnknown, migrations = knownMigrations(), prepared }: IndexOptions,
): Promise<Index> {
  if (as === 'guest' && !existsSync(path))
    throw new Problem('storage-unavailable', 'There is no index on this volume yet. Start the server once.')
  const lock = as === 'whole' ? takeLock(path) : undefined
  try {
    const writing = openConnection(path, { busyMs: as === 'whole' ? 150 : 5000 })
    try {
      if (as === 'whole') migrate(writing, migrations, (from) => snapshot(writing, `${path}.before-${from}`))
      else assertSchema(writing, migrations)
      const reading = openConnection(path, { readonly: true, busyMs: 150 })
      const away = new Reading(path)
      const writer = new Writer(writing, onUnknown)
      return {
        path,
        read: new Statements(reading, prepared),
        readAway: (query) => away.all(query),
        write: (work) => writer.write(work),
        refuse: (problem) => writer.refuse(problem),
        get commits() {
          return writer.commits
        },
        // FTS5 on a connection that read words before calls what was written since damaged: hence a fresh one.
        check: () => {
          const fresh = openConnection(path, { readonly: true, busyMs: 150 })
          const rows = fresh.pragma('quick_check(10)') as { quick_check: string }[]
          fresh.close()
          return rows.map((row) => row.quick_check).filter((text) => text !== 'ok')
        },
        checkpoint: () => void writing.pragma('wal_checkpoint(TRUNCATE)'),
        async [Symbol.asyncDispose]() {
          writer.close()
          await away.close()
          reading.close()
          if (as === 'whole') writing.pragma('wal_checkpoint(TRUNCATE)')
          writing.close()
          lock?.close()
        },
      }
    } catch (error) {
      writing.close()
      throw error
    }
  } catch (error) {
    lock?.close()
    throw understood(error, path)
  }
}

// What SQLite says of a disk that fails or is full, as a sentence that says where.
function understood(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !('code' in error) || !String(error.code).startsWith('SQLITE_')) return error
  return new Problem(
    'storage-unavailable',
    `The index ${path} cannot be opened: ${error.message}. Look whether its disk is full, read-only or failing; nothing was changed.`,
    { cause: error },
  )
}

function snapshot(db: Database.Database, path: string): void {
  rmSync(path, { force: true })
  db.prepare('VACUUM INTO ?').run(path)
}

function assertSchema(db: Database.Database, migrations: Migration[]): void {
  const at = db.pragma('user_version', { simple: true })
  if (at !== migrations.at(-1)?.number)
    throw new Problem(
      'storage-unavailable',
      'The index on this volume is of another version of File Vault. Start this version of the server once.',
    )
}
