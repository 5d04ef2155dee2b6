/** The queue of searches: order, bounds, and who is dropped. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../problem.ts'
import { openQueue } from './queue.ts'

/** Work that ends when it is told to. */
function opened() {
  const began: string[] = []
  const ends = new Map<string, () => void>()
  const work = (name: string) => () => {
    began.push(name)
    const { promise, resolve } = Promise.withResolvers<string>()
    ends.set(name, () => resolve(name))
    return promise
  }
  const end = async (name: string) => {
    ends.get(name)?.()
    await new Promise(setImmediate)
  }
  return { began, work, end }
}

const isProblem = (code: string) => (error: unknown) => error instanceof Problem && error.code === code

test('more than may wait are told when to come again; the others are worked on in their order', async () => {
  const queue = openQueue({ atOnce: 2, most: 2 })
  const { began, work, end } = opened()
  const all = ['a', 'b', 'c', 'd'].map((name) => queue.run(undefined, work(name)))
  await assert.rejects(
    queue.run({}, work('e')),
    (error) => error instanceof Problem && error.code === 'slow-down' && error.retryAfter === 1,
  )
  assert.deepEqual(began, ['a', 'b'])
  await end('b')
  assert.deepEqual(began, ['a', 'b', 'c'])
  for (const name of ['c', 'a', 'd']) await end(name)
  assert.deepEqual(await Promise.all(all), ['a', 'b', 'c', 'd'])
  assert.deepEqual(queue.counts, { running: 0, waiting: 0, done: 4, dropped: 0, refused: 1 })
})

test('a search that nobody waits for any more, or that a newer one followed, is never worked on', async () => {
  const queue = openQueue({ atOnce: 1, most: 10 })
  const { began, work, end } = opened()
  const first = queue.run({ line: 'x' }, work('first'))
  const stop = new AbortController()
  const gone = assert.rejects(queue.run({ signal: stop.signal }, work('gone')), isProblem('conflict'))
  const older = assert.rejects(queue.run({ line: 'x' }, work('older')), isProblem('conflict'))
  const other = queue.run({ line: 'y' }, work('other'))
  const newer = queue.run({ line: 'x' }, work('newer'))
  stop.abort()
  await Promise.all([gone, older])
  await assert.rejects(queue.run({ signal: AbortSignal.abort() }, work('too late')), isProblem('conflict'))
  for (const name of ['first', 'other', 'newer']) await end(name)
  await Promise.all([first, other, newer])
  assert.deepEqual(began, ['first', 'other', 'newer'])
  assert.deepEqual(queue.counts, { running: 0, waiting: 0, done: 3, dropped: 3, refused: 0 })
})

test('work that fails makes room as well', async () => {
  const queue = openQueue({ atOnce: 1, most: 1 })
  await assert.rejects(
    queue.run({}, () => Promise.reject(new Error('no'))),
    /no/,
  )
  assert.equal(await queue.run({}, async () => 1), 1)
})
