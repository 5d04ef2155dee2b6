import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { client } from '../api/client.ts'
import { download } from '../api/files.ts'
import { listUploads } from '../api/uploads.ts'
import { refused } from '../testing/refused.ts'
import { startTest, type Test } from '../testing/start.ts'
import { sendBlockwise } from './blockwise.ts'

/** Sends like the page, and counts what goes over the wire in bodies, both ways. */
async function replace(t: Test, content: Buffer, baseVersion: number | undefined, path = 'big.bin') {
  let wire = 0
  const counting: typeof fetch = async (input, init) => {
    const { body } = init ?? {}
    wire += typeof body === 'string' ? body.length : body instanceof Uint8Array ? body.length : 0
    const response = await fetch(input, init)
    wire += Number(response.headers.get('content-length') ?? 0)
    return response
  }
  const sent = await sendBlockwise({
    client: client({ origin: t.url, token: t.alice.token, fetch: counting }),
    vaultId: t.alice.vaultId,
    content: new Blob([Uint8Array.from(content)]),
    target: { path, ...(baseVersion === undefined ? {} : { baseVersion }) },
  })
  assert.equal(sent.file.sha256, createHash('sha256').update(content).digest('hex'))
  const bytes = await (await t.alice.call(download, { params: { id: sent.file.id } })).arrayBuffer()
  assert.ok(content.equals(Buffer.from(bytes)))
  return { ...sent, wire }
}

test('what changed is sent, and little more: small pieces, large ones, bytes in front, halves swapped', async () => {
  await using t = await startTest()
  const size = 20_000_000
  const first = randomBytes(size)
  const { file, sentBytes } = await replace(t, first, undefined)
  assert.equal(sentBytes, size)
  await t.idle()
  const scattered = Buffer.from(first)
  for (let i = 0; i < 100; i++) randomBytes(4096).copy(scattered, Math.floor((i + 0.37) * (size / 100)) - 4096)
  const large = Buffer.concat([scattered.subarray(0, 5_000_000), randomBytes(1_000_000), scattered.subarray(6_000_000)])
  const front = Buffer.concat([randomBytes(1000), large])
  const swapped = Buffer.concat([front.subarray(10_000_000), front.subarray(0, 10_000_000)])
  let version = file.version
  for (const [what, content, most] of [
    ['100 pieces of 4 KiB', scattered, 1_400_000],
    ['1 MB in one place', large, 1_060_000],
    ['1000 bytes in front', front, 20_000],
    ['halves swapped', swapped, 60_000],
    ['nothing', swapped, 10_000],
  ] as const) {
    const sent = await replace(t, content, version)
    assert.ok(sent.wire <= most, `${what}: ${sent.wire} bytes went over the wire`)
    version = sent.file.version
    await t.idle()
  }
})

test('a file under another name needs only what its vault lacks', async () => {
  await using t = await startTest()
  const content = randomBytes(5_000_000)
  await replace(t, content, undefined, 'a.bin')
  await t.idle()
  assert.equal((await replace(t, content, undefined, 'b.bin')).sentBytes, 0)
  const empty = await replace(t, Buffer.alloc(0), undefined, 'empty.bin')
  assert.equal(empty.sentBytes, 0)
  assert.equal((await replace(t, Buffer.from('now not'), 1, 'empty.bin')).sentBytes, 7)
})

test('a newer version in the way is a conflict, and nothing of the attempt is left', async () => {
  await using t = await startTest()
  const content = randomBytes(1_000_000)
  await replace(t, content, undefined)
  await t.alice.put('big.bin', 'somebody was quicker', { onConflict: 'replace' })
  await assert.rejects(replace(t, randomBytes(1_000_000), 1), refused(409))
  assert.deepEqual((await t.alice.call(listUploads, {})).uploads, [])
  assert.equal(await (await t.alice.get((await t.alice.put('other.txt', 'x')).id)).text(), 'x')
})
