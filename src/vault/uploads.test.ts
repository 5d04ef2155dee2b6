/** Resumable uploads, as a client sees them. */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Client } from '../api/client.ts'
import { download, listMyFiles } from '../api/files.ts'
import { changeSettings } from '../api/settings.ts'
import { getUsage } from '../api/storage.ts'
import {
  completeUpload,
  createUpload,
  getBlocks,
  getUpload,
  listUploads,
  type NewUpload,
  putChunk,
  removeUpload,
} from '../api/uploads.ts'
import { getVault } from '../api/vaults.ts'
import { openCutter } from '../blocks.ts'
import type { Person } from '../testing/person.ts'
import { refused } from '../testing/refused.ts'
import { startTest, type Test } from '../testing/start.ts'

const chunkBytes = 65_536

async function start(options = {}): Promise<Test> {
  const t = await startTest(options)
  await t.admin.call(changeSettings, { body: { chunkBytes } })
  return t
}

function begin(person: Person, input: Omit<NewUpload, 'size'> & { size?: number }, content: Buffer) {
  return person.call(createUpload, {
    params: { vaultId: person.vaultId },
    body: { size: content.length, ...input },
  })
}

function chunk(content: Buffer, index: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(content.subarray(index * chunkBytes, (index + 1) * chunkBytes))
}

function digest(bytes: Uint8Array): Record<string, string> {
  return { 'content-digest': `sha-256=:${createHash('sha256').update(bytes).digest('base64')}:` }
}

function send(
  client: Pick<Client, 'call'>,
  id: string,
  index: number,
  bytes: Uint8Array<ArrayBuffer>,
  headers = digest(bytes),
) {
  return client.call(putChunk, { params: { id, index: String(index) }, body: bytes }, { headers })
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

async function staged(t: Test): Promise<string[]> {
  return readdir(join(t.directory, 'uploads'))
}

test("somebody else's upload is not there, and a token that may only read cannot write", async () => {
  await using t = await start()
  const content = randomBytes(100_000)
  const { id, resumeToken } = await begin(t.alice, { path: 'a.bin' }, content)
  const params = { id }
  for (const attempt of [
    () => t.bob.call(getUpload, { params }),
    () => t.admin.call(getUpload, { params }),
    () => send(t.bob, id, 0, chunk(content, 0)),
    () => t.bob.call(completeUpload, { params }),
    () => t.bob.call(removeUpload, { params }),
    () => t.bob.call(getUpload, { params }, { headers: { 'resume-token': resumeToken } }),
    () => t.alice.call(getUpload, { params }, { headers: { 'resume-token': `${resumeToken}x` } }),
    () => t.bob.call(createUpload, { params: { vaultId: t.alice.vaultId }, body: { path: 'b', size: 1 } }),
  ])
    await assert.rejects(attempt, refused(404))
  const reader = await t.alice.limited(['read'])
  await assert.rejects(send(reader, id, 0, chunk(content, 0)), refused(403))
  await assert.rejects(reader.call(removeUpload, { params }), refused(403))
  assert.equal((await t.alice.call(getUpload, { params }, { headers: { 'resume-token': resumeToken } })).status, 'open')
  assert.deepEqual((await t.bob.call(listUploads, {})).uploads, [])
})

test('chunks come in any order, eight at once, and make the file byte for byte', async () => {
  await using t = await start()
  const content = randomBytes(chunkBytes * 20 + 17)
  const made = await begin(
    t.alice,
    { path: 'Projects/2026/big.bin', sha256: sha256(content), tags: ['raw'], metadata: { client: 'Acme' } },
    content,
  )
  assert.equal(made.totalChunks, 21)
  assert.deepEqual(
    made.missing,
    Array.from({ length: 21 }, (_, i) => i),
  )
  const order = made.missing.toSorted((a, b) => ((a * 7) % 21) - ((b * 7) % 21))
  for (let at = 0; at < order.length; at += 8)
    await Promise.all(order.slice(at, at + 8).map((i) => send(t.alice, made.id, i, chunk(content, i))))
  const file = await t.alice.call(completeUpload, { params: { id: made.id } })
  assert.equal(file.path, '/Projects/2026/big.bin')
  assert.equal(file.sha256, sha256(content))
  assert.deepEqual([file.version, file.tags, file.metadata], [1, ['raw'], { client: 'Acme' }])
  const bytes = await (await t.alice.call(download, { params: { id: file.id } })).arrayBuffer()
  assert.ok(content.equals(Buffer.from(bytes)))
  const again = await t.alice.call(completeUpload, { params: { id: made.id } })
  assert.equal(again.id, file.id)
  assert.equal((await t.alice.call(getUpload, { params: { id: made.id } })).status, 'done')
  await assert.rejects(send(t.alice, made.id, 0, chunk(content, 0)), refused(409))
  await t.idle()
  assert.deepEqual(await staged(t), [])
})

test('complete sent twice at once makes one version, and both hear of it', async () => {
  await using t = await start()
  const content = randomBytes(1000)
  const { id } = await begin(t.alice, { path: 'one.bin' }, content)
  await send(t.alice, id, 0, chunk(content, 0))
  const files = await Promise.all(Array.from({ length: 5 }, () => t.alice.call(completeUpload, { params: { id } })))
  assert.equal(new Set(files.map((file) => `${file.id} ${file.version}`)).size, 1)
  assert.equal((await t.alice.call(listMyFiles, { query: {} })).files.length, 1)
})

test('what was acknowledged is there after a restart, and only the rest is sent', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'filevault-uploads-'))
  const content = randomBytes(chunkBytes * 4)
  let id = ''
  let token = ''
  {
    await using t = await start({ directory })
    id = (await begin(t.alice, { path: 'a.bin', sha256: sha256(content) }, content)).id
    token = t.alice.token
    for (const i of [3, 1]) await send(t.alice, id, i, chunk(content, i))
  }
  {
    await using t = await startTest({ directory, empty: true })
    const call: Client['call'] = (endpoint, input, options) =>
      t.visitor.call(endpoint, input, {
        ...options,
        headers: { authorization: `Bearer ${token}`, ...options?.headers },
      })
    const upload = await call(getUpload, { params: { id } })
    assert.deepEqual([upload.receivedChunks, upload.missing, upload.receivedBytes], [[1, 3], [0, 2], chunkBytes * 2])
    for (const i of upload.missing) await send({ call }, id, i, chunk(content, i))
    assert.equal((await call(completeUpload, { params: { id } })).sha256, sha256(content))
  }
  await rm(directory, { recursive: true })
})

test('a chunk is repeatable; one that is wrong, short or long is refused and changes nothing', async () => {
  await using t = await start()
  const content = randomBytes(chunkBytes * 2)
  const { id } = await begin(t.alice, { path: 'a.bin' }, content)
  await send(t.alice, id, 0, chunk(content, 0))
  await send(t.alice, id, 0, chunk(content, 0))
  await send(t.alice, id, 0, chunk(randomBytes(chunkBytes), 0)) // there already: read, and left as it is
  const [first, second] = [chunk(content, 0), chunk(content, 1)]
  for (const [index, bytes, headers] of [
    [1, second, digest(first)],
    [1, second.subarray(0, 10), {}],
    [1, Uint8Array.from([...second, 1]), {}],
    [1, second, { 'content-digest': 'md5=:abc=:' }],
    [1, second, { 'content-digest': 'sha-256=:AAAA:' }],
    [2, second, {}],
  ] as const)
    await assert.rejects(send(t.alice, id, index, bytes, headers), refused(422, 'bad-input'))
  for (const index of ['-1', '1.5', 'x', '99999999999'])
    await assert.rejects(
      t.alice.call(putChunk, { params: { id, index }, body: second }),
      (error: { status: number }) => error.status === 404,
    )
  assert.deepEqual((await t.alice.call(getUpload, { params: { id } })).missing, [1])
  await assert.rejects(t.alice.call(completeUpload, { params: { id } }), refused(409))
  await send(t.alice, id, 1, second)
  assert.equal((await t.alice.call(completeUpload, { params: { id } })).sha256, sha256(content))
})

test('a whole that is not what was announced is refused, nothing is stored, and it can be sent again', async () => {
  await using t = await start()
  const [wrong, right] = [randomBytes(1000), randomBytes(1000)]
  const { id } = await begin(t.alice, { path: 'a.bin', sha256: sha256(right) }, right)
  await send(t.alice, id, 0, Uint8Array.from(wrong))
  await assert.rejects(t.alice.call(completeUpload, { params: { id } }), refused(422))
  assert.equal((await t.alice.call(listMyFiles, { query: {} })).files.length, 0)
  await send(t.alice, id, 0, Uint8Array.from(right))
  assert.equal((await t.alice.call(completeUpload, { params: { id } })).sha256, sha256(right))
})

test('a name that is taken and a version that is not the newest are answered, at the beginning and at the end', async () => {
  await using t = await start()
  const [old] = await t.alice.putAll({ 'a.txt': 'old' })
  const content = Buffer.from('new')
  await assert.rejects(begin(t.alice, { path: 'a.txt' }, content), refused(409))
  await assert.rejects(begin(t.alice, { path: 'A.TXT' }, content), refused(409))
  await assert.rejects(begin(t.alice, { path: 'a.txt', baseVersion: 2 }, content), refused(409))
  await assert.rejects(begin(t.alice, { path: 'none.txt', baseVersion: 1 }, content), refused(409))

  const next = await begin(t.alice, { path: 'a.txt', baseVersion: 1 }, content)
  const late = await begin(t.alice, { path: 'a.txt', baseVersion: 1 }, content)
  for (const { id } of [next, late]) await send(t.alice, id, 0, Uint8Array.from(content))
  const file = await t.alice.call(completeUpload, { params: { id: next.id } })
  assert.deepEqual([file.id, file.version], [old?.id, 2])
  await assert.rejects(t.alice.call(completeUpload, { params: { id: late.id } }), refused(409))

  const other = await begin(t.alice, { path: 'b.txt' }, content)
  await send(t.alice, other.id, 0, Uint8Array.from(content))
  await t.alice.putAll({ 'b.txt': 'came first' })
  await assert.rejects(t.alice.call(completeUpload, { params: { id: other.id } }), refused(409))
  const renamed = await t.alice.call(completeUpload, { params: { id: other.id }, body: { onConflict: 'rename' } })
  assert.equal(renamed.name, 'b (2).txt')
})

test('an upload holds its space from the first moment, and gives it back', async () => {
  await using t = await start()
  const carol = await t.person('carol', { quotaBytes: 1000 })
  const vault = () => carol.call(getVault, { params: { vaultId: carol.vaultId } })
  const begun = await Promise.allSettled(
    Array.from({ length: 10 }, (_, i) => begin(carol, { path: `${i}.bin`, size: 300 }, Buffer.alloc(0))),
  )
  const made = begun.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  assert.equal(made.length, 3)
  assert.equal((await vault()).reservedBytes, 900)
  await assert.rejects(carol.putAll({ 'x.bin': 'x'.repeat(101) }), refused(413, 'over-quota'))
  await carol.putAll({ 'x.bin': 'x'.repeat(100) })
  const [first, second, third] = made
  await carol.call(removeUpload, { params: { id: first?.id ?? '' } })
  await send(carol, second?.id ?? '', 0, new Uint8Array(300))
  await carol.call(completeUpload, { params: { id: second?.id ?? '' } })
  assert.deepEqual([(await vault()).reservedBytes, (await carol.call(getUsage, {})).totalBytes], [300, 400])
  t.clock.advance(8 * 86_400_000)
  await t.idle()
  await assert.rejects(carol.call(getUpload, { params: { id: third?.id ?? '' } }), refused(404))
  assert.equal((await vault()).reservedBytes, 0)
  assert.deepEqual(await staged(t), [])
})

test('sizes and names that cannot be are refused before anything is made', async () => {
  await using t = await start()
  for (const input of [
    { path: 'a', size: -1 },
    { path: 'a', size: 1.5 },
    { path: 'a', size: 1e30 },
    { path: 'a', size: Number.NaN },
    { path: '', size: 1 },
    { path: '/', size: 1 },
    { path: '../a', size: 1 },
    { path: 'a/../b', size: 1 },
    { path: `${'x'.repeat(256)}`, size: 1 },
    { path: 'a\u0000b', size: 1 },
    { path: 'a\u202Eb', size: 1 },
    { path: 'a', size: 1, sha256: 'beef' },
    { path: 'a', size: 1, baseVersion: 0 },
    { path: 'a', size: 1, modifiedAt: 'yesterday' },
  ])
    await assert.rejects(
      t.alice.call(createUpload, { params: { vaultId: t.alice.vaultId }, body: input }),
      refused(422),
      JSON.stringify(input),
    )
  await assert.rejects(begin(t.alice, { path: 'a', size: 2e12 }, Buffer.alloc(0)), refused(413))
  assert.deepEqual(await staged(t), [])
  const empty = await begin(t.alice, { path: 'empty.txt' }, Buffer.alloc(0))
  assert.deepEqual([empty.totalChunks, empty.missing], [0, []])
  assert.equal((await t.alice.call(completeUpload, { params: { id: empty.id } })).size, 0)
})

test('a request that hangs does not keep a chunk from being sent again', async () => {
  await using t = await start()
  const content = randomBytes(chunkBytes)
  const { id } = await begin(t.alice, { path: 'a.bin' }, content)
  const { promise: never } = Promise.withResolvers<void>()
  const stalled = fetch(`${t.url}/api/uploads/${id}/chunks/0`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${t.alice.token}` },
    body: new ReadableStream({
      async pull(controller) {
        controller.enqueue(new Uint8Array(1000))
        await never
      },
    }),
    duplex: 'half',
  } as RequestInit)
  const ended = assert.rejects(stalled)
  await new Promise((resolve) => setTimeout(resolve, 100))
  await send(t.alice, id, 0, Uint8Array.from(content))
  await ended
  assert.equal((await t.alice.call(completeUpload, { params: { id } })).sha256, sha256(content))
})

test('with a list of blocks only those are sent that the vault lacks, of any version of any file', async () => {
  await using t = await start()
  const content = randomBytes(3_000_000)
  const first = await t.alice.put('a.bin', content)
  await t.alice.put('a.bin', 'something else now', { onConflict: 'replace' })
  await t.idle()
  const changed = Buffer.concat([Buffer.from('put in front'), content, randomBytes(200_000)])
  const blocks = blocksIn(changed)
  const sent = async (person: Person, path: string, blocks: { offset: number; size: number; sha256: string }[]) => {
    const made = await begin(person, { path, sha256: sha256(changed), blocks }, changed)
    assert.equal(made.totalChunks, blocks.length)
    for (const i of made.missing) {
      const { offset = 0, size = 0 } = blocks[i] ?? {}
      await send(person, made.id, i, Uint8Array.from(changed.subarray(offset, offset + size)))
    }
    const file = await person.call(completeUpload, { params: { id: made.id } })
    assert.equal(file.sha256, sha256(changed))
    const bytes = await (await person.call(download, { params: { id: file.id } })).arrayBuffer()
    assert.ok(changed.equals(Buffer.from(bytes)))
    return made.missing.reduce((sum, i) => sum + (blocks[i]?.size ?? 0), 0)
  }
  const bytes = await sent(t.alice, 'b.bin', blocks)
  assert.ok(bytes > 200_000 && bytes < 700_000, `${bytes} bytes were sent`)
  await t.idle()
  assert.equal(await sent(t.alice, 'c.bin', blocks), 0)
  // Whoever names the blocks of somebody else gets none of them.
  assert.equal(await sent(t.bob, 'c.bin', blocks), changed.length)
  const listed = await t.alice.call(getBlocks, { params: { id: first.id } })
  assert.deepEqual(listed.blocks, [{ offset: 0, size: 18, sha256: sha256(Buffer.from('something else now')) }])
})

test('blocks that are gone or damaged when they are wanted are asked for', async () => {
  await using t = await start()
  const content = randomBytes(1_000_000)
  const { id } = await t.alice.put('a.bin', content)
  const objects = join(t.directory, 'vaults', t.alice.vaultId, 'objects')
  const object = (await readdir(objects, { recursive: true })).find((name) => /\/[0-9a-f]{32}$/.test(name)) ?? ''
  const damaged = Buffer.from(content)
  damaged[500_000] = (damaged[500_000] ?? 0) ^ 1
  await rm(join(objects, object))
  await writeFile(join(objects, object), damaged)
  const blocks = blocksIn(content)
  const made = await begin(t.alice, { path: 'b.bin', blocks }, content)
  assert.deepEqual(made.missing, [])
  await assert.rejects(t.alice.call(completeUpload, { params: { id: made.id } }), refused(409))
  const { missing } = await t.alice.call(getUpload, { params: { id: made.id } })
  assert.equal(missing.length, 1)
  const block = blocks[missing[0] ?? 0]
  const bytes = content.subarray(block?.offset, (block?.offset ?? 0) + (block?.size ?? 0))
  await send(t.alice, made.id, missing[0] ?? 0, Uint8Array.from(bytes))
  assert.equal((await t.alice.call(completeUpload, { params: { id: made.id } })).sha256, sha256(content))
  assert.ok(id)
})

test('lists of blocks that cannot be are refused', async () => {
  await using t = await start()
  const sha = 'ab'.repeat(32)
  for (const blocks of [
    [],
    [{ size: 3, sha256: sha }],
    [{ size: 0, sha256: sha }],
    [{ size: -4, sha256: sha }],
    [{ size: 4, sha256: 'beef' }],
    [{ offset: 1, size: 4, sha256: sha }],
    [
      { offset: 0, size: 2, sha256: sha },
      { offset: 3, size: 2, sha256: sha },
    ],
  ])
    await assert.rejects(begin(t.alice, { path: 'a', size: 4, blocks }, Buffer.alloc(4)), refused(422))
  assert.deepEqual(await staged(t), [])
})

function blocksIn(content: Buffer): { offset: number; size: number; sha256: string }[] {
  const cutter = openCutter()
  const ends = cutter.push(content)
  if (cutter.open > 0) ends.push(content.length)
  return ends.map((end, i) => {
    const offset = ends[i - 1] ?? 0
    return { offset, size: end - offset, sha256: sha256(content.subarray(offset, end)) }
  })
}
