/** Searching inside documents: who finds what, in which version, and what cannot be read harms nobody. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { sql } from 'kysely'
import { copyFile, emptyTrash, type File, removeFile, restoreFile } from '../../api/files.ts'
import { type SearchAnswer, type SearchQuery, search } from '../../api/search.ts'
import { restoreVersion } from '../../api/versions.ts'
import { docxOf, emlOf, odtOf, pdfOf, pptxOf, xlsxOf, zipOf } from '../../media/text/samples.ts'
import type { Person } from '../../testing/person.ts'
import { refused } from '../../testing/refused.ts'
import { startTest } from '../../testing/start.ts'

const find = (person: Person, query: SearchQuery, vaultId = person.vaultId): Promise<SearchAnswer> =>
  person.call(search, { params: { vaultId }, query: { content: true, ...query } })
const names = ({ files }: SearchAnswer) => files.map(({ name }) => name)
const shown = (file: SearchAnswer['files'][number] | undefined) =>
  file?.snippet?.map(({ text, marked }) => (marked ? `[${text}]` : text)).join('')

test("nobody finds what somebody else's documents say", async () => {
  await using t = await startTest()
  await t.alice.put('diary.txt', 'the walrus sleeps')
  await t.idle()
  assert.equal((await find(t.alice, { q: 'walrus' })).total, 1)
  for (const person of [t.bob, t.admin]) {
    await assert.rejects(find(person, { q: 'walrus' }, t.alice.vaultId), refused(404))
    const { files, total, facets } = await find(person, { q: 'walrus' })
    assert.deepEqual([files, total, facets.extensions], [[], 0, []])
  }
  const elsewhere = await t.alice.limited(['read'], t.bob.vaultId)
  await assert.rejects(
    elsewhere.call(search, { params: { vaultId: t.alice.vaultId }, query: { q: 'walrus', content: true } }),
    refused(404),
  )
  await assert.rejects(
    t.visitor.call(search, { params: { vaultId: t.alice.vaultId }, query: { q: 'walrus', content: true } }),
    refused(401),
  )
})

test('documents of every kind are found by a word in them, which is marked', async () => {
  await using t = await startTest()
  await t.alice.putAll({
    'a.txt': 'A walrus in plain text',
    'b.md': '# The *walrus* in Markdown',
    'c.ts': 'const walrus = { tusks: 2 }',
    'd.html': '<!doctype html><title>Zoo</title><p>A <b>walrus</b> on a page</p>',
    'e.docx': docxOf('A walrus in a document'),
    'f.xlsx': xlsxOf('walrus', 'in a sheet'),
    'g.pptx': pptxOf('A walrus on a slide'),
    'h.odt': odtOf('A walrus in an open document'),
    'i.pdf': pdfOf('A walrus in portable form'),
    'j.eml': emlOf('Walrus', 'in a mail'),
  })
  await t.alice.put('walrus.bin', new Uint8Array([0, 1, 2]))
  await t.idle()
  const found = await find(t.alice, { q: 'walrus', sort: 'name' })
  assert.deepEqual(names(found), 'a.txt b.md c.ts d.html e.docx f.xlsx g.pptx h.odt i.pdf j.eml'.split(' '))
  assert.deepEqual([found.total, found.totalIsExact], [10, true])
  assert.deepEqual(found.files[0]?.snippet, [
    { text: 'A ', marked: false },
    { text: 'walrus', marked: true },
    { text: ' in plain text', marked: false },
  ])
  assert.equal(shown(found.files[9])?.startsWith('[Walrus]\nAda Lovelace'), true)
  for (const file of found.files) assert.match(shown(file) ?? '', /\[walrus\]/i, file.name)
  assert.deepEqual(names(await find(t.alice, { q: 'walrus', content: false })), ['walrus.bin'])
})

test('all words count, by their beginnings, without accents; filters, facets, order and pages are those of every search', async () => {
  await using t = await startTest()
  await t.alice.put('much.txt', 'Größe größe GRÖSSE. Größe, and café', { path: 'Zoo', tags: 'red' })
  await t.alice.put('once.txt', `größe ${'and other words '.repeat(30)} cafés`, { tags: 'green' })
  await t.alice.put('draft.md', 'größe of a draft with café')
  await t.idle()
  const q = 'GROS'.replace('S', 'ß').toLowerCase()
  assert.deepEqual(names(await find(t.alice, { q })), ['much.txt', 'draft.md', 'once.txt'])
  assert.deepEqual(names(await find(t.alice, { q: `${q} cafes` })), ['once.txt'])
  assert.deepEqual(names(await find(t.alice, { q: `${q} -draft`, sort: 'name' })), ['much.txt', 'once.txt'])
  assert.deepEqual(names(await find(t.alice, { q: `${q} ext:md` })), ['draft.md'])
  assert.deepEqual(names(await find(t.alice, { q: `${q} in:/Zoo` })), ['much.txt'])
  const { facets, total } = await find(t.alice, { q, extension: ['txt'], tag: ['red'] })
  assert.equal(total, 1)
  assert.deepEqual(facets.extensions, [{ value: 'txt', count: 1 }])
  assert.deepEqual(facets.tags, [
    { value: 'green', count: 1 },
    { value: 'red', count: 1 },
  ])
  assert.deepEqual(names(await find(t.alice, { q, limit: 1, offset: 1 })), ['draft.md'])
  assert.deepEqual(names(await find(t.alice, { q, sort: 'name', order: 'desc' })), ['once.txt', 'much.txt', 'draft.md'])
  for (const odd of ['nothing', 'röße', 'an', '!!', '"', 'words" OR "draft', 'NEAR(a b)', 'vault_no:1'])
    assert.equal((await find(t.alice, { q: odd })).total, 0, odd)
  const all = await find(t.alice, { q: '' })
  assert.deepEqual([all.total, all.files[0]?.snippet], [3, undefined])
})

test('words of Russian, Greek and Japanese are found as they are written, and marked', async () => {
  await using t = await startTest()
  await t.alice.put('many.txt', 'Йод и ёлка. Στην Αθήνα θάλασσας. がくせい もじ')
  await t.idle()
  for (const [q, marked] of [
    ['йод', '[Йод]'],
    ['ёлка', '[ёлка]'],
    ['αθήνα', '[Αθήνα]'],
    ['ΘΆΛΑΣΣΑΣ', '[θάλασσας]'],
    ['がくせい', '[がくせい]'],
  ] as const) {
    const { files, total } = await find(t.alice, { q })
    assert.equal(total, 1, q)
    assert.ok(shown(files[0])?.includes(marked), `${q}: ${shown(files[0])}`)
  }
  assert.equal((await find(t.alice, { q: 'かくせい' })).total, 0)
})

test('the newest version counts: replaced, restored, copied, thrown away and brought back', async () => {
  await using t = await startTest()
  const first = await t.alice.put('note.txt', 'the old walrus')
  await t.idle()
  const replaced = await t.alice.put('note.txt', 'the new narwhal', { onConflict: 'replace' })
  const total = async (q: string) => (await find(t.alice, { q })).total
  assert.equal(await total('walrus'), 0) // at once, and not when the job is done
  await t.idle()
  assert.deepEqual([await total('walrus'), await total('narwhal')], [0, 1])
  const params = { id: first.id }
  await t.alice.call(restoreVersion, { params: { id: replaced.id, n: '1' } })
  await t.idle()
  assert.deepEqual([await total('walrus'), await total('narwhal')], [1, 0])
  const copy = (await t.alice.call(copyFile, { params, body: {} })) as File
  await t.idle()
  assert.equal(await total('walrus'), 2)
  await t.alice.call(removeFile, { params, query: {} })
  assert.deepEqual(names(await find(t.alice, { q: 'walrus' })), [copy.name])
  await t.alice.call(restoreFile, { params })
  assert.equal(await total('walrus'), 2)
  await t.alice.call(removeFile, { params, query: {} })
  await t.alice.call(emptyTrash, { params: { vaultId: t.alice.vaultId } })
  await t.idle()
  assert.equal(await total('walrus'), 1)
  const [rows] = await t.core.index.readAway(
    sql<{ texts: number; words: number }>`SELECT (SELECT count(*) FROM content) AS texts,
      (SELECT count(*) FROM content_fts WHERE content_fts MATCH 'walrus') AS words`,
  )
  assert.deepEqual(rows, { texts: 1, words: 1 })
})

test('a document that is broken or meant to harm is found by its name alone, and the next one is read', async () => {
  await using t = await startTest()
  const bomb = zipOf([{ name: 'word/document.xml', content: Buffer.alloc(200_000_000, '<w:p/>') }])
  await t.alice.putAll({
    'bomb.docx': bomb,
    'torn.pdf': pdfOf('walrus', 'walrus').subarray(0, 200),
    'torn.docx': docxOf('walrus').subarray(0, 200),
    'fake.xlsx': Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(4000, 7)]),
    'whole.txt': 'walrus',
  })
  await t.idle()
  assert.deepEqual(names(await find(t.alice, { q: 'walrus' })), ['whole.txt'])
  assert.deepEqual(names(await find(t.alice, { q: 'bomb', content: false })), ['bomb.docx'])
  const jobs = await t.core.index.readAway(sql<{ n: number }>`SELECT count(*) AS n FROM job WHERE name = 'text'`)
  assert.deepEqual(jobs, [{ n: 0 }])
})

test('files that were there before an upgrade are read in the background', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'filevault-content-test-'))
  await using _ = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) }
  let vaultId: string
  {
    await using t = await startTest({ directory })
    vaultId = t.alice.vaultId
    await t.alice.putAll(Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`${i}.txt`, `walrus ${i}`])))
    await t.idle()
    await t.core.index.write((tx) => {
      // As it was before texts were read, and so before what came later.
      for (const step of [
        'DROP INDEX job_due',
        'ALTER TABLE share DROP COLUMN notify',
        'ALTER TABLE share DROP COLUMN told_no',
        'DROP TRIGGER vault_unrecorded',
        'ALTER TABLE vault DROP COLUMN max_file_bytes',
        'ALTER TABLE vault DROP COLUMN allowed_types',
        'ALTER TABLE vault DROP COLUMN forbidden_types',
        'CREATE TRIGGER vault_unrecorded AFTER UPDATE ON vault BEGIN SELECT 1; END',
        'DROP TRIGGER content_forgotten',
        'DROP TRIGGER content_stale',
        'DROP TABLE content',
        'DROP TABLE content_fts',
        'PRAGMA user_version = 4',
      ])
        tx.run(sql.raw(step))
    })
  }
  await using t = await startTest({ directory, empty: true })
  const carol = await t.person('carol')
  await t.core.index.write((tx) =>
    tx.run(
      sql`INSERT INTO member SELECT v.no, u.no, 'viewer' FROM vault v, user u WHERE v.id = ${vaultId} AND u.id = ${carol.id}`,
    ),
  )
  await t.idle()
  assert.equal((await find(carol, { q: 'walrus' }, vaultId)).total, 8)
})
