/** Finding files: what people type, exact totals, facets, and whatever else may be sent. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type File, removeFile } from '../api/files.ts'
import { changeFolder, listFolders } from '../api/folders.ts'
import { type SearchQuery, search } from '../api/search.ts'
import { removeUser } from '../api/users.ts'
import type { Person } from '../testing/person.ts'
import { refused } from '../testing/refused.ts'
import { startTest } from '../testing/start.ts'

test("nobody finds somebody else's files, by words, facets or folders", async () => {
  await using t = await startTest()
  const hers = await t.alice.put('walrus.txt', 'x', { path: 'Secret', tags: 'hidden', metadata: '{"project":"X1"}' })
  for (const person of [t.bob, t.admin]) {
    await assert.rejects(person.call(search, { params: { vaultId: t.alice.vaultId } }), refused(404))
    for (const query of [
      {},
      { q: 'walrus' },
      { tag: ['hidden'] },
      { metadata: { project: ['X1'] } },
    ] as SearchQuery[]) {
      const answer = await find(person, query)
      assert.deepEqual([answer.total, answer.files, answer.facets.tags], [0, [], []])
    }
    await assert.rejects(find(person, { folder: hers.folderId ?? '' }), refused(404))
  }
  await assert.rejects(t.visitor.call(search, { params: { vaultId: t.alice.vaultId } }), refused(401))
})

test('whoever comes after somebody who was removed finds nothing of theirs', async () => {
  await using t = await startTest()
  const carol = await t.person('carol')
  const hers = await Promise.all(Array.from({ length: 5 }, (_, i) => carol.put(`secret ${i}.txt`, 'x')))
  assert.equal((await find(carol, { q: 'secret' })).total, 5)
  for (const { id } of hers) {
    await carol.call(removeFile, { params: { id }, query: {} })
    await carol.call(removeFile, { params: { id }, query: { permanently: true } })
  }
  await t.admin.call(removeUser, { params: { id: carol.id } })
  const dave = await t.person('dave')
  // More changes than there were in the vault that had its number: a journal that goes on where the other one was.
  for (let i = 0; i < 20; i++) await dave.put(`own ${i}.txt`, 'x')
  const { total, facets } = await find(dave, {})
  assert.deepEqual([total, facets.extensions], [20, [{ value: 'txt', count: 20 }]])
  assert.equal((await find(dave, { q: 'secret' })).total, 0)
})

test('words are found by their beginnings, without accents or case, in names, tags, folders and metadata', async () => {
  await using t = await startTest()
  await t.alice.put('Café Größe.txt', 'x', {
    path: 'Über/Projekte',
    tags: '["Rechnung 2026"]',
    metadata: '{"customer":"Müller & Söhne","no":4711}',
  })
  await t.alice.put('other.txt', 'x')
  for (const q of [
    'cafe',
    'CAFÉ',
    'Cafe\u0301',
    'caf',
    'größ',
    'GRO',
    'grosse'.slice(0, 3),
    'txt cafe',
    'cafe txt',
    'rechn',
    '2026',
    'uber',
    'projekte cafe',
    'muller',
    'sohne',
    '4711',
    'cafe uber mull 47',
    '  café,  größe! ',
  ])
    assert.deepEqual(names(await find(t.alice, { q })).slice(0, 1), ['Café Größe.txt'], q)
  for (const q of ['afe', 'cafex', 'cafe nothing', 'other cafe'])
    assert.equal((await find(t.alice, { q, exact: true })).total, 0, q)
})

test('a word that begins nothing is found inside words, then as a slip of the fingers; one that is there is never corrected', async () => {
  await using t = await startTest()
  await t.alice.put('Invoice 2026.txt', 'x', { path: 'Harbour', tags: 'approved' })
  for (const q of [
    'voice',
    'nvoi',
    'invioce',
    'invoise',
    'invoce',
    'innvoice',
    'proved',
    'arbour',
    'harbuor',
    'aproved',
  ])
    assert.deepEqual(names(await find(t.alice, { q })), ['Invoice 2026.txt'], q)
  for (const q of ['vo', 'invxxce', '2027', 'inv0ice', 'nothing'])
    assert.equal((await find(t.alice, { q })).total, 0, q)
  // A word that only a recent change brought is as good as any other.
  await t.alice.put('Invoise.txt', 'x')
  assert.deepEqual(names(await find(t.alice, { q: 'invoise' })), ['Invoise.txt'])
  assert.deepEqual(names(await find(t.alice, { q: 'invoice' })), ['Invoice 2026.txt'])
})

test('filters are typed among the words, and what is not wanted is left out, whichever engine answers', async () => {
  for (const engine of ['memory', 'fts']) {
    await using t = await startTest({ env: { FILEVAULT_SEARCH_ENGINE: engine } })
    const fields = { path: 'Projects/North', tags: '["to pay"]', metadata: '{"status":"approved"}' }
    await t.alice.put('Invoice March.pdf', 'x'.repeat(2000), fields)
    await t.alice.put('Invoice April draft.pdf', 'x'.repeat(3000), { path: 'Projects/North' })
    await t.alice.put('Invoice May.txt', 'x', { tags: '["to pay"]' })
    const found = async (q: string) => {
      const answer = await find(t.alice, { q, sort: 'name' })
      assert.equal(answer.engine, engine)
      return names(answer).map((name) => name.split(' ')[1]?.split('.')[0])
    }
    for (const [q, expected] of [
      ['invoice', ['April', 'March', 'May']],
      ['invoice -draft', ['March', 'May']],
      ['invoice -north', ['May']],
      ['-invoice', []],
      ['-draft', ['March', 'May']],
      ['invoice ext:pdf', ['April', 'March']],
      ['tag:"to pay"', ['March', 'May']],
      ['tag:"to pay" ext:pdf', ['March']],
      ['status:approved', ['March']],
      ['size:>2000', ['April']],
      ['size:<=2kb invoice', ['March', 'May']],
      ['in:/projects', ['April', 'March']],
      ['in:/Projects/North -draft', ['March']],
      ['modified:<2000', []],
      ['nothing:approved', []],
    ] as const)
      assert.deepEqual(await found(q), expected, `${engine}: ${q}`)
  }
})

test('words of any script are found as they are written', async () => {
  await using t = await startTest()
  const written = [
    '한글 문서.txt',
    'がんばる.txt',
    'йод.txt',
    'हिन्दी.txt',
    'ภาษาไทย.txt',
    '汉堡包.docx',
    'עִברִית.txt',
    'Ελλάς.txt',
    'ẛ̣.txt',
    'İstanbul.txt',
    '😀smile.txt',
    '𑼄𑼅.txt',
    'ａｂｃ.txt',
    'ǅ.txt',
    'ﬁn.txt',
    'x²³.txt',
  ]
  for (const name of written) await t.alice.put(name, 'x')
  for (const name of written) {
    const found = await find(t.alice, { q: name })
    assert.ok(names(found).includes(name.normalize('NFC')), `${name}: ${names(found)}`)
  }
  assert.deepEqual(names(await find(t.alice, { q: '문서' })), ['한글 문서.txt'])
  assert.deepEqual(names(await find(t.alice, { q: '汉堡' })), ['汉堡包.docx'])
})

test('renaming a folder changes what is found below it', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('deep.txt', 'x', { path: 'Old/Inner' })
  const [old] = (await t.alice.call(listFolders, { params: { vaultId: t.alice.vaultId }, query: { parent: 'root' } }))
    .folders
  await t.alice.call(changeFolder, { params: { id: old?.id ?? '' }, body: { name: 'Fresh' } })
  assert.equal((await find(t.alice, { q: 'old' })).total, 0)
  assert.equal((await find(t.alice, { q: 'fresh inner' })).files[0]?.id, id)
  assert.equal((await find(t.alice, { folder: old?.id ?? '' })).total, 1)
})

test('several values of one facet are alternatives, and its counts do not depend on its own choice', async () => {
  await using t = await startTest()
  for (const [name, tags, metadata] of [
    ['a.txt', 'red', '{"year":2025,"site":"A"}'],
    ['b.txt', 'blue', '{"year":2026,"site":"A"}'],
    ['c.md', 'red,blue', '{"year":2026,"site":"B"}'],
    ['d.csv', '', '{"year":2024,"done":true,"list":["p","q"]}'],
  ] as const)
    await t.alice.put(name, 'x', { tags, metadata })
  const red = await find(t.alice, { tag: ['red'] })
  assert.deepEqual(names(red).sort(), ['a.txt', 'c.md'])
  assert.deepEqual(counts(red.facets.tags), { red: 2, blue: 2 })
  assert.deepEqual(counts(red.facets.extensions), { txt: 1, md: 1 })
  assert.equal((await find(t.alice, { tag: ['red', 'blue'] })).total, 3)
  const year = await find(t.alice, { metadata: { year: ['2025', '2026'] } })
  assert.equal(year.total, 3)
  assert.deepEqual(counts(year.facets.metadata.year), { 2024: 1, 2025: 1, 2026: 2 })
  assert.deepEqual(counts(year.facets.metadata.site), { A: 2, B: 1 })
  const both = await find(t.alice, { metadata: { year: ['2026'], site: ['A'] } })
  assert.deepEqual(names(both), ['b.txt'])
  assert.deepEqual(counts(both.facets.metadata.year), { 2025: 1, 2026: 1 })
  assert.deepEqual(counts(both.facets.metadata.site), { A: 1, B: 1 })
  assert.equal((await find(t.alice, { metadata: { list: ['q'], done: ['true'] } })).total, 1)
})

test('totals, pages and filters are those of a plain walk over all files', async () => {
  await using t = await startTest()
  const random = seeded(7)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T
  const words = ['plan', 'planung', 'Café', 'report', 'Bild', 'final', '2025', '2026', 'entwurf', 'Müller']
  const all: File[] = []
  for (let i = 0; i < 30; i++) {
    const files = Object.fromEntries(
      Array.from({ length: 10 }, (_, n) => [
        `${pick(words)} ${pick(words)} ${i}-${n}.${pick(['txt', 'md', 'csv'])}`,
        'x'.repeat(Math.floor(random() * 100)),
      ]),
    )
    all.push(
      ...(await t.alice.putAll(files, {
        path: pick(['Alpha', 'Alpha/Beta', 'plan B', '']),
        tags: pick(['', 'red', 'red,blue', 'Café']),
        metadata: pick(['{}', '{"k":"one"}', '{"k":["one","two"]}']),
      })),
    )
  }
  for (let i = 0; i < 100; i++) {
    const query: SearchQuery = { limit: 20, offset: pick([0, 0, 10]) }
    if (random() < 0.8)
      query.q = Array.from({ length: 1 + Math.floor(random() * 2) }, () => {
        const word = pick([...words, 'alpha', 'beta', 'red', 'one', 'two'])
        return word.slice(0, 2 + Math.floor(random() * word.length))
      }).join(' ')
    if (random() < 0.3) query.extension = pick([['txt'], ['md', 'csv']])
    if (random() < 0.3) query.tag = pick([['red'], ['blue', 'Café']])
    if (random() < 0.2) query.metadata = { k: [pick(['one', 'two'])] }
    if (random() < 0.2) query.minSize = 50
    const expected = all.filter((file) => matches(file, query))
    const answer = await find(t.alice, query)
    assert.equal(answer.total, expected.length, JSON.stringify(query))
    assert.equal(answer.files.length, Math.max(0, Math.min(20, expected.length - (query.offset ?? 0))))
    assert.ok(
      answer.files.every((file) => matches(file, query)),
      JSON.stringify(query),
    )
    const extensions =
      expected.length > 0 && !query.extension
        ? Map.groupBy(expected, ({ extension }) => extension)
        : new Map<string, File[]>()
    for (const [extension, files] of extensions) assert.equal(counts(answer.facets.extensions)[extension], files.length)
  }
})

function find(person: Person, query: SearchQuery) {
  return person.call(search, { params: { vaultId: person.vaultId }, query })
}

function names({ files }: { files: File[] }): string[] {
  return files.map(({ name }) => name)
}

function counts(facet: { value: string; count: number }[] = []): Record<string, number> {
  return Object.fromEntries(facet.map(({ value, count }) => [value, count]))
}

/** The rule, said again without an index. */
function matches(file: File, { q = '', extension, tag, metadata, minSize = 0 }: SearchQuery): boolean {
  const fold = (text: string) => text.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
  const own = fold([file.path, ...file.tags, ...Object.values(file.metadata).flat()].join(' ')).split(/[^\p{L}\p{N}]+/u)
  const fields = [file.metadata.k].flat().map(String)
  return (
    fold(q)
      .split(' ')
      .every((word) => own.some((one) => one.startsWith(word))) &&
    (!extension || extension.includes(file.extension)) &&
    (!tag || tag.some((one) => file.tags.includes(one))) &&
    (!metadata || (metadata.k ?? []).some((value) => fields.includes(value))) &&
    file.size >= Number(minSize)
  )
}

/** The same numbers each time. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 4294967296
  }
}
