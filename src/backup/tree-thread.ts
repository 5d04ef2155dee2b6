/**
 * The thread of the readable trees: it reads the index on a connection of its own, follows the journal of each vault, and
 * remembers in a small database what lies where. Losing that database costs a rebuild, nothing else.
 */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import Database from 'better-sqlite3'
import { openConnection } from '../index/connection.ts'
import { layoutOf } from '../volume/layout.ts'
import { removeDatabase } from './staging.ts'
import { openTree } from './tree-follow.ts'

const { directory } = workerData as { directory: string }
const layout = layoutOf(directory)
const index = openConnection(layout.indexFile, { readonly: true, busyMs: 5000 })
const path = join(dirname(layout.indexFile), 'tree.db')
const batch = 1000

const vaults = index.prepare('SELECT no, id, seq FROM vault')
const changesAfter = index.prepare(
  'SELECT seq, subject_id FROM change WHERE vault_no = ? AND seq > ? ORDER BY seq LIMIT ?',
)
const isThere = index.prepare('SELECT 1 FROM change WHERE vault_no = ? AND seq = ?')

interface VaultRow {
  no: number
  id: string
  seq: number
}

function openMemory(): Database.Database {
  const db = new Database(path)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = OFF') // after a power cut everything is compared with the disk anyway
  db.exec(`
    CREATE TABLE IF NOT EXISTS entry (
      id TEXT PRIMARY KEY, parent TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, inode INTEGER, vault TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX IF NOT EXISTS entry_in ON entry (parent, key);
    CREATE INDEX IF NOT EXISTS entry_of ON entry (vault);
    CREATE TABLE IF NOT EXISTS follows (vault TEXT PRIMARY KEY, up_to INTEGER NOT NULL) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS run (boot TEXT NOT NULL, clean INTEGER NOT NULL);`)
  return db
}

/** As `openMemory`; what a power cut may have torn is thrown away. */
function openWhole(): Database.Database {
  const boot = existsSync('/proc/sys/kernel/random/boot_id')
    ? readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')
    : ''
  try {
    const db = openMemory()
    const last = db.prepare('SELECT boot, clean FROM run').get() as { boot: string; clean: number } | undefined
    if (last && last.clean === 0 && last.boot !== boot) {
      db.close()
      removeDatabase(path)
      return openWhole()
    }
    db.exec('DELETE FROM run')
    db.prepare('INSERT INTO run VALUES (?, 0)').run(boot)
    return db
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && /CORRUPT|NOTADB/.test(String(error.code)))) throw error
    removeDatabase(path)
    return openWhole()
  }
}

const memory = openWhole()
const followed = memory.prepare('SELECT up_to FROM follows WHERE vault = ?').pluck()
const follow = memory.prepare('INSERT OR REPLACE INTO follows VALUES (?, ?)')

/** Brings every vault up to date, one batch at a time. */
function round(): void {
  const all = vaults.all() as VaultRow[]
  for (const vault of all) {
    let upTo = (followed.get(vault.id) as number | undefined) ?? -1
    if (upTo === vault.seq) continue
    if (!existsSync(layout.vault(vault.id))) continue
    using tree = openTree(index, memory, layout, vault)
    const knowsAll = upTo >= 0 && upTo < vault.seq && isThere.get(vault.no, upTo + 1) !== undefined
    if (!knowsAll) {
      memory.transaction(() => {
        tree.rebuild()
        follow.run(vault.id, vault.seq)
      })()
      continue
    }
    while (upTo < vault.seq) {
      const changes = changesAfter.all(vault.no, upTo, batch) as { seq: number; subject_id: string }[]
      const last = changes.at(-1)
      if (!last) break
      memory.transaction(() => {
        for (const id of new Set(changes.map(({ subject_id }) => subject_id))) if (id !== vault.id) tree.update(id)
        follow.run(vault.id, last.seq)
      })()
      upTo = last.seq
    }
  }
  const living = JSON.stringify(all.map(({ id }) => id))
  memory.prepare('DELETE FROM entry WHERE vault NOT IN (SELECT value FROM json_each(?))').run(living)
  memory.prepare('DELETE FROM follows WHERE vault NOT IN (SELECT value FROM json_each(?))').run(living)
}

parentPort?.on('message', (asked: 'look' | 'close') => {
  try {
    if (asked === 'look') round()
    else {
      memory.exec('UPDATE run SET clean = 1')
      memory.close()
      index.close()
    }
    parentPort?.postMessage({ done: asked })
  } catch (error) {
    parentPort?.postMessage({
      done: asked,
      error: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
  }
})
