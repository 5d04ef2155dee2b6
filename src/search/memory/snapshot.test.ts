/** Snapshots: a start from one finds what SQL finds, whatever happened before or to the file. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { hash } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sql } from 'kysely'
import { pino } from 'pino'
import { openConnection } from '../../index/connection.ts'
import { chance } from '../../testing/chance.ts'
import { startTest, type Test } from '../../testing/start.ts'
import { openFts } from '../fts.ts'
import type { EngineQuery } from '../search.ts'
import { openWorld } from '../testing.ts'
import { readVault } from './data.ts'
import { openMemory } from './engine.ts'
import { snapshotFile, stampOf } from './kept.ts'
import { readSnapshot, shapeOf, snapshotFormat, writeSnapshot } from './snapshot.ts'
import { VaultSearch } from './vault.ts'

/** An engine that keeps snapshots of the smallest vault, with its arrays there; and what it logged. */
async function openEngine(t: Test, fewFiles = 0) {
  const lines: string[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void lines.push(JSON.parse(line).msg) })
  const engine = openMemory(t.core.index.path, { fallback: openFts(t.core.index), log, fewFiles })
  await engine.warm()
  return Object.assign(engine, { lines })
}

function fileIn(t: Test): string {
  return snapshotFile(t.core.index.path, t.alice.vaultId)
}

async function compare(t: Test, engine: Awaited<ReturnType<typeof openEngine>>, query: EngineQuery): Promise<void> {
  const db = openConnection(t.core.index.path, { readonly: true, busyMs: 5000 })
  const { engine: by, ...mine } = await engine.find(query)
  const { engine: _, ...theirs } = await openFts(t.core.index).find(query)
  assert.equal(by, 'memory')
  assert.deepEqual(mine, structuredClone(theirs), JSON.stringify(query))
  const fresh = new VaultSearch(db, readVault(db, query.vaultNo)).find(query)
  assert.deepEqual(mine, structuredClone(fresh), JSON.stringify(query))
  db.close()
}

const seed = Number(process.env.FILEVAULT_TEST_SEED ?? 1)

test('who changes the shape of the arrays raises the format of snapshots', async () => {
  await using t = await startTest()
  await t.alice.put('one.txt', 'x')
  const db = openConnection(t.core.index.path, { readonly: true, busyMs: 5000 })
  const shape = shapeOf(readVault(db, 1)).join(', ')
  db.close()
  assert.deepEqual([snapshotFormat, hash('sha256', shape).slice(0, 8)], [1, 'ca393aca'], shape)
})

test(`starts from snapshots, some of them damaged, find what SQL finds (seed ${seed})`, async (c) => {
  await using t = await startTest()
  const { step, query } = openWorld(t, seed)
  const random = chance(seed)
  const counts = { used: 0, refused: 0, compared: 0 }
  for (let i = 0; i < 20; i++) await step()
  for (let start = 0; start < 25; start++) {
    const isThere = existsSync(fileIn(t))
    const isDamaged = isThere && random() < 0.4
    if (isDamaged) damage(fileIn(t), random)
    await using engine = await openEngine(t)
    if (isThere && !isDamaged) {
      assert.deepEqual(engine.lines, [])
      counts.used++
    }
    if (engine.lines.length > 0) counts.refused++
    for (let i = 0; i < 12; i++) {
      for (let n = random() * 4; n > 0; n--) await step()
      await compare(t, engine, query())
      counts.compared++
    }
    // Without an engine: what comes now is replayed by the next.
    const changes = random() < 0.3 ? 40 : random() * 5
    await engine[Symbol.asyncDispose]()
    for (let n = 0; n < changes; n++) await step()
  }
  c.diagnostic(JSON.stringify(counts))
  assert.ok(counts.used >= 8 && counts.refused >= 4)
})

/** Cuts a file off, or turns one of its bits. */
function damage(path: string, random: () => number): void {
  const { size } = statSync(path)
  const kind = random()
  if (kind < 0.3) {
    truncateSync(path, Math.floor(random() * size))
    return
  }
  const bytes = readFileSync(path)
  const at = kind < 0.6 ? Math.floor(random() * 40) : Math.floor(random() * size)
  bytes[at] = (bytes[at] as number) ^ (1 << Math.floor(random() * 8))
  writeFileSync(path, bytes)
}

test('no turned bit and no cut goes unnoticed', async () => {
  await using t = await startTest()
  const { step } = openWorld(t, seed)
  for (let i = 0; i < 40; i++) await step()
  const db = openConnection(t.core.index.path, { readonly: true, busyMs: 5000 })
  const no = db.prepare('SELECT no FROM vault WHERE id = ?').pluck().get(t.alice.vaultId) as number
  const data = readVault(db, no)
  const stamp = stampOf(db, { no, id: data.vaultId, seq: data.seq })
  db.close()
  assert.ok(stamp)
  const path = join(t.directory, 'snapshot')
  writeSnapshot(path, data, stamp)()
  const read = () =>
    readSnapshot(path, (found) => (JSON.stringify(found) === JSON.stringify(stamp) ? undefined : 'No.'))
  assert.deepEqual(read(), data)
  const whole = readFileSync(path)
  let noticed = 0
  for (let at = 0; at < whole.length; at++) {
    const bytes = Buffer.from(whole)
    bytes[at] = (bytes[at] as number) ^ (1 << (at % 8))
    writeFileSync(path, bytes)
    const got = read()
    if (typeof got === 'string') noticed++
    else assert.deepEqual(got, data, `byte ${at}`) // between two parts, where nothing is read
  }
  assert.ok(noticed > whole.length * 0.8, `${noticed} of ${whole.length}`)
  for (let length = 0; length < whole.length; length += 7) {
    writeFileSync(path, whole.subarray(0, length))
    assert.equal(typeof read(), 'string')
  }
})

test('what is killed while it writes leaves a snapshot that leads to what is there, or none', async () => {
  await using t = await startTest()
  const { step, query } = openWorld(t, seed)
  for (let i = 0; i < 60; i++) await step()
  const vaultNo = query().vaultNo
  const random = chance(seed)
  for (let kill = 0; kill < 6; kill++) {
    const program = [join(import.meta.dirname, 'crash-subject.ts'), t.core.index.path, String(vaultNo)]
    const subject = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] })
    await once(subject.stdout, 'data')
    const until = performance.now() + random() * 60
    while (performance.now() < until) await step()
    subject.kill('SIGKILL')
    await once(subject, 'exit')
    for (let n = 0; n < 5; n++) await step()
    await using engine = await openEngine(t)
    assert.deepEqual(engine.lines, [])
    for (let n = 0; n < 8; n++) await compare(t, engine, query())
  }
})

test('an index with another history, an older one, and one whose journal was cut do not use a snapshot', async () => {
  await using t = await startTest()
  const { step, query } = openWorld(t, seed)
  for (let i = 0; i < 40; i++) await step()
  for (let i = 0; i < 3; i++) await t.alice.put(`stays ${i}.txt`, 'x')
  await (await openEngine(t))[Symbol.asyncDispose]()
  const snapshot = readFileSync(fileIn(t))
  const vault = sql`(SELECT no FROM vault WHERE id = ${t.alice.vaultId})`
  for (const [change, undo, said] of [
    [sql`UPDATE change SET at = at + 1`, sql`UPDATE change SET at = at - 1`, /another history/],
    [sql`UPDATE vault SET seq = seq - 1`, sql`UPDATE vault SET seq = seq + 1`, /newer than the index/],
    [
      sql`UPDATE vault SET seq = seq + 1 WHERE no = ${vault}`,
      sql`UPDATE vault SET seq = seq - 1 WHERE no = ${vault}`,
      /does not say all/,
    ],
    [
      sql`UPDATE file SET deleted_at = 1 WHERE no = (SELECT min(no) FROM file WHERE deleted_at IS NULL)`,
      sql`UPDATE file SET deleted_at = NULL WHERE deleted_at = 1`,
      /does not lead to what is there/,
    ],
  ] as const) {
    writeFileSync(fileIn(t), snapshot)
    await t.core.index.write((tx) => tx.run(change))
    {
      await using engine = await openEngine(t)
      assert.equal(engine.lines.length, 1, `${said}: ${engine.lines.join()}`)
      assert.match(engine.lines[0] ?? '', said)
      for (let n = 0; n < 8; n++) await compare(t, engine, query())
    }
    await t.core.index.write((tx) => tx.run(undo))
  }
})

test('snapshots are private, and go with their vaults', async () => {
  await using t = await startTest()
  for (let i = 0; i < 30; i++) await t.alice.put(`${i}.txt`, 'x')
  await (await openEngine(t))[Symbol.asyncDispose]()
  assert.equal(statSync(join(fileIn(t), '..')).mode & 0o777, 0o700)
  assert.equal(statSync(fileIn(t)).mode & 0o777, 0o600)
  const gone = snapshotFile(t.core.index.path, 'gone')
  writeFileSync(gone, 'x')
  await (await openEngine(t, 20))[Symbol.asyncDispose]()
  assert.deepEqual([existsSync(gone), existsSync(fileIn(t))], [false, true])
  await (await openEngine(t, 100))[Symbol.asyncDispose]()
  assert.equal(existsSync(fileIn(t)), false)
})
