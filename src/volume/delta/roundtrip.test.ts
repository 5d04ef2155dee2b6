// What comes back from a delta: the old content to the byte, whole and by ranges, alone and through chains.

import assert from 'node:assert/strict'
import { readdir, stat } from 'node:fs/promises'
import { test } from 'node:test'
import { sha256 } from '../testing.ts'
import { type OpenedDelta, openChain, openDelta } from './open.ts'
import { edited, noise, randomOf, text } from './samples.ts'
import { contentOf, fromBuffer, startDeltas } from './testing.ts'

const FRAME = 2 * 1024 * 1024

async function compareRanges(delta: OpenedDelta, content: Buffer, ranges: number): Promise<void> {
  const random = randomOf(content.length)
  for (let n = 0; n < ranges; n++) {
    const offset = random.below(content.length + 1)
    const length = random.below(random.below(2) ? 100 : content.length + 1 - offset)
    const expected = content.subarray(offset, offset + length)
    const found = await delta.read(offset, expected.length)
    assert.ok(found.equals(expected), `${offset}+${expected.length} of ${content.length}`)
    if (expected.length === 0) continue
    const stream = delta.stream({ start: offset, end: offset + expected.length - 1 })
    assert.ok(Buffer.concat(await stream.toArray()).equals(expected), `stream ${offset}+${expected.length}`)
  }
}

test('whatever was edited, the old content comes back, whole and in any range', async (t) => {
  const { encode } = await startDeltas(t)
  for (let seed = 1; seed <= 60; seed++) {
    const random = randomOf(seed)
    const size = random.below(random.below(4) ? 200_000 : 300)
    const before = random.below(2) ? text(size, seed) : noise(size, seed)
    const after = edited(before, random)
    const { output, method, bytes } = await encode(before, after)
    if (method === 'whole') {
      assert.equal(bytes, before.length)
      continue
    }
    assert.equal(bytes, (await stat(output)).size)
    await using delta = await openDelta(output, fromBuffer(after), { size: after.length, sha256: sha256(after) })
    assert.equal(delta.size, before.length)
    assert.equal(sha256(await contentOf(delta)), sha256(before), `seed ${seed}`)
    await compareRanges(delta, before, 8)
  }
})

test('identical, empty, one byte, longer and shorter sources', async (t) => {
  const { encode, directory } = await startDeltas(t)
  const content = text(50_000)
  const cases: [string, Buffer, Buffer, method: string, most: number][] = [
    ['identical', content, content, 'delta', 150],
    ['nothing before', Buffer.alloc(0), content, 'whole', 0],
    ['nothing at all', Buffer.alloc(0), Buffer.alloc(0), 'whole', 0],
    ['nothing after', content, Buffer.alloc(0), 'zstd', 25_000],
    ['one byte', Buffer.from('a'), Buffer.from('b'), 'whole', 1],
    ['a byte after', content, Buffer.from('b'), 'zstd', 25_000],
    ['the beginning of', content.subarray(0, 20_000), content, 'delta', 150],
    ['the end of', content.subarray(20_000), content, 'delta', 150],
    ['begins with', Buffer.concat([content, noise(100)]), content, 'delta', 260],
    ['nothing in common', noise(50_000, 1), noise(50_000, 2), 'whole', 50_000],
    ['zeros', Buffer.alloc(5_000_000), Buffer.alloc(100_000), 'delta', 700],
    ['halves swapped', Buffer.concat([content.subarray(25_000), content.subarray(0, 25_000)]), content, 'delta', 150],
    ['in place of noise', noise(50_000), content, 'whole', 50_000],
  ]
  for (const [name, before, after, method, most] of cases) {
    const encoded = await encode(before, after)
    assert.equal(encoded.method, method, name)
    assert.ok(encoded.bytes <= most, `${name}: ${encoded.bytes}`)
    if (method === 'whole') continue
    await using delta = await openDelta(encoded.output, fromBuffer(after))
    assert.equal(sha256(await contentOf(delta)), sha256(before), name)
  }
  const kept = (await readdir(directory)).filter((name) => name.startsWith('delta'))
  assert.equal(kept.length, cases.filter(([, , , method]) => method !== 'whole').length)
})

test('what is compressed alone never asks for its source', async (t) => {
  const content = text(300_000)
  const { output, method } = await (await startDeltas(t)).encode(content, noise(300_000))
  assert.equal(method, 'zstd')
  const nothing = () => Promise.reject(new Error('asked'))
  await using delta = await openDelta(output, nothing, { size: 0 })
  assert.equal(delta.info.needsSource, false)
  assert.equal(sha256(await contentOf(delta)), sha256(content))
})

test('a source that looks like a trained dictionary is taken as bytes', async (t) => {
  const magic = Buffer.from([0x37, 0xa4, 0x30, 0xec])
  const rows = (seed: number) => Buffer.concat([magic, text(20_000, 1).map((byte, i) => (i % 25 === 0 ? seed : byte))])
  const [before, after] = [rows(1), rows(2)]
  const { output, method, bytes } = await (await startDeltas(t)).encode(before, after)
  assert.equal(method, 'delta')
  assert.ok(bytes < 5000, `${bytes}`)
  await using delta = await openDelta(output, fromBuffer(after))
  assert.equal(sha256(await contentOf(delta)), sha256(before))
})

test('content that moved from one frame to another is found', async (t) => {
  const parts = Array.from({ length: 5 }, (_, n) => noise(FRAME - 1000 * n, n + 1))
  const before = Buffer.concat(parts)
  const after = Buffer.concat([noise(77, 9), ...parts.toReversed()])
  const { output, method, bytes } = await (await startDeltas(t)).encode(before, after)
  assert.equal(method, 'delta')
  assert.ok(bytes < 500, `${bytes}`)
  await using delta = await openDelta(output, fromBuffer(after))
  assert.equal(sha256(await contentOf(delta)), sha256(before))
  await compareRanges(delta, before, 20)
  for (const [offset, length] of [
    [FRAME - 1, 2],
    [FRAME, 1],
    [2 * FRAME, FRAME],
    [before.length - 1, 1],
  ] as const)
    assert.ok((await delta.read(offset, length)).equals(before.subarray(offset, offset + length)))
})

test('a range takes the frames it lies in and no more', async (t) => {
  const before = noise(10 * FRAME)
  const after = edited(before, randomOf(3))
  const { output } = await (await startDeltas(t)).encode(before, after)
  let fetched = 0
  await using delta = await openDelta(output, async (offset, length) => {
    fetched += length
    return after.subarray(offset, offset + length)
  })
  assert.ok((await delta.read(7 * FRAME + 5, 10)).equals(before.subarray(7 * FRAME + 5, 7 * FRAME + 15)))
  assert.ok(fetched < 1.5 * FRAME, `${fetched}`)
})

test('ten versions come back through one chain and through deltas that read each other', async (t) => {
  const { encode } = await startDeltas(t)
  const random = randomOf(11)
  const versions: Buffer[] = [Buffer.concat([text(FRAME + 200_000), noise(FRAME)])]
  for (let n = 1; n < 10; n++) versions.push(edited(versions.at(-1) as Buffer, random))
  const outputs: string[] = []
  for (const [n, version] of versions.slice(0, -1).entries()) {
    const encoded = await encode(version, versions[n + 1] as Buffer)
    assert.equal(encoded.method, 'delta')
    outputs.push(encoded.output)
  }
  const newest = versions.at(-1) as Buffer
  for (const n of [0, 4, 8]) {
    await using chain = await openChain(outputs.slice(n), fromBuffer(newest), { size: newest.length })
    assert.equal(sha256(await contentOf(chain)), sha256(versions[n] as Buffer), `version ${n}`)
    await compareRanges(chain, versions[n] as Buffer, 10)
  }
  const opened: OpenedDelta[] = []
  for (const output of outputs.toReversed()) {
    const below = opened.at(-1)
    opened.push(await openDelta(output, below ? below.read : fromBuffer(newest)))
  }
  assert.equal(sha256(await contentOf(opened.at(-1) as OpenedDelta)), sha256(versions[0] as Buffer))
  for (const delta of opened) await delta.close()

  const wrongOrder = openChain([outputs[1], outputs[0]] as string[], fromBuffer(newest))
  await assert.rejects(wrongOrder, { code: 'storage-unavailable' })
  const other = fromBuffer(Buffer.alloc(newest.length))
  await using wrongBase = await openChain(outputs, other)
  await assert.rejects(contentOf(wrongBase), { code: 'storage-unavailable' })
})

test('where every version changed everywhere, a chain still reads its source about once', async (t) => {
  const { encode } = await startDeltas(t)
  const original = noise(2.5 * FRAME)
  const versions = [0, 1, 2, 3].map((seed) => original.map((byte, i) => (i % 40 === seed ? 65 + seed : byte)))
  const newest = Buffer.from(versions.at(-1) ?? [])
  const outputs: string[] = []
  for (const [n, version] of versions.slice(0, -1).entries()) {
    outputs.push((await encode(Buffer.from(version), Buffer.from(versions[n + 1] ?? []))).output)
  }
  let fetched = 0
  await using chain = await openChain(outputs, async (offset, length) => {
    fetched += length
    return newest.subarray(offset, offset + length)
  })
  assert.equal(sha256(await contentOf(chain)), sha256(Buffer.from(versions[0] ?? [])))
  assert.ok(fetched < 3 * newest.length, `${fetched} of ${newest.length}`)
})

test('many readers at once get what they asked for', async (t) => {
  const before = noise(3 * FRAME)
  const after = edited(before, randomOf(8))
  const { output } = await (await startDeltas(t)).encode(before, after)
  await using delta = await openDelta(output, fromBuffer(after))
  await Promise.all(Array.from({ length: 6 }, () => compareRanges(delta, before, 5)))
})

test('deltas asked for at the same time are made one after the other', async (t) => {
  const { encode } = await startDeltas(t)
  const before = text(100_000)
  const encoded = await Promise.all([1, 2, 3, 4].map((seed) => encode(before, edited(before, randomOf(seed)))))
  for (const { method } of encoded) assert.equal(method, 'delta')
})
