import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Known, parseTyped, type Typed } from './grammar.ts'

const known: Known = {
  hasField: (key) => ['status', 'project'].includes(key),
  hasFolder: (path) => path === '/projects',
}

function typed(text: string): Partial<Typed> {
  const { metadata, ...rest } = parseTyped(text, known)
  const said = Object.entries({ ...rest, metadata: { ...metadata } }).filter(
    ([, value]) =>
      !(Array.isArray(value) && value.length === 0) &&
      Object.keys(Object(value)).length + Number(typeof value !== 'object') > 0,
  )
  return Object.fromEntries(said.filter(([, value]) => value !== ''))
}

test('words, what is not wanted, and filters as people guess them', () => {
  assert.deepEqual(
    typed(
      'invoice -draft ext:pdf tag:"to pay" status:approved size:>10mb modified:<2026-01-01 in:/projects type:image',
    ),
    {
      text: 'invoice',
      without: ['draft'],
      extensions: ['pdf'],
      types: ['image'],
      tags: ['to pay'],
      minSize: 10_000_001,
      before: Date.UTC(2026, 0, 1),
      folder: '/projects',
      metadata: { status: ['approved'] },
    },
  )
  assert.deepEqual(typed('EXT:.PDF ext:docx'), { extensions: ['pdf', 'docx'] })
  assert.deepEqual(typed('"two words" -"not these" -tag:old'), { text: 'two words', without: ['not these', 'old'] })
  assert.deepEqual(typed('size:1KB'), { minSize: 1000, maxSize: 1000 })
  assert.deepEqual(typed('size:<=1KB'), { maxSize: 1000 })
})

test('a year, a month or a day, before and behind it', () => {
  const at = Date.UTC
  assert.deepEqual(typed('modified:2026'), { after: at(2026, 0, 1), before: at(2027, 0, 1) })
  assert.deepEqual(typed('modified:2026-12'), { after: at(2026, 11, 1), before: at(2027, 0, 1) })
  assert.deepEqual(typed('modified:2026-02-28'), { after: at(2026, 1, 28), before: at(2026, 2, 1) })
  assert.deepEqual(typed('modified:>2026-02'), { after: at(2026, 2, 1) })
  assert.deepEqual(typed('modified:>=2026-02'), { after: at(2026, 1, 1) })
  assert.deepEqual(typed('modified:<=2026'), { before: at(2027, 0, 1) })
})

test('what looks like a filter and is none is searched as words', () => {
  for (const [text, words] of [
    ['12:30', '12:30'],
    ['note: hello', 'note: hello'],
    ['http://example.org', 'http //example.org'],
    ['colour:red', 'colour red'],
    ['size:huge', 'size huge'],
    ['modified:yesterday', 'modified yesterday'],
    ['modified:2026-02-30', 'modified 2026-02-30'],
    ['in:/nowhere', 'in /nowhere'],
    ['ext:""', 'ext '],
    ['a"b', 'a " b'],
    ['- -- -"', '-'],
    ['__proto__:x', '__proto__ x'],
  ] as const)
    assert.equal(parseTyped(text, known).text, words, text)
  assert.doesNotThrow(() => parseTyped('"'.repeat(10_000) + ':'.repeat(10_000), known))
})
