/** Uploads over real sockets: what is refused leaves nothing behind, what is accepted is there to the byte. */
import assert from 'node:assert/strict'
import { readdirSync, readlinkSync } from 'node:fs'
import { type IncomingMessage, request } from 'node:http'
import { connect } from 'node:net'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { getFile, listMyFiles } from '../api/files.ts'
import { createFolder, getFolder, listFolders } from '../api/folders.ts'
import { getUsage, setQuota } from '../api/storage.ts'
import type { Person } from '../testing/person.ts'
import { refused } from '../testing/refused.ts'
import { startTest, type Test } from '../testing/start.ts'
import { listFiles } from '../volume/testing.ts'

test('nobody uploads without a vault of theirs to put it in', async () => {
  await using t = await startTest()
  const { body, type } = multipart([file('a.txt', 'a')])
  const asked = (headers: Record<string, string>) =>
    fetch(`${t.url}/api/files/upload`, {
      method: 'POST',
      body: new Uint8Array(body),
      headers: { 'content-type': type, ...headers },
    })
  assert.equal((await asked({})).status, 401)
  assert.equal((await asked({ authorization: 'Bearer fv_nonsense' })).status, 401)
  await assert.rejects(t.bob.put('a.txt', 'a', { vaultId: t.alice.vaultId }), refused(404))
  const { id } = await t.alice.call(createFolder, { params: { vaultId: t.alice.vaultId }, body: { name: 'Hers' } })
  await assert.rejects(t.bob.put('a.txt', 'a', { folderId: id }), refused(404))
  await nothingKept(t, t.bob, t.alice)
})

test('what is not a whole multipart body is refused with a sentence, and nothing of it stays', async () => {
  await using t = await startTest()
  const whole = multipart([file('a.txt', 'hello'), file('b.bin', 'x'.repeat(200_000))])
  const end = '--edge--\r\n'
  const cases: Record<string, { type?: string; body: string | Buffer; status?: number }> = {
    'no boundary': { type: 'multipart/form-data', body: whole.body },
    'not multipart': { type: 'application/json', body: '{}' },
    'no content type': { type: '', body: whole.body },
    'an empty body': { body: '' },
    'no parts': { body: end },
    'a part header and then the end': {
      body: '--edge\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n',
    },
    'cut within a file': { body: whole.body.subarray(0, 100_000) },
    'cut before the last boundary': { body: whole.body.subarray(0, whole.body.length - 12) },
    'no file among the parts': { body: `${field('path', 'Here')}${end}` },
    'a file without a name': { body: `${file('', 'x')}${end}` },
    'a file under another field': { body: `${file('a.txt', 'x').replace('"files"', '"upload"')}${end}` },
    'a field after the files': { body: `${file('a.txt', 'x')}${field('path', 'Late')}${end}` },
    'a megabyte in one field': { body: `${field('tags', 'x'.repeat(1e6))}${file('a.txt', 'x')}${end}`, status: 413 },
    'a megabyte of part headers': { body: `--edge\r\nX-Long: ${'x'.repeat(1e6)}\r\n\r\nhello\r\n${end}` },
    'a thousand fields': { body: `${field('path', 'a').repeat(1000)}${file('a.txt', 'x')}${end}` },
    'eleven files': { body: Array.from({ length: 11 }, (_, i) => file(`${i}`, 'x')).join('') + end, status: 413 },
    'tags that are not a list': { body: `${field('tags', '[1,')}${file('a.txt', 'x')}${end}` },
    'tags of the wrong kind': { body: `${field('tags', '[1,{}]')}${file('a.txt', 'x')}${end}` },
    'metadata that is no JSON': { body: `${field('metadata', 'no')}${file('a.txt', 'x')}${end}` },
    'metadata that is a list': { body: `${field('metadata', '[]')}${file('a.txt', 'x')}${end}` },
    'metadata with a deep value': { body: `${field('metadata', '{"a":{"b":1}}')}${file('a.txt', 'x')}${end}` },
    'metadata with a key of SQL': { body: `${field('metadata', '{"$.a\\"\'*":"1"}')}${file('a.txt', 'x')}${end}` },
    'an unknown conflict rule': { body: `${field('onConflict', 'destroy')}${file('a.txt', 'x')}${end}` },
    'a folder that is none': { body: `${field('folderId', '../../etc')}${file('a.txt', 'x')}${end}`, status: 404 },
    'a path that climbs out': { body: `${field('path', 'a/../../b')}${file('a.txt', 'x')}${end}` },
    'a path of a thousand steps': { body: `${field('path', 'a/'.repeat(1000))}${file('a.txt', 'x')}${end}` },
  }
  for (const [what, { type = 'multipart/form-data; boundary=edge', body, status = 422 }] of Object.entries(cases)) {
    const answer = await send(t, { ...(type ? { 'content-type': type } : {}) }, Buffer.from(body))
    assert.equal(answer.status, status, `${what}: ${answer.text}`)
    assert.match(answer.text, /"detail":".{20,}"/, what)
  }
  await nothingKept(t, t.alice)
  assert.deepEqual((await t.alice.call(listFolders, { params: { vaultId: t.alice.vaultId } })).folders, [])
})

test('one bad name among ten keeps all ten out', async () => {
  await using t = await startTest()
  await t.alice.put('taken.txt', 'first')
  const good = Array.from({ length: 9 }, (_, i) => file(`good ${i}.txt`, 'x'.repeat(50_000)))
  for (const [name, status] of [
    ['../escape.txt', 422],
    ['..', 422],
    ['a/b.txt', 422],
    ['a\\b.txt', 422],
    ['nul\0byte.txt', 422],
    ['bell\u0007.txt', 422],
    ['%0d%0aSet-Cookie: x', 422],
    ['reading\u202Efdp.exe', 422],
    ['ä'.repeat(150), 422], // 300 bytes
    ['   ', 422],
    ['taken.txt', 409],
    ['TAKEN.txt', 409],
    ['good 3.txt', 409], // twice in one request
  ] as const) {
    for (const at of [0, 4, 9]) {
      const parts = [...good]
      parts.splice(at, 0, file(name, 'bad'))
      const { body, type } = multipart(parts)
      const answer = await send(t, { 'content-type': type }, body)
      assert.equal(answer.status, status, `${JSON.stringify(name)} at ${at}: ${answer.text}`)
    }
  }
  await nothingKept(t, t.alice)
  assert.equal((await t.alice.call(getUsage, {})).fileCount, 1)
})

test('a name is kept to the letter', async () => {
  await using t = await startTest()
  const names = [
    'Accusé.pdf',
    '031汉堡包.docx',
    '😀 party.txt',
    'it\'s "quoted" 100%.txt',
    'CON',
    'a:b',
    'trailing.',
    'x'.repeat(255),
  ]
  for (const name of names) assert.equal((await t.alice.put(name, 'x')).name, name)
  const star = `--edge\r\nContent-Disposition: form-data; name="files"; filename*=UTF-8''Bl%C3%BCte%20%E2%82%AC.txt\r\n\r\nx\r\n`
  const { body, type } = multipart([star])
  assert.equal((await send(t, { 'content-type': type }, body)).status, 201)
  assert.equal((await t.alice.put('Cafe\u0301.txt', 'x')).name, 'Café.txt')
  const { files } = await t.alice.call(listMyFiles, {})
  assert.deepEqual(files.map(({ name }) => name).sort(), [...names, 'Blüte €.txt', 'Café.txt'].sort())
})

test('folders on the way are made, names are made free where that was asked, and an empty file is a file', async () => {
  await using t = await startTest()
  const first = await t.alice.put('a.txt', '', { path: 'Photos/2026//', tags: '["x","y"]', metadata: '{"n":1}' })
  assert.equal(first.path, '/Photos/2026/a.txt')
  assert.equal(first.size, 0)
  assert.equal(await (await t.alice.get(first.id)).text(), '')
  const again = await t.alice.put('A.txt', 'more', { path: 'photos/2026', onConflict: 'rename' })
  assert.equal(again.path, '/Photos/2026/A (2).txt')
  const folder = await t.alice.call(getFolder, { params: { id: first.folderId ?? '' } })
  assert.equal(folder.fileCount, 2)
  await assert.rejects(t.alice.put('x', 'x', { path: 'Photos/2026/a.txt' }), refused(409))
  await nothingKept(t, t.alice)
})

test('over the quota: 413, how much is free, nothing kept, announced or not', async () => {
  await using t = await startTest()
  const eve = await t.person('eve', { quotaBytes: 100_000 })
  await eve.put('there.bin', 'x'.repeat(40_000))
  const { body, type } = multipart([file('small.txt', 'x'), file('large.bin', 'x'.repeat(300_000))])
  for (const headers of [{}, { 'transfer-encoding': 'chunked' }] as Record<string, string>[]) {
    const answer = await send(t, { 'content-type': type, ...headers }, body, eve)
    assert.equal(answer.status, 413, answer.text)
    assert.match(answer.text, /"over-quota"/)
    assert.match(answer.text, /60000 bytes/)
    await nothingKept(t, eve)
  }
  await eve.put('exactly.bin', 'x'.repeat(60_000))
  await assert.rejects(eve.put('one more.bin', '1'), refused(413, 'over-quota'))
  await eve.put('nothing.bin', '')
  await t.admin.call(setQuota, { body: { userId: eve.id, maxBytes: 10 } })
  await assert.rejects(eve.put('below.bin', '1'), refused(413, 'over-quota'))
  await nothingKept(t, eve)
})

test('who is told no in the middle of sending is listened to, so that they can hear it', async () => {
  await using t = await startTest()
  const { body, type } = multipart([file('../first.txt', 'x'), file('large.bin', 'x'.repeat(80_000_000))])
  const headers = { authorization: `Bearer ${t.alice.token}`, 'content-type': type, 'content-length': body.length }
  const asked = request(`${t.url}/api/files/upload`, { method: 'POST', headers })
  const answered = new Promise<IncomingMessage>((resolve, reject) => asked.on('response', resolve).on('error', reject))
  await new Promise<void>((resolve) => asked.end(body, resolve)) // to the last byte, as a browser does
  assert.equal((await answered).statusCode, 422)
  ;(await answered).resume()
  asked.destroy()
  await nothingKept(t, t.alice)
})

test('the quota is exact under twenty parallel uploads', async () => {
  await using t = await startTest()
  const eve = await t.person('eve', { quotaBytes: 1_000_000 })
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) => eve.put(`${i}.bin`, String(i % 10).repeat(130_000))),
  )
  const lost = outcomes.filter((one) => one.status === 'rejected')
  assert.equal(outcomes.length - lost.length, 7) // 7 × 130 000 fit
  for (const { reason } of lost) refused(413, 'over-quota')(reason)
  assert.equal((await eve.call(getUsage, {})).totalBytes, 910_000)
  await nothingKept(t, eve)
})

test('a client that goes away in mid-upload leaves nothing', async () => {
  await using t = await startTest()
  const { body, type } = multipart([file('done.bin', 'x'.repeat(100_000)), file('going.bin', 'x'.repeat(3_000_000))])
  const before = descriptors(t)
  await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const socket = connect(Number(new URL(t.url).port), '127.0.0.1')
      socket.on('error', () => {})
      socket.write(head(t.alice, { 'content-type': type, 'content-length': String(body.length) }))
      socket.write(body.subarray(0, 1000 + i * 100_000))
      await sleep(100 + i * 5)
      socket.destroy()
    }),
  )
  await until(async () => (await leftIncoming(t)).length === 0)
  await nothingKept(t, t.alice)
  assert.deepEqual((await t.alice.call(listMyFiles, {})).files, [])
  await until(async () => descriptors(t) <= before)
})

test('one file in each request and ten in one give what was sent', async () => {
  await using t = await startTest()
  const content = (i: number) => Buffer.alloc(i * 70_001, `${i}-`)
  const made = await t.alice.putAll(Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`${i}.bin`, content(i)])))
  for (const [i, { id }] of made.entries()) {
    assert.equal((await t.alice.call(getFile, { params: { id } })).size, i * 70_001)
    assert.ok(Buffer.from(await (await t.alice.get(id)).arrayBuffer()).equals(content(i)))
  }
  await nothingKept(t, t.alice)
})

function file(name: string, content: string): string {
  const written = name.replaceAll('"', '%22')
  return `--edge\r\nContent-Disposition: form-data; name="files"; filename="${written}"\r\nContent-Type: application/octet-stream\r\n\r\n${content}\r\n`
}

function field(name: string, value: string): string {
  return `--edge\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
}

function multipart(parts: string[]): { body: Buffer; type: string } {
  return { body: Buffer.from(`${parts.join('')}--edge--\r\n`), type: 'multipart/form-data; boundary=edge' }
}

function head(person: Person, headers: Record<string, string>): string {
  const lines = Object.entries({ host: 'localhost', authorization: `Bearer ${person.token}`, ...headers })
  return `POST /api/files/upload HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
}

/** Sends exactly these bytes, whole or in chunks, and reads the answer. */
async function send(t: Test, headers: Record<string, string>, body: Buffer, person = t.alice) {
  const chunked = headers['transfer-encoding'] === 'chunked'
  const socket = connect(Number(new URL(t.url).port), '127.0.0.1')
  const length: Record<string, string> = chunked ? {} : { 'content-length': String(body.length) }
  socket.write(head(person, { connection: 'close', ...length, ...headers }))
  for (let at = 0; at < body.length; at += 50_000) {
    const chunk = body.subarray(at, at + 50_000)
    if (chunked) socket.write(`${chunk.length.toString(16)}\r\n`)
    socket.write(chunk)
    if (chunked) socket.write('\r\n')
  }
  if (chunked) socket.write('0\r\n\r\n')
  let text = ''
  socket.setTimeout(10_000, () => socket.destroy(new Error('The server gave no answer.')))
  for await (const chunk of socket) text += chunk
  return { status: Number(text.slice(9, 12)), text }
}

/** Looks at the disk and into the index: no bytes that no row names, and usage is the sum of what there is. */
async function nothingKept(t: Test, ...people: Person[]): Promise<void> {
  await until(async () => (await leftIncoming(t)).length === 0)
  const onDisk = (await listFiles(t.directory)).filter((path) => path.includes('/objects/'))
  const named = t.core.index.read.all(sql<{ id: string }>`SELECT DISTINCT object_id AS id FROM version`)
  assert.deepEqual(onDisk.map((path) => path.split('/').at(-1)).sort(), named.map(({ id }) => id).sort())
  for (const person of people) {
    const sum = t.core.index.read.get(
      sql<{
        n: number
      }>`SELECT coalesce(sum(v.size), 0) AS n FROM version v JOIN vault ON vault.no = v.vault_no WHERE vault.id = ${person.vaultId}`,
    )
    assert.equal((await person.call(getUsage, {})).totalBytes, sum?.n)
  }
}

async function leftIncoming(t: Test): Promise<string[]> {
  return (await listFiles(t.directory)).filter((path) => path.startsWith('incoming/'))
}

/** Descriptors of this process, which is the server too, on stored bytes. */
function descriptors(t: Test): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return /\/(incoming|objects)\//.test(readlinkSync(`/proc/self/fd/${fd}`).slice(t.directory.length))
    } catch {
      return false // the descriptor of this very listing
    }
  }).length
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (await condition()) return
    await sleep(50)
  }
  assert.fail('It did not come true within 5 seconds.')
}
