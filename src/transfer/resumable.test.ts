import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { client } from '../api/client.ts'
import { listMyFiles } from '../api/files.ts'
import { changeSettings } from '../api/settings.ts'
import { listUploads } from '../api/uploads.ts'
import { refused } from '../testing/refused.ts'
import { startTest, type Test } from '../testing/start.ts'
import { sendResumable } from './resumable.ts'

async function start(): Promise<Test> {
  const t = await startTest()
  await t.admin.call(changeSettings, { body: { chunkBytes: 65_536 } })
  return t
}

/** A client whose connection fails when `fails` says so, and that remembers which chunks were acknowledged. */
function shaky(t: Test, fails: (n: number) => boolean) {
  const acknowledged: string[] = []
  let n = 0
  const unreliable: typeof fetch = async (input, init) => {
    const isChunk = String(input).includes('/chunks/')
    if (isChunk && fails(++n)) throw new TypeError('fetch failed')
    const response = await fetch(input, init)
    if (isChunk && response.ok) acknowledged.push(String(input))
    return response
  }
  return { acknowledged, person: client({ origin: t.url, token: t.alice.token, fetch: unreliable }) }
}

const content = randomBytes(65_536 * 12 + 5)
const sha256 = createHash('sha256').update(content).digest('hex')
const blob = new Blob([Uint8Array.from(content)])

test('a connection that fails again and again gets the file through, and no chunk goes twice', async () => {
  await using t = await start()
  const { person, acknowledged } = shaky(t, (n) => n % 3 === 0)
  const told: number[] = []
  const file = await sendResumable({
    client: person,
    vaultId: t.alice.vaultId,
    content: blob,
    target: { path: 'a.bin', sha256 },
    signal: new AbortController().signal,
    onProgress: (received) => told.push(received),
  })
  assert.equal(file.sha256, sha256)
  assert.equal(new Set(acknowledged).size, acknowledged.length)
  assert.equal(acknowledged.length, 13)
  assert.deepEqual(
    told,
    told.toSorted((a, b) => a - b),
  )
  assert.equal(told.at(-1), content.length)
})

test('a pause keeps what was sent; another client goes on with the same file, and not with another', async () => {
  await using t = await start()
  const stop = new AbortController()
  const first = shaky(t, () => false)
  let id = ''
  const options = { vaultId: t.alice.vaultId, content: blob, target: { path: 'a.bin', sha256 } }
  const sending = sendResumable({
    ...options,
    client: first.person,
    signal: stop.signal,
    onBegun: (uploadId) => {
      id = uploadId
    },
    onProgress: (received) => {
      if (received > 65_536 * 3) stop.abort(new Error('Paused.'))
    },
  })
  await assert.rejects(sending, /Paused/)
  assert.equal((await t.alice.call(listUploads, {})).uploads.length, 1)
  const second = shaky(t, () => false)
  const signal = new AbortController().signal
  const other = new Blob([Uint8Array.from(content.subarray(1))])
  await assert.rejects(
    sendResumable({ ...options, client: second.person, content: other, uploadId: id, signal }),
    refused(409),
  )
  const file = await sendResumable({ ...options, client: second.person, uploadId: id, signal })
  assert.equal(file.sha256, sha256)
  // A chunk may arrive while its answer is lost; one that was answered is not sent again.
  assert.deepEqual(
    first.acknowledged.filter((one) => second.acknowledged.includes(one)),
    [],
  )
})

test('what is refused is told at once and leaves no file', async () => {
  await using t = await start()
  await t.alice.put('a.bin', 'there already')
  const { person } = shaky(t, () => false)
  const signal = new AbortController().signal
  const options = { client: person, vaultId: t.alice.vaultId, content: blob, signal }
  await assert.rejects(sendResumable({ ...options, target: { path: 'a.bin' } }), refused(409))
  await assert.rejects(sendResumable({ ...options, target: { path: '../a.bin' } }), refused(422))
  const next = await sendResumable({ ...options, target: { path: 'a.bin', onConflict: 'replace' } })
  assert.deepEqual([next.version, next.sha256], [2, sha256])
  assert.equal((await t.alice.call(listMyFiles, { query: {} })).files.length, 1)
})
