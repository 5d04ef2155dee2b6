import assert from 'node:assert/strict'
import { test } from 'node:test'
import { client } from '../api/client.ts'
import { listMyFiles } from '../api/files.ts'
import { listUploads } from '../api/uploads.ts'
import { startTest, type Test } from '../testing/start.ts'
import { openLarge } from './large.ts'
import { type Send, sendWithToken } from './send.ts'
import { type Entry, openTransfers, type Snapshot, type Transfers } from './transfers.ts'

function entry(name: string, content = name, path = ''): Entry {
  return { file: new Blob([content]), name, path }
}

function until(transfers: Transfers, settled: (snapshot: Snapshot) => boolean): Promise<Snapshot> {
  return new Promise((resolve) => {
    const stop = transfers.subscribe(() => {
      const snapshot = transfers.snapshot()
      if (!settled(snapshot)) return
      stop()
      resolve(snapshot)
    })
  })
}

const atRest = ({ counts }: Snapshot) => counts.sending + counts.waiting === 0

/** For queues in which nothing is large. */
const sendLarge = openLarge(client())

/** Sends to the real server and counts the requests. */
function counted(t: Test): { send: Send; requests: () => number } {
  const real = sendWithToken(t.url, t.alice.token)
  let requests = 0
  return {
    requests: () => requests,
    send: (sending) => {
      requests++
      return real(sending)
    },
  }
}

async function names(t: Test): Promise<string[]> {
  return (await t.alice.call(listMyFiles, { query: {} })).files.map(({ path }) => path).sort()
}

test('small files of one folder go ten to a request, and land in their folders', async () => {
  await using t = await startTest()
  const { send, requests } = counted(t)
  const transfers = openTransfers({ send, sendLarge })
  const entries = Array.from({ length: 25 }, (_, i) => entry(`${i}.txt`, 'x'.repeat(i), i < 20 ? 'Photos/2026' : ''))
  transfers.add(entries, { vaultId: t.alice.vaultId, folderId: null })
  const { counts, sentBytes, totalBytes } = await until(transfers, atRest)
  assert.equal(counts.done, 25)
  assert.equal(sentBytes, totalBytes)
  assert.equal(requests(), 3)
  assert.deepEqual(await names(t), entries.map(({ name, path }) => `${path ? `/${path}` : ''}/${name}`).sort())
})

test('one bad file among ten is told so; the others arrive', async () => {
  await using t = await startTest()
  const transfers = openTransfers({ send: counted(t).send, sendLarge })
  transfers.add([...Array.from({ length: 9 }, (_, i) => entry(`${i}.txt`)), entry('..')], {
    vaultId: t.alice.vaultId,
    folderId: null,
  })
  const { counts, items } = await until(transfers, atRest)
  assert.deepEqual([counts.done, counts.failed], [9, 1])
  assert.match(items.find(({ status }) => status === 'failed')?.message ?? '', /cannot be called/)
  assert.equal((await names(t)).length, 9)
})

test('names that are taken are asked about, and one answer can do for all', async () => {
  await using t = await startTest()
  await t.alice.putAll({ 'a.txt': 'old', 'b.txt': 'old' })
  const transfers = openTransfers({ send: counted(t).send, sendLarge })
  transfers.add([entry('a.txt'), entry('b.txt'), entry('c.txt')], { vaultId: t.alice.vaultId, folderId: null })
  const { counts, items } = await until(transfers, atRest)
  assert.deepEqual([counts.conflict, counts.done], [2, 1])
  transfers.resolve(items.find(({ status }) => status === 'conflict')?.id ?? 0, 'rename', { all: true })
  assert.equal((await until(transfers, atRest)).counts.done, 3)
  assert.deepEqual(await names(t), ['/a (2).txt', '/a.txt', '/b (2).txt', '/b.txt', '/c.txt'])
})

test('a cancelled file leaves nothing, and those that went with it arrive all the same', async () => {
  await using t = await startTest()
  const { send } = counted(t)
  let first = true
  const transfers = openTransfers({
    sendLarge,
    send: async (sending) => {
      if (first) {
        first = false
        transfers.cancel(1)
      }
      sending.signal.throwIfAborted()
      return send(sending)
    },
  })
  transfers.add([entry('unwanted.txt'), entry('kept.txt')], { vaultId: t.alice.vaultId, folderId: null })
  const { counts } = await until(transfers, atRest)
  assert.deepEqual([counts.cancelled, counts.done], [1, 1])
  assert.deepEqual(await names(t), ['/kept.txt'])
  transfers.retry(1)
  assert.equal((await until(transfers, atRest)).counts.done, 2)
})

test('a connection that is lost is tried again; a session that ended waits for somebody to sign in', async () => {
  await using t = await startTest()
  const good = sendWithToken(t.url, t.alice.token)
  const answers: Send[] = [sendWithToken('http://127.0.0.1:9', 'nobody'), sendWithToken(t.url, 'no token'), good]
  const transfers = openTransfers({ sendLarge, send: (sending) => (answers.shift() ?? good)(sending) })
  transfers.add([entry('a.txt')], { vaultId: t.alice.vaultId, folderId: null })
  const waiting = await until(transfers, ({ signedOut }) => signedOut)
  assert.equal(waiting.counts.waiting, 1)
  transfers.resume()
  assert.equal((await until(transfers, atRest)).counts.done, 1)
})

test('ten thousand files in one drop are told in one go', async () => {
  const transfers = openTransfers({ sendLarge, send: () => new Promise(() => {}) })
  const entries = Array.from({ length: 10_000 }, (_, i) => entry(`${i}.txt`, 'x', `Folder ${Math.floor(i / 100)}`))
  let told = 0
  transfers.subscribe(() => told++)
  transfers.add(entries, { vaultId: 'v', folderId: null })
  const { items, counts } = await until(transfers, () => true)
  assert.equal(items.length, 10_000)
  assert.equal(counts.sending, 30)
  assert.equal(told, 1)
})

test('a large file goes by itself, can be paused and gone on with, and leaves nothing when cancelled', async () => {
  await using t = await startTest()
  const { send, requests } = counted(t)
  const transfers = openTransfers({ send, sendLarge: openLarge(t.alice) })
  const large = entry('large.bin', 'x'.repeat(20_000_000))
  transfers.add([large, entry('small.txt')], { vaultId: t.alice.vaultId, folderId: null })
  await until(transfers, ({ items }) => (items[0]?.sent ?? 0) > 0)
  transfers.pause(1)
  const paused = await until(transfers, ({ counts }) => counts.paused === 1 && counts.done === 1)
  assert.ok((paused.items[0]?.sent ?? 0) > 0)
  transfers.retry(1)
  assert.equal((await until(transfers, atRest)).counts.done, 2)
  assert.deepEqual(await names(t), ['/large.bin', '/small.txt'])
  assert.equal(requests(), 1)

  transfers.add([entry('other.bin', 'y'.repeat(120_000_000))], { vaultId: t.alice.vaultId, folderId: null })
  await until(transfers, ({ items }) => (items[2]?.sent ?? 0) > 0)
  transfers.cancel(3)
  await until(transfers, atRest)
  for (let tries = 0; tries < 50; tries++) {
    if ((await t.alice.call(listUploads, {})).uploads.length === 0) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  assert.deepEqual((await t.alice.call(listUploads, {})).uploads, [])
  assert.deepEqual(await names(t), ['/large.bin', '/small.txt'])
})

test('a name that is taken can be replaced: small files whole, large ones by what changed', async () => {
  await using t = await startTest()
  const content = Array.from({ length: 700_000 }, (_, i) => `line ${(i * 7919) % 104_729}\n`).join('')
  await t.alice.putAll({ 'large.txt': content, 'small.txt': 'old' })
  const transfers = openTransfers({ send: counted(t).send, sendLarge: openLarge(t.alice) })
  const entries = [entry('large.txt', `one line more\n${content}`), entry('small.txt', 'new')]
  transfers.add(entries, { vaultId: t.alice.vaultId, folderId: null })
  const { items } = await until(transfers, ({ counts }) => counts.conflict === 2)
  transfers.resolve(items[0]?.id ?? 0, 'replace', { all: true })
  const over = await until(transfers, atRest)
  assert.equal(over.counts.done, 2)
  assert.ok((over.items[0]?.travelled ?? content.length) < 100_000, `${over.items[0]?.travelled}`)
  const { files } = await t.alice.call(listMyFiles, { query: {} })
  assert.deepEqual(
    files.map(({ name, version }) => [name, version]),
    [
      ['large.txt', 2],
      ['small.txt', 2],
    ],
  )
})
