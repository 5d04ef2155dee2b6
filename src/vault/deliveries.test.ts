/** Downloads through links: how many there may be, and what counts as one. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { get } from 'node:http'
import { test } from 'node:test'
import { changeShare, createShare, listShares, removeShare, type Share } from '../api/shares.ts'
import { type Guest, openGuest } from '../testing/guest.ts'
import { startTest, type Test } from '../testing/start.ts'

const content = Buffer.from('A line of text, shown in the page.\n'.repeat(6000))

test('of a hundred who come at once, exactly as many get the file as may', async () => {
  await using t = await startTest()
  for (const maxDownloads of [1, 7]) {
    const share = await shared(t, { maxDownloads })
    const answers = await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const answer = await openGuest(t.url, share).get('/download', { 'user-agent': `browser ${i}` })
        return { status: answer.status, bytes: (await answer.arrayBuffer()).byteLength }
      }),
    )
    const got = answers.filter(({ status }) => status === 200)
    assert.equal(got.length, maxDownloads)
    for (const { bytes } of got) assert.equal(bytes, content.length)
    for (const { status } of answers.filter(({ status }) => status !== 200)) assert.equal(status, 403)
    assert.equal((await read(t, share)).downloadCount, maxDownloads)
  }
})

test('asking, pictures, HEAD and 304 cost nothing; a whole download and a look at the whole do', async () => {
  await using t = await startTest()
  const share = await shared(t, { maxDownloads: 2 })
  const guest = openGuest(t.url, share)
  const etag = (await head(t, guest)).headers.get('etag') ?? ''
  for (const ask of [
    () => guest.get(''),
    () => head(t, guest),
    () => guest.get('/download', { 'if-none-match': etag }),
    () => guest.get('/download', { range: 'bytes=999999-' }),
    () => guest.get('/thumbnail'),
  ])
    await (await ask()).arrayBuffer()
  assert.equal((await read(t, share)).downloadCount, 0)
  assert.equal((await guest.json<{ downloadsLeft: number }>('')).downloadsLeft, 2)
  await (await guest.get('/preview')).arrayBuffer()
  await (await guest.get('/download')).arrayBuffer()
  assert.equal((await read(t, share)).downloadCount, 2)
  assert.equal((await guest.get('/download')).status, 403)
  assert.equal((await guest.json<{ downloadsLeft: number }>('')).downloadsLeft, 0)
})

test('a download in pieces is one download, in order or all at once, and the same piece again is another', async () => {
  await using t = await startTest()
  const share = await shared(t, { maxDownloads: 2 })
  const guest = openGuest(t.url, share)
  const pieces = Array.from({ length: 10 }, (_, i) => `bytes=${i * 21_000}-${(i + 1) * 21_000 - 1}`)
  const parts: Buffer[] = []
  for (const range of pieces) {
    const answer = await guest.get('/download', { range })
    assert.equal(answer.status, 206)
    parts.push(Buffer.from(await answer.arrayBuffer()))
  }
  assert.ok(Buffer.concat(parts).equals(content))
  assert.equal((await read(t, share)).downloadCount, 1)
  const statuses = await Promise.all(
    pieces.map(async (range) => {
      const answer = await guest.get('/download', { range })
      await answer.arrayBuffer()
      return answer.status
    }),
  )
  assert.deepEqual(new Set(statuses), new Set([206]))
  assert.equal((await read(t, share)).downloadCount, 2)
  assert.equal((await guest.get('/download', { range: 'bytes=0-0' })).status, 403)
})

test('somebody else cannot go on with a download, and what is left lying counts by its parts', async () => {
  await using t = await startTest()
  const share = await shared(t, { maxDownloads: 1 })
  const piece = { range: 'bytes=0-149999' }
  const begin = async (name: string, headers: Record<string, string> = piece) => {
    const answer = await openGuest(t.url, share).get('/download', { ...headers, 'user-agent': name })
    await answer.arrayBuffer()
    return answer.status
  }
  assert.equal(await begin('one'), 206)
  assert.equal(await begin('two'), 403) // the one place is taken
  t.clock.advance(11 * 60_000) // and given up
  assert.equal(await begin('two'), 206)
  t.clock.advance(11 * 60_000)
  // Two times three quarters is more than once the whole.
  assert.equal(await begin('three'), 403)
  assert.equal((await read(t, share)).downloadCount, 0)
})

test('a connection that broke gives back what did not go out', async () => {
  await using t = await startTest()
  const large = await t.alice.put('large.bin', randomBytes(30_000_000))
  const share = await t.alice.call(createShare, { body: { fileId: large.id, maxDownloads: 1 } })
  const guest = openGuest(t.url, share)
  await broken(`${t.url}/api/public/shares/${share.shortCode}/download`)
  for (let i = 0; i < 100; i++) {
    // The rest: what was on its way to nowhere may not be more than the buffers of a connection.
    const answer = await guest.get('/download', { range: 'bytes=20000000-', 'user-agent': 'browser' })
    await answer.arrayBuffer()
    if (answer.status === 206) return
    await new Promise((go) => setTimeout(go, 20))
  }
  assert.fail('The place was never given back.')
})

test('a link that is revoked or changed ends the downloads that are under way', async () => {
  await using t = await startTest()
  const large = await t.alice.put('large.bin', randomBytes(40_000_000))
  for (const end of [
    (share: Share) => t.alice.call(removeShare, { params: { id: share.id } }),
    (share: Share) => t.alice.call(changeShare, { params: { id: share.id }, body: { password: 'another' } }),
  ]) {
    const share = await t.alice.call(createShare, { body: { fileId: large.id } })
    const answer = await openGuest(t.url, share).get('/download')
    const reader = answer.body?.getReader()
    await reader?.read()
    await end(share)
    let bytes = 0
    await assert.rejects(async () => {
      for (let next = await reader?.read(); next && !next.done; next = await reader?.read()) bytes += next.value.length
    })
    assert.ok(bytes < 40_000_000)
  }
})

async function shared(t: Test, conditions: { maxDownloads?: number }): Promise<Share> {
  const file = await t.alice.put(`${++made}.txt`, new Uint8Array(content))
  return t.alice.call(createShare, { body: { fileId: file.id, ...conditions } })
}
let made = 0

async function read(t: Test, { id }: Share): Promise<Share> {
  const { shares } = await t.alice.call(listShares, {})
  const found = shares.find((one) => one.id === id)
  if (!found) throw new Error('The link is gone.')
  return found
}

function head(t: Test, { code }: Guest): Promise<Response> {
  return fetch(`${t.url}/api/public/shares/${code}/download`, { method: 'HEAD' })
}

function broken(url: string): Promise<void> {
  return new Promise((resolve) => {
    const request = get(url, { headers: { 'user-agent': 'browser' } }, (answer) => {
      answer.once('data', () => {
        request.destroy()
        resolve()
      })
    })
    request.on('error', () => {})
  })
}
