/**
 * One connection to the index, opened and asserted. SQLite's defaults are not ours, and better-sqlite3 reopens WAL
 * files with synchronous=NORMAL, which loses the last commits at a power cut: so every pragma is set and read back.
 */
import Database from 'better-sqlite3'

export type Connection = Database.Database

const oldestSqlite = [3, 51, 3] // before it, a checkpoint beside a writer could corrupt the WAL

const pragmas: Record<string, string | number> = {
  synchronous: 2, // FULL
  foreign_keys: 1,
  mmap_size: 0,
  temp_store: 2, // memory
  cache_size: -65536,
  trusted_schema: 0,
  cell_size_check: 1,
  journal_size_limit: 67108864,
}

export interface ConnectionOptions {
  readonly?: boolean
  /** How long SQLite itself waits for a lock, blocking the thread. */
  busyMs: number
}

/** Opens a connection and asserts what durability rests on; throws when SQLite does not take a setting. */
export function openConnection(path: string, { readonly = false, busyMs }: ConnectionOptions): Connection {
  const db = new Database(path, { readonly, fileMustExist: readonly, timeout: busyMs })
  try {
    assertVersion(db)
    if (!readonly && db.pragma('journal_mode = WAL', { simple: true }) !== 'wal')
      throw new Error('SQLite did not switch to write-ahead logging; is the volume on a network filesystem?')
    for (const [name, value] of Object.entries(pragmas)) {
      db.pragma(`${name} = ${value}`)
      // journal_size_limit belongs to the writer; a read-only connection reports its default.
      const got = db.pragma(name, { simple: true })
      if (got !== value && !(readonly && name === 'journal_size_limit'))
        throw new Error(`SQLite kept ${name}=${got} where ${value} is needed.`)
    }
    return db
  } catch (error) {
    db.close()
    throw error
  }
}

function assertVersion(db: Connection): void {
  const text = db.prepare('SELECT sqlite_version()').pluck().get() as string
  const parts = text.split('.').map(Number)
  for (const [i, least] of oldestSqlite.entries()) {
    const part = parts[i] ?? 0
    if (part > least) return
    if (part < least) throw new Error(`SQLite ${text} is too old; at least ${oldestSqlite.join('.')} is needed.`)
  }
}
