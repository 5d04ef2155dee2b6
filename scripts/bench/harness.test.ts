import assert from 'node:assert/strict'
import { test } from 'node:test'
import { markdown, measure, median, percentile, shown } from './harness.ts'

test('median and percentile', () => {
  assert.equal(median([3, 1, 2]), 2)
  assert.equal(median([4, 1, 2, 3]), 2.5)
  assert.ok(Number.isNaN(median([])))
  assert.equal(
    percentile(
      Array.from({ length: 100 }, (_, i) => i + 1),
      0.95,
    ),
    95,
  )
})

test('contestants take turns after a warm-up that does not count', async () => {
  const order: string[] = []
  const say = (name: string, figure: number) => async () => {
    order.push(name)
    return figure
  }
  const result = await measure(
    {
      name: 'c',
      unit: 'MB/s',
      goal: { ofPeer: 0.6 },
      contestants: [
        { name: 'ours', run: say('a', 300) },
        { name: 'peer', run: say('b', 400) },
      ],
    },
    2,
  )
  assert.deepEqual(order, ['a', 'b', 'a', 'b', 'a', 'b'])
  assert.deepEqual(result.figures[0]?.values, [300, 300])
  assert.equal(result.ratio, 0.75)
  assert.equal(result.met, true)
})

test('a peer that is not there has no number, and a goal against it no verdict', async () => {
  const result = await measure(
    {
      name: 'c',
      unit: 's',
      goal: { ofPeer: 1 },
      contestants: [
        { name: 'ours', run: async () => 1 },
        { name: 'nginx', missing: 'not installed' },
      ],
    },
    1,
  )
  assert.equal(result.met, undefined)
  assert.match(markdown('x', [], [result]), /nginx \| not installed/)
})

test('three digits that matter', () => {
  assert.deepEqual([1234.5, 12.345, 1.2345, Number.NaN].map(shown), ['1,235', '12.3', '1.23', '–'])
})
