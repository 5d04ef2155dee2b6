/** The audit finds what is wrong on the disk and in the index, and nothing where nothing is wrong. */
import assert from 'node:assert/strict'
import { chmod, open, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { copyFile, removeFile, setTags } from '../api/files.ts'
import { createFolder } from '../api/folders.ts'
import { startTest, type Test } from '../testing/start.ts'
import { listFiles } from '../volume/testing.ts'
import { audit } from './audit.ts'
import type { Finding } from './finding.ts'

test('a vault that was used is clean, also while it is being used', async () => {
  await using t = await startTest()
  await filled(t)
  const busy = Promise.all(
    Array.from({ length: 30 }, async (_, i) => {
      const file = await t.bob.put(`busy ${i}.txt`, `busy ${i}`)
      await t.bob.call(removeFile, { params: { id: file.id } })
      await t.bob.call(removeFile, { params: { id: file.id }, query: { permanently: true } })
    }),
  )
  for (let i = 0; i < 5; i++) assert.deepEqual(await findings(t), [])
  await busy
  assert.deepEqual(await findings(t), [])
})

test('a flipped bit, a file cut short and a file that is gone are found, with every file that is made of them', async () => {
  await using t = await startTest()
  const { plan, copy, short, gone } = await filled(t)
  await flip(objectOf(t, plan))
  await chmod(objectOf(t, short), 0o600)
  await truncate(objectOf(t, short), 3)
  await rm(objectOf(t, gone))
  const before = await bytesOnDisk(t)
  const found = await findings(t)
  const [damaged, cut, missing] = [found.find(names(plan)), found.find(names(short)), found.find(names(gone))]
  assert.equal(found.length, 3)
  assert.equal(damaged?.kind, 'damaged')
  assert.deepEqual(
    damaged?.versions?.map(({ fileId, path, version }) => [fileId, path, version]),
    [
      [plan, '/Projekte/plän.txt', 1],
      [copy, '/copy.txt', 1],
    ],
  )
  assert.equal(cut?.kind, 'damaged')
  assert.equal(missing?.kind, 'missing')
  // Without reading: sizes and presence alone.
  assert.deepEqual((await findings(t, false)).map(({ kind }) => kind).sort(), ['damaged', 'missing'])
  assert.deepEqual(await bytesOnDisk(t), before, 'An audit changes nothing.')
})

test('what lies about without a row is found, and what is on its way is not', async () => {
  await using t = await startTest()
  const vault = join(t.directory, 'vaults', t.alice.vaultId, 'objects/ab')
  const id = `ab${'0'.repeat(30)}`
  for (const path of [id, `${id}.delta`, `${id}.blocks`, 'notes.txt']) await writeFile(join(vault, path), 'x')
  await writeFile(join(t.directory, 'incoming', `${t.alice.vaultId}.${'c'.repeat(32)}`), 'x')
  await writeFile(join(t.directory, 'uploads', `${t.alice.vaultId}.${'d'.repeat(32)}`), 'x')
  const kinds = (found: Finding[]) => found.map(({ kind }) => kind).sort()
  assert.deepEqual(kinds(await findings(t)), ['leftover', 'leftover', 'orphan', 'orphan', 'orphan', 'orphan'])
  await writeFile(join(t.directory, 'incoming', `${t.alice.vaultId}.${id}`), 'x')
  const young: Finding[] = []
  for await (const one of audit(t.core, { readContent: true, graceMs: 60_000 })) young.push(one)
  assert.deepEqual(kinds(young), [])
})

test('totals, journal, derived rows and references that are wrong are found', async () => {
  await using t = await startTest()
  const { plan } = await filled(t)
  const db = new Database(t.core.volume.indexPath)
  db.pragma('foreign_keys = OFF')
  const vault = `id = '${t.alice.vaultId}'`
  const wrongs: [kind: Finding['kind'], wrong: string, right: string][] = [
    ['count', `UPDATE vault SET used_bytes = used_bytes + 1 WHERE ${vault}`, 'used_bytes = used_bytes - 1'],
    ['count', `UPDATE vault SET reserved_bytes = 7 WHERE ${vault}`, 'reserved_bytes = 0'],
    ['count', 'UPDATE folder SET file_count = file_count + 1 WHERE parent_no IS NULL', 'file_count = file_count - 1'],
    [
      'count',
      `UPDATE file SET stored_bytes = stored_bytes + 1 WHERE id = '${plan}'`,
      'stored_bytes = stored_bytes - 1',
    ],
    [
      'journal',
      `UPDATE change SET seq = 1002 WHERE no = (SELECT no FROM change WHERE seq IN (2, 1002) LIMIT 1)`,
      'seq = 2',
    ],
    ['derived', "UPDATE file_tag SET tag = 'b' || substr(tag, 2) WHERE substr(tag, 2) = 'ber'", "tag = 'über'"],
    ['reference', `UPDATE file SET size = size + 1 WHERE id = '${plan}'`, 'size = size - 1'],
  ]
  for (const [kind, wrong, right] of wrongs) {
    db.exec(wrong)
    const found = await findings(t, false)
    assert.ok(found.length > 0 && found.every((one) => one.kind === kind), `${wrong}: ${JSON.stringify(found)}`)
    db.exec(wrong.replace(/SET .*? WHERE/, `SET ${right} WHERE`))
    assert.deepEqual(await findings(t, false), [], wrong)
  }
  db.exec("INSERT INTO file_fts (rowid, name, tags, fields) VALUES (9999, 'x', '', '')")
  assert.deepEqual(
    (await findings(t, false)).map(({ kind }) => kind),
    ['derived'],
  )
  db.exec('DELETE FROM file_fts WHERE rowid = 9999; INSERT INTO favorite VALUES (9999, 9999)')
  assert.deepEqual(
    (await findings(t, false)).map(({ kind }) => kind),
    ['reference', 'reference'],
  )
  db.exec('DELETE FROM favorite')
  db.close()
  assert.deepEqual(await findings(t), [])
})

async function filled(t: Test) {
  const { alice } = t
  const projects = await alice.call(createFolder, { params: { vaultId: alice.vaultId }, body: { name: 'Projekte' } })
  const plan = await alice.put('plän.txt', 'the plan '.repeat(1000), { folderId: projects.id })
  await alice.call(setTags, { params: { id: plan.id }, body: { tags: ['über', 'b'] } })
  const copy = await alice.call(copyFile, { params: { id: plan.id }, body: { folderId: null, name: 'copy.txt' } })
  const short = await alice.put('short.bin', Buffer.alloc(300_000, 7))
  const gone = await alice.put('gone.txt', 'gone')
  await alice.call(removeFile, { params: { id: gone.id } })
  await t.bob.putAll({ 'a.txt': 'a', 'b.txt': '' })
  await t.idle()
  return { plan: plan.id, copy: copy.id, short: short.id, gone: gone.id }
}

async function findings(t: Test, readContent = true): Promise<Finding[]> {
  const found: Finding[] = []
  for await (const one of audit(t.core, { readContent, graceMs: 0 })) found.push(one)
  return found
}

const names = (fileId: string) => (finding: Finding) => finding.versions?.some((one) => one.fileId === fileId)

function objectOf(t: Test, fileId: string): string {
  const db = new Database(t.core.volume.indexPath, { readonly: true })
  const row = db
    .prepare(
      'SELECT o.object_id, v.id FROM version o JOIN file f ON f.no = o.file_no JOIN vault v ON v.no = f.vault_no WHERE f.id = ?',
    )
    .get(fileId) as { object_id: string; id: string }
  db.close()
  return t.core.volume.objectPath(row.id, row.object_id)
}

async function flip(path: string): Promise<void> {
  await chmod(path, 0o600)
  await using file = await open(path, 'r+')
  const byte = Buffer.alloc(1)
  await file.read(byte, 0, 1, 10)
  await file.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, 10)
}

async function bytesOnDisk(t: Test): Promise<[string, string][]> {
  const files = (await listFiles(t.directory)).filter((path) => path.includes('/objects/'))
  return Promise.all(files.map(async (path) => [path, await readFile(join(t.directory, path), 'base64')]))
}
