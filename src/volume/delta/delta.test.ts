// Old versions as differences: nothing wrong is ever given out, whatever was done to the files; everything comes back.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { cannotMount, mountSmall, problem, sha256 } from '../testing.ts'
import { encodeDelta } from './encode.ts'
import { openDelta } from './open.ts'
import { edited, noise, randomOf, text } from './samples.ts'
import { contentOf, fromBuffer, startDeltas } from './testing.ts'

const damage = problem('storage-unavailable', /damaged/)
const target = text(60_000)
const source = edited(target, randomOf(5))

test('a file that is no delta, of another version, or cut short is refused', async (t) => {
  const { directory, encode } = await startDeltas(t)
  for (const content of ['', 'FVD', 'Dear reader, this is no delta.', 'FVD\x02 and something else']) {
    const path = join(directory, 'none')
    await writeFile(path, content, 'latin1')
    await assert.rejects(openDelta(path, fromBuffer(source)), damage)
  }
  const { output, bytes } = await encode(target, source)
  for (const size of [bytes - 1, bytes - 9, 50, 5]) {
    await truncate(output, size)
    await assert.rejects(openDelta(output, fromBuffer(source)), damage)
  }
  await assert.rejects(openDelta(join(directory, 'missing'), fromBuffer(source)), problem('storage-unavailable'))
})

test('no byte of a delta can change unnoticed', async (t) => {
  const { output, ...encoded } = await (await startDeltas(t)).encode(target, source)
  assert.equal(encoded.method, 'delta')
  const whole = await readFile(output)
  for (let at = 0; at < whole.length; at++) {
    const flipped = Buffer.from(whole)
    flipped[at] = (flipped[at] ?? 0) ^ (1 << (at % 8))
    await writeFile(output, flipped)
    await assert.rejects(async () => {
      await using delta = await openDelta(output, fromBuffer(source))
      await contentOf(delta)
    }, damage)
  }
})

test('a source that is another one, damaged, or too short is an error, never wrong content', async (t) => {
  const { output } = await (await startDeltas(t)).encode(target, source)
  const known = { size: source.length, sha256: sha256(source) }
  await using right = await openDelta(output, fromBuffer(source), known)
  assert.equal(sha256(await contentOf(right)), sha256(target))
  for (const other of [
    { ...known, size: source.length + 1 },
    { ...known, sha256: sha256(target) },
  ])
    await assert.rejects(openDelta(output, fromBuffer(source), other), damage)

  const damaged = Buffer.from(source)
  damaged[30_000] = (damaged[30_000] ?? 0) ^ 1
  for (const wrong of [target, damaged, source.subarray(0, 40_000), Buffer.alloc(source.length)]) {
    await using delta = await openDelta(output, fromBuffer(wrong))
    await assert.rejects(delta.read(50_000, 10), damage)
    await assert.rejects(contentOf(delta), damage)
  }
  const failure = new Error('the disk is gone')
  await using delta = await openDelta(output, () => Promise.reject(failure))
  await assert.rejects(delta.read(0, 1), failure)
})

test('only ranges of the content can be asked for', async (t) => {
  const { output } = await (await startDeltas(t)).encode(target, source)
  await using delta = await openDelta(output, fromBuffer(source))
  for (const [offset, length] of [
    [-1, 1],
    [0, -1],
    [0, target.length + 1],
    [target.length, 1],
    [0.5, 1],
    [0, Number.NaN],
  ] as const)
    await assert.rejects(delta.read(offset, length), RangeError)
  for (const [start, end] of [
    [-1, 1],
    [0, target.length],
    [5, 3],
  ] as const)
    assert.throws(() => delta.stream({ start, end }), RangeError)
  assert.equal((await delta.read(target.length, 0)).length, 0)
})

test('what fails leaves no output, and an output that is there stays as it is', async (t) => {
  const { directory, write } = await startDeltas(t)
  const output = join(directory, 'output')
  const [old, newer, missing] = [await write(target), await write(source), join(directory, 'missing')]
  await assert.rejects(encodeDelta({ target: missing, source: newer, output }), problem('storage-unavailable'))
  await assert.rejects(encodeDelta({ target: old, source: missing, output }), problem('storage-unavailable'))
  await assert.rejects(encodeDelta({ target: directory, source: newer, output }))
  assert.equal(existsSync(output), false)
  await writeFile(output, 'precious')
  await assert.rejects(encodeDelta({ target: old, source: newer, output }), /EEXIST/)
  assert.equal(await readFile(output, 'utf8'), 'precious')
})

test('an aborted encoding ends at once and leaves no output', async (t) => {
  const { directory, write } = await startDeltas(t)
  const job = { target: await write(noise(64_000_000, 1)), source: await write(noise(64_000_000, 2)) }
  const output = join(directory, 'output')
  const reason = new Error('no longer wanted')
  const waiting = encodeDelta({ ...job, output }, { signal: AbortSignal.abort(reason) })
  await assert.rejects(waiting, reason)
  const controller = new AbortController()
  const encoding = encodeDelta({ ...job, output }, { signal: controller.signal })
  const started = performance.now()
  while (!existsSync(output) && performance.now() - started < 5000) await new Promise((done) => setTimeout(done, 5))
  controller.abort(reason)
  await assert.rejects(encoding, reason)
  assert.equal(existsSync(output), false)
  // The next one gets a thread of its own.
  const next = await encodeDelta({ target: await write(target), source: await write(source), output })
  assert.equal(next.method, 'delta')
})

test('a full disk is disk-full, and the part written is removed', { skip: cannotMount }, async (t) => {
  await using small = await mountSmall('1m')
  const { write } = await startDeltas(t)
  const output = join(small.directory, 'output')
  const job = { target: await write(noise(3_000_000, 1)), source: await write(noise(3_000_000, 2)), output }
  await assert.rejects(encodeDelta(job), problem('disk-full'))
  assert.equal(existsSync(output), false)
})
