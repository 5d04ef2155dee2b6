/**
 * What the records on a volume say in the end, gathered in a scratch database: of each thing its last state, which objects
 * it is made of, and which objects were named once and are not any more. It holds any number of rows without holding them
 * in memory.
 */
import { rmSync } from 'node:fs'
import Database from 'better-sqlite3'
import { listShard, listVaults } from '../volume/inventory.ts'
import { type Layout, shards } from '../volume/layout.ts'
import { readLog } from '../volume/log.ts'

export interface Staging extends Disposable {
  readonly db: Database.Database
  /** Lines that were damaged and passed over. */
  readonly damagedLines: number
  /** The ids of all vaults that have a directory. */
  readonly vaults: readonly string[]
  /** How far the journal of a vault had come. */
  readonly reached: ReadonlyMap<string, number>
}

/** Reads all records and lists all objects. `path`: of the scratch database, which is gone when disposed of. */
export async function gather(layout: Layout, path: string): Promise<Staging> {
  removeDatabase(path)
  const db = new Database(path)
  db.pragma('journal_mode = OFF')
  db.pragma('synchronous = OFF')
  db.exec(`
    CREATE TABLE rec (id TEXT, what TEXT, other TEXT, vault TEXT, json TEXT, PRIMARY KEY (id, what, other)) WITHOUT ROWID;
    CREATE TABLE was (object TEXT PRIMARY KEY) WITHOUT ROWID;
    CREATE TABLE object (id TEXT, vault TEXT, form TEXT, PRIMARY KEY (id, vault, form)) WITHOUT ROWID;
    BEGIN`)
  const put = db.prepare('INSERT OR REPLACE INTO rec VALUES (?, ?, ?, ?, ?)')
  const drop = db.prepare('DELETE FROM rec WHERE id = ?')
  const named = db.prepare("INSERT OR IGNORE INTO was SELECT value ->> 'object' FROM json_each(?, '$.versions')")
  const lies = db.prepare('INSERT OR IGNORE INTO object VALUES (?, ?, ?)')
  const vaults = await listVaults(layout)
  const reached = new Map<string, number>()
  let damagedLines = 0

  for (const vault of ['', ...vaults]) {
    const directory = vault === '' ? layout.records : layout.vaultRecords(vault)
    for await (const record of readLog(directory, () => damagedLines++)) {
      if (record.log === 'end') reached.set(vault, Math.max(reached.get(vault) ?? 0, Number(record.upTo)))
      else if (record.is === 'gone') drop.run(record.id)
      else {
        const json = JSON.stringify(record)
        put.run(record.id, record.is, record.is === 'favorite' ? record.user : '', vault, json)
        if (record.is === 'file') named.run(json)
      }
    }
    if (vault === '') continue
    for (const shard of shards)
      for (const { objectId, form } of (await listShard(layout, vault, shard)).objects) lies.run(objectId, vault, form)
  }
  db.exec(`
    COMMIT;
    CREATE INDEX rec_kind ON rec (what, vault);
    CREATE TABLE current AS SELECT DISTINCT v.value ->> 'object' AS object FROM rec, json_each(rec.json, '$.versions') v WHERE rec.what = 'file';
    CREATE INDEX current_object ON current (object)`)
  return {
    db,
    damagedLines,
    vaults,
    reached,
    [Symbol.dispose]() {
      db.close()
      removeDatabase(path)
    },
  }
}

/** Removes a database with what SQLite keeps beside it. */
export function removeDatabase(path: string): void {
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(path + end, { force: true })
}

/** The last state of everything of one kind; of one vault, or of all. */
export function* records<T>(staging: Staging, what: string, vault?: string): Generator<T> {
  const condition = vault === undefined ? 'what = ?' : 'what = ? AND vault = ?'
  const rows = staging.db
    .prepare(`SELECT json FROM rec WHERE ${condition} ORDER BY id`)
    .pluck()
    .iterate(...(vault === undefined ? [what] : [what, vault])) as IterableIterator<string>
  for (const json of rows) yield JSON.parse(json) as T
}

const statements = new WeakMap<Database.Database, Map<string, Database.Statement>>()

/** A statement that is asked for each of many rows: prepared once. */
export function prepared(db: Database.Database, text: string): Database.Statement {
  const known = statements.get(db) ?? new Map<string, Database.Statement>()
  statements.set(db, known)
  const statement = known.get(text) ?? db.prepare(text)
  known.set(text, statement)
  return statement
}
