// What a volume does: keeps bytes as they came, tells what they are, gives them back whole or in part, lets them go.

import assert from 'node:assert/strict'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { decodeBlocks } from '../blocks.ts'
import { bytes, cannotMount, chunked, makeTemporary, mountSmall, sha256, startVolume } from './testing.ts'
import { openVolume } from './volume.ts'

const modeOf = async (path: string) => ((await stat(path)).mode & 0o7777).toString(8)

test('a new volume is made in an empty or missing directory and is the same when opened again', async () => {
  await using temporary = await makeTemporary()
  const directory = join(temporary.path, 'data', 'vault')
  await mkdir(join(directory, 'lost+found'), { recursive: true })
  const opening = () => openVolume({ directory, requireMount: false, reserveBytes: 0 })
  const { id, indexPath } = await opening()
  assert.match(id, /^[0-9a-f-]{36}$/)
  assert.equal((await opening()).id, id)
  assert.equal(indexPath, join(directory, 'index', 'filevault.db'))
  const marker = join(directory, '.filevault-volume')
  assert.deepEqual(JSON.parse(await readFile(marker, 'utf8')), { volume: id, format: 1 })
  assert.equal(await modeOf(marker), '400')
  for (const name of ['index', 'incoming', 'vaults', 'quarantine'])
    assert.equal(await modeOf(join(directory, name)), '700')
})

test('a volume opens where a mount is required', { skip: cannotMount }, async () => {
  await using small = await mountSmall('8m')
  const volume = await openVolume({ directory: small.directory, requireMount: true, reserveBytes: 0 })
  const { totalBytes, freeBytes } = await volume.space()
  assert.equal(totalBytes, 8 * 1024 * 1024)
  assert.ok(freeBytes > 0 && freeBytes <= totalBytes)
})

test('what was put comes back the same, with its size, hashes and type', async () => {
  await using t = await startVolume()
  const PIECE = 512 * 1024
  for (const size of [0, 1, 4100, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 17]) {
    const content = bytes(size)
    for (const source of [chunked(content, 7777), chunked(content, 2 * PIECE + 1), Readable.from(chunked(content))]) {
      const { blocks, ...stored } = await t.volume.put('alice', source, { name: 'a.bin' })
      const listed = blocks ? decodeBlocks(blocks, size) : []
      for (let at = 0, i = 0; i < listed.length; at += listed[i++]?.size ?? 0)
        assert.deepEqual(
          Buffer.from(listed[i]?.sha256 ?? []).toString('hex'),
          sha256(content.subarray(at, at + (listed[i]?.size ?? 0))),
        )
      assert.equal(listed.length > 1, size >= PIECE - 1)
      assert.deepEqual(stored, {
        vaultId: 'alice',
        objectId: stored.objectId,
        size,
        sha256: sha256(content),
        crc32: crc32(content),
        mimeType: 'application/octet-stream',
      })
      assert.match(stored.objectId, /^[0-9a-f]{32}$/)
      const object = await t.volume.open('alice', stored.objectId)
      assert.equal(object.size, size)
      assert.ok(content.equals(Buffer.concat(await object.stream().toArray())))
    }
  }
  assert.deepEqual(t.openFiles(), [])
})

test('a sender may use its buffer again for the next chunk', async () => {
  await using t = await startVolume()
  const content = Buffer.concat([Buffer.alloc(600_000, 1), Buffer.alloc(600_000, 2)])
  async function* reusing() {
    const buffer = Buffer.alloc(600_000, 1)
    yield buffer
    yield buffer.fill(2)
  }
  assert.equal((await t.volume.put('alice', reusing(), { name: 'a' })).sha256, sha256(content))
})

test('many uploads at once do not mix', async () => {
  await using t = await startVolume()
  await Promise.all(
    Array.from({ length: 24 }, async (_, n) => {
      const content = Buffer.alloc(700_000 + n, n)
      const stored = await t.volume.put('alice', chunked(content, 50_000 + n), { name: `${n}` })
      const read = await readFile(t.volume.objectPath('alice', stored.objectId))
      assert.ok(read.equals(content))
      assert.equal(stored.sha256, sha256(content))
    }),
  )
})

test('objects are immutable, in directories for our eyes alone', async () => {
  await using t = await startVolume()
  const { objectId } = await t.volume.put('alice', chunked(bytes(10)), { name: 'a' })
  const shard = join(t.directory, 'vaults', 'alice', 'objects', objectId.slice(0, 2))
  assert.equal(t.volume.objectPath('alice', objectId), join(shard, objectId))
  assert.equal(await modeOf(join(shard, objectId)), '400')
  for (const directory of [shard, join(shard, '..'), join(shard, '..', '..')])
    assert.equal(await modeOf(directory), '700')
  assert.equal((await readdir(join(shard, '..'))).length, 256)
})

test('a range gives exactly its bytes', async () => {
  await using t = await startVolume()
  const content = bytes(1_000_003)
  const { objectId } = await t.volume.put('alice', chunked(content), { name: 'a' })
  const last = content.length - 1
  for (const [start, end] of [
    [0, 0],
    [last, last],
    [0, last],
    [262_143, 262_144],
    [5, 800_000],
  ] as const) {
    const object = await t.volume.open('alice', objectId)
    const read = Buffer.concat(await object.stream({ start, end }).toArray())
    assert.ok(read.equals(content.subarray(start, end + 1)), `${start}-${end}`)
  }
  assert.deepEqual(t.openFiles(), [])
})

test('an opened object closes at the end, when destroyed, and when disposed of unread', async () => {
  await using t = await startVolume()
  const { objectId } = await t.volume.put('alice', chunked(bytes(2_000_000)), { name: 'a' })
  const stream = (await t.volume.open('alice', objectId)).stream()
  for await (const _ of stream) break
  {
    await using _unread = await t.volume.open('alice', objectId)
    assert.equal(t.openFiles().length, 1)
  }
  const disposed = await t.volume.open('alice', objectId)
  await disposed.stream().toArray()
  await disposed[Symbol.asyncDispose]()
  assert.deepEqual(t.openFiles(), [])
})

test('until it is settled an object keeps its second name; discarded, it loses both', async () => {
  await using t = await startVolume()
  const kept = await t.volume.put('alice', chunked(bytes(10)), { name: 'a' })
  const lost = await t.volume.put('alice', chunked(bytes(10)), { name: 'b' })
  const path = (id: string) => `vaults/alice/objects/${id.slice(0, 2)}/${id}`
  const both = ({ objectId }: { objectId: string }) => [`incoming/alice.${objectId}`, path(objectId)]
  assert.deepEqual(await t.files(), [...both(kept), ...both(lost)].sort())
  await t.volume.settle(kept)
  await t.volume.discard(lost)
  await t.volume.settle(kept)
  await t.volume.discard(lost)
  assert.deepEqual(await t.files(), [path(kept.objectId)])
})

test('after a restart unsettled objects are reported, half files are gone, strange names stay', async () => {
  await using t = await startVolume()
  const stored = await t.volume.put('alice', chunked(bytes(10)), { name: 'a' })
  const half = `incoming/alice.${'f'.repeat(32)}`
  await writeFile(join(t.directory, half), 'half of a fi')
  await writeFile(join(t.directory, 'incoming/notes.txt'), '')
  assert.deepEqual(await t.volume.leftovers(), [], 'its own uploads are under way, not left over')

  await using restarted = await openVolume({ directory: t.directory, requireMount: false, reserveBytes: 0 })
  const expected = [{ vaultId: 'alice', objectId: stored.objectId }]
  assert.deepEqual(await restarted.leftovers(), expected)
  assert.deepEqual(await restarted.leftovers(), expected)
  for (const object of expected) await restarted.settle(object)
  assert.deepEqual(await restarted.leftovers(), [])
  assert.ok((await t.files()).includes('incoming/notes.txt'))
  assert.equal((await t.files()).includes(half), false)
})

test('removing takes the object and its thumbnails, and may be repeated', async () => {
  await using t = await startVolume()
  const { objectId, ...stored } = await t.volume.put('alice', chunked(bytes(10)), { name: 'a' })
  await t.volume.settle({ objectId, ...stored })
  assert.equal(await t.volume.openThumbnail('alice', objectId, 'small'), undefined)
  for (const size of ['small', 'large'] as const)
    await writeFile(t.volume.thumbnailPath('alice', objectId, size), 'webp')
  const thumbnail = await t.volume.openThumbnail('alice', objectId, 'small')
  assert.equal(String(Buffer.concat((await thumbnail?.stream().toArray()) ?? [])), 'webp')
  await t.volume.remove('alice', objectId)
  await t.volume.remove('alice', objectId)
  assert.deepEqual(await t.files(), [])
})

test('an empty vault is removed whole, and both ways may be repeated', async () => {
  await using t = await startVolume()
  await t.volume.createVault('alice')
  await writeFile(t.volume.thumbnailPath('alice', 'a'.repeat(32), 'small'), 'webp')
  await t.volume.removeVault('alice')
  await t.volume.removeVault('alice')
  assert.deepEqual(await readdir(join(t.directory, 'vaults')), [])
  await t.volume.createVault('alice')
  await t.volume.put('alice', chunked(bytes(10)), { name: 'a' })
})
