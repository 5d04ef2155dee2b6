import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import {
  type Block,
  blockCutting,
  type Cutting,
  decodeBlocks,
  encodeBlocks,
  groupBlocks,
  openCutter,
  pieceCutting,
} from './blocks.ts'

const sha256 = (bytes: Uint8Array) => new Uint8Array(createHash('sha256').update(bytes).digest())

/** Bytes that look like chance and are the same each time. */
function noise(size: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(size)
  let state = seed
  for (let i = 0; i < size; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    bytes[i] = state >>> 24
  }
  return bytes
}

function cut(content: Buffer, pieceBytes = content.length || 1, cutting: Cutting = blockCutting): Block[] {
  const cutter = openCutter(cutting)
  const ends: number[] = []
  for (let at = 0; at < content.length; at += pieceBytes)
    for (const end of cutter.push(content.subarray(at, at + pieceBytes))) ends.push(at + end)
  if (cutter.open > 0) ends.push(content.length)
  return ends.map((end, i) => {
    const bytes = content.subarray(ends[i - 1] ?? 0, end)
    return { size: bytes.length, sha256: sha256(bytes) }
  })
}

const names = (blocks: { sha256: Uint8Array }[]) => blocks.map((one) => Buffer.from(one.sha256).toString('hex'))

test('a content is cut in the same places however it comes in', () => {
  for (const cutting of [blockCutting, pieceCutting]) {
    const content = noise(3_000_000)
    const whole = names(cut(content, content.length, cutting))
    for (const pieceBytes of [1000, 4096, 65_536, 65_537, 999_999])
      assert.deepEqual(names(cut(content, pieceBytes, cutting)), whole)
  }
  assert.deepEqual(cut(Buffer.alloc(0)), [])
  assert.deepEqual(
    cut(Buffer.from('x')).map(({ size }) => size),
    [1],
  )
})

test('blocks keep within their bounds, 64 KiB or less on average, and make the whole', () => {
  const lines = Buffer.from(
    Array.from({ length: 300_000 }, (_, i) => `${(i * 7919) % 10_007} some line of text ${i}\n`).join(''),
  )
  for (const content of [noise(20_000_000), lines]) {
    const blocks = cut(content)
    assert.equal(
      blocks.reduce((sum, { size }) => sum + size, 0),
      content.length,
    )
    assert.ok(content.length / blocks.length <= 65_536, `${content.length / blocks.length}`)
    for (const { size } of blocks.slice(0, -1)) assert.ok(size >= blockCutting.least && size <= blockCutting.most)
  }
  assert.ok(cut(Buffer.alloc(1_000_000)).every(({ size }) => size <= blockCutting.most))
})

test('bytes put in, taken out or moved change the blocks around them and no others', () => {
  const content = noise(8_000_000)
  const before = new Set(names(cut(content)))
  const middle = 4_000_000
  for (const [what, after] of [
    ['in front', Buffer.concat([Buffer.from('some bytes'), content])],
    ['in the middle', Buffer.concat([content.subarray(0, middle), Buffer.alloc(1000, 7), content.subarray(middle)])],
    ['taken out', Buffer.concat([content.subarray(0, middle), content.subarray(middle + 777)])],
    ['halves swapped', Buffer.concat([content.subarray(middle), content.subarray(0, middle)])],
  ] as const) {
    const fresh = names(cut(after)).filter((name) => !before.has(name))
    assert.ok(fresh.length <= 4, `${what}: ${fresh.length} new blocks`)
  }
})

test('one changed block changes one group, and groups name every block once', async () => {
  const content = noise(30_000_000)
  const blocks = cut(content)
  const groups = await groupBlocks(blocks, sha256)
  assert.equal(
    groups.reduce((sum, { size }) => sum + size, 0),
    content.length,
  )
  assert.equal(
    groups.reduce((sum, { count }) => sum + count, 0),
    blocks.length,
  )
  const changed = await groupBlocks(cut(Buffer.concat([Buffer.from('x'), content])), sha256)
  const before = new Set(names(groups))
  assert.ok(groups.length > 5)
  assert.ok(names(changed).filter((name) => !before.has(name)).length <= 2)
  assert.deepEqual(await groupBlocks([], sha256), [])
})

test('a list of blocks goes to bytes and back; what is no such list is refused with the reason', () => {
  const content = noise(1_000_000)
  const blocks = cut(content)
  const bytes = encodeBlocks(blocks)
  assert.deepEqual(names(decodeBlocks(bytes, content.length)), names(blocks))
  assert.deepEqual(decodeBlocks(encodeBlocks([]), 0), [])
  const none = encodeBlocks([{ size: 0, sha256: new Uint8Array(32) }])
  for (const [wrong, size, words] of [
    [new Uint8Array(0), 0, /not a list/],
    [Uint8Array.from([9, ...bytes.subarray(1)]), content.length, /not a list/],
    [bytes.subarray(0, -1), content.length, /cut short/],
    [Uint8Array.from([...bytes, 0]), content.length, /cut short/],
    [bytes, content.length + 1, /make 1000000 bytes/],
    [none, 0, /no bytes/],
  ] as const)
    assert.throws(() => decodeBlocks(wrong, size), { name: 'RangeError', message: words })
})
