/** Words are cut and folded as FTS5 cuts and folds them, in every script. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import Database from 'better-sqlite3'
import { changeFile } from '../api/files.ts'
import { search } from '../api/search.ts'
import { chance } from '../testing/chance.ts'
import { startTest } from '../testing/start.ts'
import { foldedWords, ftsFold, wordsIn } from './words.ts'

/** The words that FTS5 makes of texts, in their order. */
function ftsWords(texts: readonly string[]): string[][] {
  const db = new Database(':memory:')
  db.exec(`CREATE VIRTUAL TABLE said USING fts5 (text, content = '', tokenize = 'unicode61 remove_diacritics 2');
    CREATE VIRTUAL TABLE word USING fts5vocab (said, 'instance')`)
  const insert = db.prepare('INSERT INTO said (rowid, text) VALUES (?, ?)')
  db.transaction(() => {
    for (const [i, text] of texts.entries()) insert.run(i + 1, text)
  })()
  const words = texts.map((): string[] => [])
  const rows = db.prepare('SELECT term, doc, offset FROM word').iterate()
  for (const { term, doc, offset } of rows as Iterable<{ term: string; doc: number; offset: number }>)
    (words[doc - 1] as string[])[offset] = term
  db.close()
  return words
}

/** As names are stored. */
const stored = (text: string) => text.toWellFormed().normalize('NFC')
const ourWords = (text: string) =>
  [...wordsIn(stored(text).toLowerCase().normalize('NFC'))].map(([word]) => ftsFold(word))

/** Scripts as SQLite's Unicode 6.1 knows them: letters, digits, marks, signs, and what stands between words. */
const ranges: [from: number, to: number][] = [
  [0x20, 0x7e],
  [0xa0, 0x24f],
  [0x1e00, 0x1eff],
  [0x300, 0x33f], // accents that stand alone
  [0x384, 0x3ff],
  [0x1f00, 0x1f15],
  [0x400, 0x527],
  [0x531, 0x556],
  [0x5d0, 0x5ea],
  [0x621, 0x669],
  [0x905, 0x96f],
  [0xe01, 0xe3a],
  [0x10d0, 0x10f0],
  [0x1100, 0x1112],
  [0x2010, 0x2064],
  [0x2160, 0x2188], // Roman digits
  [0x2600, 0x26ff], // signs
  [0x3041, 0x3096],
  [0x3099, 0x30ff],
  [0x4e00, 0x4fff],
  [0xac00, 0xad00],
  [0xe000, 0xe010], // private use
  [0xff10, 0xff5a], // wide forms
  [0x1d400, 0x1d420], // letters of formulas
  [0x1f300, 0x1f320], // emoji
  [0x20000, 0x20020],
]

test('random names in many scripts become the words that FTS5 makes of them', (c) => {
  const random = chance(Number(process.env.FILEVAULT_TEST_SEED ?? 1))
  const below = (n: number) => Math.floor(random() * n)
  const letter = (from: number, to: number) => String.fromCodePoint(from + below(to - from + 1))
  const texts = Array.from({ length: 20_000 }, () => {
    const own = Array.from({ length: 1 + below(3) }, () => ranges[below(ranges.length)] as [number, number])
    const text = Array.from({ length: 1 + below(12) }, () => letter(...(own[below(own.length)] as [number, number])))
    return stored(text.join(''))
  }).filter((text) => !/\p{Cn}|\u03f3/u.test(text))
  const theirs = ftsWords(texts)
  for (const [i, text] of texts.entries()) assert.deepEqual(ourWords(text), theirs[i], JSON.stringify(text))
  c.diagnostic(`${texts.length} names, ${theirs.flat().length} words`)
})

test('every letter is folded as FTS5 folds it, but for capitals that it does not know; nothing is one word here and two there', () => {
  const all = Array.from({ length: 0xe1000 }, (_, n) => n)
    .filter((n) => n > 0x20 && (n < 0xd800 || n > 0xdfff))
    .map((n) => String.fromCodePoint(n))
    .filter((c) => /\P{Cn}/u.test(c))
  const texts = all.map((c) => stored(`a${c}b`))
  const theirs = ftsWords(texts)
  for (const [i, c] of all.entries()) {
    const [ours, fts] = [ourWords(texts[i] ?? ''), theirs[i] ?? []]
    assert.ok(ours.length >= fts.length, c)
    if (!/[\p{L}\p{N}]/u.test(c)) continue
    const isUnknownCapital = fts.join(' ') === `a${c}b` && c.toLowerCase() !== c
    if (!isUnknownCapital) assert.deepEqual(ours, fts, `${c} ${c.codePointAt(0)?.toString(16)}`)
  }
  assert.deepEqual(foldedWords('Ёлка Αθήνα Größe がく'), ['елка', 'αθηνα', 'große', 'がく'])
})

test('img2 comes before img10 whichever engine answers, after renaming too', async () => {
  for (const engine of ['memory', 'fts']) {
    await using t = await startTest({ env: { FILEVAULT_SEARCH_ENGINE: engine } })
    const names = ['img10.png', 'img1.png', 'img2.png', 'IMG3.png', 'img20.png', 'img 4.png']
    for (const name of names) await t.alice.put(name, 'x')
    const other = await t.alice.put('zebra.png', 'x')
    const found = async (q: string) => {
      const answer = await t.alice.call(search, { params: { vaultId: t.alice.vaultId }, query: { q, sort: 'name' } })
      assert.equal(answer.engine, engine)
      return answer.files.map(({ name }) => name)
    }
    assert.deepEqual((await found('img')).slice(-5), ['img1.png', 'img2.png', 'IMG3.png', 'img10.png', 'img20.png'])
    await t.alice.call(changeFile, { params: { id: other.id }, body: { name: 'img9.png' } })
    const after = ['img1.png', 'img2.png', 'IMG3.png', 'img9.png', 'img10.png', 'img20.png']
    assert.deepEqual((await found('img')).slice(-6), after)
    assert.deepEqual((await found('png')).slice(-6), after)
  }
})
