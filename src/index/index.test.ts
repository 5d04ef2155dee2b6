/** The index by itself: schema, settings of the connection, migrations, the lock, the writer and the reading thread. */
import assert from 'node:assert/strict'
import { copyFileSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { sql } from 'kysely'
import { openConnection } from './connection.ts'
import { knownMigrations, type Migration } from './migrate.ts'
import { type Index, type IndexOptions, openIndex } from './open.ts'
import { Writer } from './writer.ts'

test('the tables in TypeScript are those of the migrated index', async () => {
  await using t = await startIndex()
  const text = readFileSync(join(import.meta.dirname, 'tables.ts'), 'utf8')
  const declared = new Map<string, string[]>()
  for (const [, table = '', columns = ''] of text.matchAll(/^ {2}(\w+): \{([^}]*)\}/gm))
    declared.set(
      table,
      [...columns.matchAll(/(?:^|[{;\n])\s*(\w+): /g)].map(([, column = '']) => column),
    )
  const real = t.index.read.all(
    sql<{
      name: string
    }>`SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT GLOB '*_fts_*' ORDER BY name`,
  )
  assert.deepEqual(
    [...declared.keys()].sort(),
    real.map(({ name }) => name),
  )
  for (const { name } of real) {
    const columns = t.index.read
      .all(sql<{ name: string }>`SELECT name FROM pragma_table_info(${name})`)
      .map((one) => one.name)
    const written = (declared.get(name) ?? []).filter((column) => column !== 'rowid')
    assert.deepEqual(written.sort(), columns.sort(), name)
  }
})

test('every connection is as durable as the first, also when the database is opened again', async () => {
  await using t = await startIndex()
  await t.reopen()
  for (const readonly of [false, true]) {
    const db = openConnection(t.path, { readonly, busyMs: 150 })
    for (const [name, value] of Object.entries({
      synchronous: 2,
      foreign_keys: 1,
      journal_mode: 'wal',
      trusted_schema: 0,
      mmap_size: 0,
    }))
      assert.equal(db.pragma(name, { simple: true }), value, name)
    db.close()
  }
  assert.throws(() => openConnection(join(t.directory, 'not there.db'), { readonly: true, busyMs: 1 }))
  assert.deepEqual(t.index.check(), [])
})

test('a second server on the same volume is refused, a guest is not, and the lock goes with its holder', async () => {
  await using t = await startIndex()
  await assert.rejects(openIndex(t.path, whole()), { code: 'busy' })
  const guest = await openIndex(t.path, { ...whole(), as: 'guest' })
  await guest.write((tx) => tx.run(setting('guest', 1)))
  assert.equal(storedAt(t.index, 'guest'), '1')
  await guest[Symbol.asyncDispose]()
  await t.reopen()
  await assert.rejects(openIndex(join(t.directory, 'none.db'), { ...whole(), as: 'guest' }), {
    code: 'storage-unavailable',
  })
})

test('a migration that fails leaves no trace, and the way back was kept', async () => {
  await using t = await startIndex()
  await t.index.write((tx) => tx.run(setting('before', 1)))
  await t.close()
  const newest = knownMigrations().at(-1)?.number ?? 0
  const bad: Migration = {
    number: newest + 1,
    name: 'bad.sql',
    sql: 'CREATE TABLE half (x); INSERT INTO half VALUES (1); INSERT INTO nowhere VALUES (1);',
  }
  for (let tries = 0; tries < 2; tries++)
    await assert.rejects(openIndex(t.path, { ...whole(), migrations: [...knownMigrations(), bad] }), /nowhere/)
  await t.open()
  assert.equal(t.index.read.get(sql`SELECT name FROM sqlite_schema WHERE name = 'half'`), undefined)
  assert.equal(storedAt(t.index, 'before'), '1')
  const kept = new Database(`${t.path}.before-${newest}`, { readonly: true })
  assert.equal(kept.prepare("SELECT value FROM setting WHERE key = 'before'").pluck().get(), '1')
  kept.close()
  await t.close()
  await t.open({ migrations: [...knownMigrations(), { ...bad, sql: 'CREATE TABLE half (x INTEGER) STRICT' }] })
  assert.ok(t.index.read.get(sql`SELECT name FROM sqlite_schema WHERE name = 'half'`))
})

test('an index of a newer program, or of somebody else, is refused and not touched', async () => {
  await using t = await startIndex()
  await t.close()
  const strange = join(t.directory, 'strange.db')
  copyFileSync(t.path, strange)
  for (const [path, pragma, words] of [
    [t.path, 'user_version = 99', /newer File Vault/],
    [strange, 'application_id = 7', /not an index of File Vault/],
  ] as const) {
    const db = new Database(path)
    db.pragma(pragma)
    db.pragma('journal_mode = DELETE')
    db.close()
    for (const as of ['whole', 'guest'] as const) {
      if (as === 'guest' && path === strange) continue // the schema is the same; the server says what is wrong
      await assert.rejects(openIndex(path, { ...whole(), as }), { code: 'storage-unavailable' }, as)
    }
    await assert.rejects(openIndex(path, whole()), words)
    assert.ok(!existsSync(`${path}.before-1`))
  }
})

test('a write that throws undoes itself alone, whatever shares its commit', async () => {
  await using t = await startIndex()
  const told: number[] = []
  const outcomes = await Promise.allSettled(
    Array.from({ length: 50 }, (_, i) =>
      t.index.write((tx) => {
        tx.onCommit(() => told.push(i))
        tx.run(setting(`key ${i}`, i))
        if (i % 5 === 0) throw new Error(`no ${i}`)
        if (i % 7 === 0) tx.run(setting(`key ${i}`, i)) // the key is taken: SQLite refuses
        return i
      }),
    ),
  )
  const good = outcomes.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  assert.deepEqual(
    good,
    Array.from({ length: 50 }, (_, i) => i).filter((i) => i % 5 && i % 7),
  )
  assert.deepEqual(told, good)
  const kept = t.index.read.all(sql<{ value: string }>`SELECT value FROM setting`).map(({ value }) => Number(value))
  assert.deepEqual(
    kept.sort((a, b) => a - b),
    good,
  )
  await assert.rejects(
    t.index.write(() => Promise.resolve(1)),
    /must not wait/,
  )
})

test('what was committed is there for the reader, the reading thread and the next start', async () => {
  await using t = await startIndex()
  for (let i = 0; i < 30; i++) {
    await t.index.write((tx) => tx.run(setting(`k${i}`, i)))
    assert.equal(storedAt(t.index, `k${i}`), String(i))
    assert.deepEqual(await t.index.readAway(sql`SELECT value FROM setting WHERE key = ${`k${i}`}`), [
      { value: String(i) },
    ])
  }
  await assert.rejects(t.index.readAway(sql`SELECT * FROM nowhere`), /nowhere/)
  assert.deepEqual(await t.index.readAway(sql`SELECT 1 AS one`), [{ one: 1 }])
  await assert.rejects(t.index.readAway(sql`DELETE FROM setting`), /readonly|does not return data/)
  const last = t.index.write((tx) => tx.run(setting('last', 1)))
  await t.reopen()
  await last
  assert.equal(storedAt(t.index, 'last'), '1')
  assert.equal(storedAt(t.index, 'k29'), '29')
})

test('a program that holds the write lock is waited for, and the event loop is not', async () => {
  await using t = await startIndex()
  const other = new Database(t.path)
  other.exec('BEGIN IMMEDIATE')
  const writing = t.index.write((tx) => tx.run(setting('patient', 1)))
  let ticks = 0
  const timer = setInterval(() => ticks++, 10)
  await new Promise((resolve) => setTimeout(resolve, 800))
  clearInterval(timer)
  assert.equal(storedAt(t.index, 'patient'), undefined)
  other.exec('COMMIT')
  other.close()
  await writing
  assert.equal(storedAt(t.index, 'patient'), '1')
  assert.ok(ticks > 2, `${ticks} turns of the event loop`)
})

test('a commit that fails is told to nobody as done, and to the program as unknown', async () => {
  const unknown: unknown[] = []
  const db = openConnection(join(tmpdir(), `filevault-commit-${process.pid}.db`), { busyMs: 1 })
  try {
    db.exec(
      'CREATE TABLE a (no INTEGER PRIMARY KEY); CREATE TABLE b (a INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED)',
    )
    const writer = new Writer(db, (error) => unknown.push(error))
    let told = 0
    const outcomes = await Promise.allSettled([
      writer.write((tx) => {
        tx.onCommit(() => told++)
        tx.run(sql`INSERT INTO a VALUES (1)`)
      }),
      writer.write((tx) => tx.run(sql`INSERT INTO b VALUES (7)`)), // found out at COMMIT alone
    ])
    for (const one of outcomes) assert.equal(one.status === 'rejected' && one.reason.code, 'storage-unavailable')
    assert.equal(told, 0)
    assert.equal(unknown.length, 1)
    assert.equal((await writer.write((tx) => tx.run(sql`INSERT INTO a VALUES (1)`))).changes, 1)
  } finally {
    db.close()
    for (const end of ['', '-wal', '-shm']) rmSync(`${db.name}${end}`, { force: true })
  }
})

function whole(): IndexOptions {
  return { as: 'whole', onUnknown: (error) => assert.fail(String(error)) }
}

function setting(key: string, value: number) {
  return sql`INSERT INTO setting (key, value) VALUES (${key}, ${String(value)})`
}

function storedAt(index: Index, key: string): string | undefined {
  return index.read.get(sql<{ value: string }>`SELECT value FROM setting WHERE key = ${key}`)?.value
}

/** A fresh index in a directory of its own. */
async function startIndex() {
  const directory = await mkdtemp(join(tmpdir(), 'filevault-index-'))
  const path = join(directory, 'filevault.db')
  let index: Index | undefined = await openIndex(path, whole())
  return {
    directory,
    path,
    get index(): Index {
      return index ?? assert.fail('The index is closed.')
    },
    async open(options: Partial<IndexOptions> = {}) {
      index = await openIndex(path, { ...whole(), ...options })
    },
    async close() {
      await index?.[Symbol.asyncDispose]()
      index = undefined
    },
    async reopen() {
      await this.close()
      assert.deepEqual(
        readdirSync(directory).filter((name) => name.endsWith('-wal')),
        [],
      )
      await this.open()
    },
    async [Symbol.asyncDispose]() {
      await this.close()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
