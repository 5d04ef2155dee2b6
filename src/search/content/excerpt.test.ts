/** The piece of a text that is shown of what was found. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { excerptOf, type Wanted } from './excerpt.ts'

const starting = (...words: string[]): Wanted[] => words.map((word) => ({ word, isBeginning: true }))
const shown = (text: string, wanted: Wanted[]) =>
  excerptOf(text, wanted)
    ?.map((piece) => (piece.marked ? `[${piece.text}]` : piece.text))
    .join('')

test('words are marked where they stand, without accents or case', () => {
  assert.equal(shown('The Größe of a café', starting('grosse'.slice(0, 3), 'cafe')), 'The [Größe] of a [café]')
  assert.equal(shown('Cafe\u0301 noir', starting('cafe')), '[Cafe\u0301] noir')
  assert.equal(shown('a an and', [{ word: 'a', isBeginning: false }]), '[a] an and')
  assert.equal(shown('snake_case-word', starting('case')), 'snake_[case]-word')
  assert.equal(shown('decaf', starting('caf')), undefined)
  assert.equal(shown('', starting('x')), undefined)
})

test('an excerpt is short, begins and ends with words, and holds as many of them as it can', () => {
  const filler = 'lorem ipsum dolor sit amet '.repeat(40)
  const text = `${filler}apple ${filler}apple pear ${filler}`
  const excerpt = shown(text, starting('apple', 'pear')) ?? ''
  assert.match(excerpt, /^…\w+ .* \[apple\] \[pear\] .*\w…$/)
  assert.ok(excerpt.length < 260, `${excerpt.length}`)
})

test('a word is found wherever it stands in a long text, and where stretches meet', () => {
  for (const before of [0, 32_766, 32_768, 65_530, 900_000]) {
    const text = `${'x '.repeat(before / 2)}walrus ${'y '.repeat(1000)}`
    assert.match(shown(text, starting('walrus')) ?? '', /\[walrus\]/, `${before}`)
  }
  assert.match(shown(`${'日本'.repeat(20_000)} walrus`, starting('walrus')) ?? '', /\[walrus\]$/)
  assert.match(
    shown(`${'😀'.repeat(500)} walrus ${'😀'.repeat(500)}`, starting('walrus')) ?? '',
    /^…[^\ufffd]*\[walrus\]/u,
  )
})
