/** Queries that nobody means, and some that somebody does mean badly: answered or refused, never an error of ours. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { search } from '../api/search.ts'
import type { Person } from '../testing/person.ts'
import { startTest } from '../testing/start.ts'

test('whatever is sent is answered or refused, and breaks nothing', async () => {
  await using t = await startTest()
  await t.alice.put('x.txt', 'x', { tags: '["a\\"b"]', metadata: '{"k":"it\'s"}' })
  for (const q of [
    '"',
    "'",
    '*',
    '"*',
    'x*',
    '*x',
    '(',
    ')',
    'AND',
    'NOT',
    'OR x',
    'x NEAR y',
    'NEAR(x y, 5)',
    'name:x',
    '{name tags}: x',
    '^x',
    'x + y',
    '-x',
    '\0',
    'x\0y',
    '\ud800',
    'x\udfffy',
    '%',
    '_',
    "'; DROP TABLE file; --",
    '\\',
    '\u202e',
    '😀',
    '   ',
    '\n\t',
    'x '.repeat(5000),
    'x'.repeat(10_000),
    'é'.repeat(1000),
    '𑼄'.repeat(100),
    'a\u0301\u0302\u0488b',
    'ﷺ',
    '\uffff',
    '\u{10ffff}',
    'a\u200db',
    'ǆ',
    '𝒳',
    '①',
    'Ⅷ',
    '\u2028',
    '𞤀𞤁',
    '꟠',
    'ꟲ',
    'ꭨ',
    'ẞ',
    'ŉ',
    'ΐ',
    'ᲀ',
    'Ა',
    '\u0e33',
    '\u{1e030}',
    'ೳ',
    '\u0cf3x',
    '\u{11f04}a',
    '㋿',
    '\u9fffz',
    '𫝀',
    '\u{31350}',
  ]) {
    const status = await statusOf(t.alice, new URLSearchParams({ q }).toString())
    assert.equal(status, 200, JSON.stringify(q.slice(0, 40)))
  }
  for (const query of [
    `q=${'x'.repeat(11_000)}`,
    'limit=0',
    'limit=100000',
    'offset=-1',
    'sort=no',
    'order=no',
    'minSize=x',
    'after=yesterday',
    'before=%00',
    'metadata=x',
    `tag=${'x'.repeat(300)}`,
  ])
    assert.equal(await statusOf(t.alice, query), 422, query.slice(0, 40))
  for (const query of [
    'q=%ff%fe',
    'q=a&tag=%00',
    'metadata.__proto__=x',
    'metadata.=x',
    "metadata.k'--=x",
    'metadata.%22%27)=x',
    'extension=&extension=',
    'type=%27',
    'offset=1000000000',
    'tag=a%22b',
    'metadata.k=it%27s',
  ])
    assert.equal(await statusOf(t.alice, query), 200, query)
  const found = await t.alice.call(search, { params: { vaultId: t.alice.vaultId }, query: { q: 'x' } })
  assert.equal(found.total, 1)
})

async function statusOf(person: Person, query: string): Promise<number> {
  const answer = await fetch(`${person.url(search, { params: { vaultId: person.vaultId } })}?${query}`, {
    headers: { authorization: `Bearer ${person.token}` },
  })
  await answer.arrayBuffer()
  return answer.status
}
