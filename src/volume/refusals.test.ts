// What a volume must not do: open what is not it, store what it cannot keep, leave anything behind when it fails.

import assert from 'node:assert/strict'
import { chmod, mkdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { test } from 'node:test'
import { setTimeout as wait } from 'node:timers/promises'
import { bytes, cannotMount, chunked, listFiles, makeTemporary, mountSmall, problem, startVolume } from './testing.ts'
import { openVolume } from './volume.ts'

const options = { requireMount: false, reserveBytes: 0 }

test('ids that are paths, or anything but our own, reach no file', async () => {
  await using t = await startVolume()
  const objectId = '0'.repeat(32)
  for (const id of ['', '.', '..', '../alice', 'a/b', 'a\0', 'Alice', 'é', 'a'.repeat(65), '/etc', 'a.b', 'a\n']) {
    assert.throws(() => t.volume.objectPath(id, objectId), TypeError, id)
    assert.throws(() => t.volume.objectPath('alice', id), TypeError, id)
    await assert.rejects(t.volume.createVault(id), TypeError)
    await assert.rejects(t.volume.put(id, chunked(bytes(10)), { name: 'a' }), TypeError)
    await assert.rejects(t.volume.open('alice', id), TypeError)
    await assert.rejects(t.volume.remove('alice', id), TypeError)
  }
  const size = '../small' as 'small'
  assert.throws(() => t.volume.thumbnailPath('alice', objectId, size), TypeError)
  assert.deepEqual(await t.files(), [])
})

test('a symbolic link or a directory in the place of an object is not followed', async () => {
  await using t = await startVolume()
  const [link, directory] = ['a'.repeat(32), 'b'.repeat(32)]
  await symlink('/etc/passwd', t.volume.objectPath('alice', link))
  await mkdir(t.volume.objectPath('alice', directory))
  await assert.rejects(t.volume.open('alice', link), problem('storage-unavailable'))
  await assert.rejects(t.volume.open('alice', directory), problem('storage-unavailable'))
  assert.deepEqual(t.openFiles(), [])
})

test('an object that is missing is a fault of the storage, never "not found"', async () => {
  await using t = await startVolume()
  await assert.rejects(t.volume.open('alice', 'a'.repeat(32)), problem('storage-unavailable'))
})

test('a file cut short on the disk ends its stream with an error', async () => {
  await using t = await startVolume()
  const { objectId } = await t.volume.put('alice', chunked(bytes(1_000_000)), { name: 'a' })
  const object = await t.volume.open('alice', objectId)
  const path = t.volume.objectPath('alice', objectId)
  await chmod(path, 0o600)
  await writeFile(path, bytes(400_000))
  await assert.rejects(object.stream().toArray(), problem('storage-unavailable'))
  assert.deepEqual(t.openFiles(), [])
})

test('a range outside of the file, or a second stream, is a mistake of the caller', async () => {
  await using t = await startVolume()
  const { objectId } = await t.volume.put('alice', chunked(bytes(100)), { name: 'a' })
  await using object = await t.volume.open('alice', objectId)
  for (const [start, end] of [
    [-1, 5],
    [0, 100],
    [60, 50],
    [0.5, 5],
    [0, Number.NaN],
  ] as const) {
    assert.throws(() => object.stream({ start, end }), RangeError)
  }
  object.stream().destroy()
  assert.throws(() => object.stream(), TypeError)
})

test('a directory with other things in it is not made a volume', async () => {
  await using temporary = await makeTemporary()
  await writeFile(join(temporary.path, 'holiday.jpg'), '')
  await assert.rejects(
    openVolume({ ...options, directory: temporary.path }),
    problem('storage-unavailable', /is not a File/),
  )
  assert.deepEqual(await listFiles(temporary.path), ['holiday.jpg'])
})

test('a volume that lost its marker, but has an index, is not made anew', async () => {
  await using t = await startVolume()
  await writeFile(t.volume.indexPath, 'index')
  await rm(join(t.directory, '.filevault-volume'))
  await assert.rejects(openVolume({ ...options, directory: t.directory }), problem('storage-unavailable', /no marker/))
  assert.equal(await readFile(t.volume.indexPath, 'utf8'), 'index')
})

test('a marker that is damaged, or of a later version, is refused', async () => {
  for (const [marker, reason] of [
    ['', /damaged/],
    ['{"volume":"a"}', /damaged/],
    ['null', /damaged/],
    ['{"volume":"a","format":2}', /later/],
  ] as const) {
    await using temporary = await makeTemporary()
    await writeFile(join(temporary.path, '.filevault-volume'), marker)
    await assert.rejects(openVolume({ ...options, directory: temporary.path }), problem('storage-unavailable', reason))
  }
})

test('a second start opens the same volume and initialises nothing; so do two at once', async () => {
  await using temporary = await makeTemporary()
  const opening = () => openVolume({ ...options, directory: temporary.path })
  const [first, second] = await Promise.all([opening(), opening()])
  const third = await opening()
  assert.equal(first.id, second.id)
  assert.equal(first.id, third.id)
  assert.deepEqual(await listFiles(temporary.path), [])
})

test('a filesystem that keeps no promises is refused by its kind', async () => {
  await using temporary = await makeTemporary()
  const { type } = await import('node:fs/promises').then(({ statfs }) => statfs(temporary.path))
  const unsuitable = new Map([[type, 'it is on a network filesystem.']])
  const opening = openVolume({ ...options, directory: temporary.path, unsuitable })
  await assert.rejects(opening, problem('storage-unavailable', /network filesystem/))
  assert.deepEqual(await listFiles(temporary.path), [])
})

test('where a mount is required, a plain or missing directory is refused and stays empty', async () => {
  await using temporary = await makeTemporary()
  const missing = join(temporary.path, 'missing')
  const required = { ...options, requireMount: true }
  await assert.rejects(
    openVolume({ ...required, directory: temporary.path }),
    problem('storage-unavailable', /mounted/),
  )
  await assert.rejects(openVolume({ ...required, directory: missing }), problem('storage-unavailable', /no directory/))
  assert.deepEqual(await listFiles(temporary.path), [])
})

test('writes stop when the marker goes, is another, or comes back', async () => {
  let time = 0
  await using t = await startVolume({ now: () => time })
  const marker = join(t.directory, '.filevault-volume')
  const put = () => t.volume.put('alice', chunked(bytes(10)), { name: 'a' })
  await put()

  await rename(marker, `${marker}.away`)
  await t.volume.guard() // still the answer of this second
  time += 1000
  await assert.rejects(t.volume.guard(), problem('storage-unavailable'))
  await assert.rejects(put(), problem('storage-unavailable'))
  await assert.rejects(t.volume.remove('alice', 'a'.repeat(32)), problem('storage-unavailable'))
  await assert.rejects(t.volume.leftovers(), problem('storage-unavailable'))

  await writeFile(marker, '{"volume":"another","format":1}')
  time += 1000
  await assert.rejects(put(), problem('storage-unavailable'))

  await rename(`${marker}.away`, marker)
  time += 1000
  await t.volume.guard()
  await put()
})

test('below the reserve nothing is stored, and everything can still be read and removed', async () => {
  let time = 0
  await using t = await startVolume()
  const { objectId } = await t.volume.put('alice', chunked(bytes(10)), { name: 'a' })
  const { freeBytes } = await t.volume.space()
  const reserveBytes = freeBytes * 2
  await using full = await openVolume({ ...options, directory: t.directory, reserveBytes, now: () => time++ })
  await assert.rejects(full.guard(), problem('disk-full'))
  await assert.rejects(full.put('alice', chunked(bytes(10)), { name: 'a' }), problem('disk-full'))
  await (await full.open('alice', objectId)).stream().toArray()
  await full.remove('alice', objectId)
})

test('an upload to a vault that is not there takes no byte', async () => {
  await using t = await startVolume()
  const source = Readable.from([bytes(10)])
  await assert.rejects(t.volume.put('bob', source, { name: 'a' }), problem('storage-unavailable'))
  assert.equal(source.readableDidRead, false)
  assert.deepEqual(await t.files(), [])
})

test('an upload over its limit is refused and leaves nothing', async () => {
  await using t = await startVolume()
  const limited = (size: number) => t.volume.put('alice', chunked(bytes(size)), { name: 'a', maxBytes: 1_000_000 })
  await assert.rejects(limited(1_000_001), problem('too-large', /1,000,000 bytes/))
  assert.deepEqual(await t.files(), [])
  assert.equal((await limited(1_000_000)).size, 1_000_000)
  assert.deepEqual(t.openFiles(), [])
})

test('an upload whose source fails half-way leaves nothing and passes the error on', async () => {
  await using t = await startVolume()
  const failure = Object.assign(new Error('the client hung up'), { code: 'ENOENT' })
  async function* failing() {
    yield* chunked(bytes(3_000_000))
    throw failure
  }
  function hangingUp() {
    const request = new PassThrough()
    request.write(bytes(3_000_000))
    setTimeout(() => request.destroy(failure), 50)
    return request
  }
  for (const open of [failing, () => Readable.from(failing()), hangingUp]) {
    await assert.rejects(t.volume.put('alice', open(), { name: 'a' }), (error) => error === failure)
  }
  assert.deepEqual(await t.files(), [])
  assert.deepEqual(t.openFiles(), [])
})

test('a cancelled upload ends at once, also when its sender is silent, and leaves nothing', async () => {
  await using t = await startVolume()
  async function* silent() {
    yield bytes(1_000_000)
    await new Promise(() => {})
  }
  for (const source of [silent(), new PassThrough()]) {
    const cancelling = new AbortController()
    const reason = new Error('cancelled')
    const storing = t.volume.put('alice', source, { name: 'a', signal: cancelling.signal })
    setTimeout(() => cancelling.abort(reason), 20)
    await assert.rejects(storing, (error) => error === reason)
  }
  const aborted = t.volume.put('alice', chunked(bytes(10)), { name: 'a', signal: AbortSignal.abort() })
  await assert.rejects(aborted, { name: 'AbortError' })
  assert.deepEqual(await t.files(), [])
  assert.deepEqual(t.openFiles(), [])
})

test('a refused upload leaves its source open, so that the client can be told why', async () => {
  await using t = await startVolume()
  const request = new PassThrough()
  request.write(bytes(100))
  await assert.rejects(t.volume.put('alice', request, { name: 'a', maxBytes: 10 }), problem('too-large'))
  await wait(10)
  assert.equal(request.destroyed, false)
})

test('closing the volume ends the uploads under way and takes no more', async () => {
  const t = await startVolume()
  await using _ = t
  const storing = assert.rejects(
    t.volume.put('alice', new PassThrough(), { name: 'a' }),
    problem('storage-unavailable'),
  )
  await wait(20)
  await t.volume[Symbol.asyncDispose]()
  await storing
  await assert.rejects(t.volume.put('alice', chunked(bytes(10)), { name: 'a' }), problem('storage-unavailable'))
  assert.deepEqual(await t.files(), [])
})

test('a vault with objects is not removed', async () => {
  await using t = await startVolume()
  const { objectId } = await t.volume.put('alice', chunked(bytes(10)), { name: 'a' })
  await assert.rejects(t.volume.removeVault('alice'), problem('conflict'))
  await t.volume.put('alice', chunked(bytes(10)), { name: 'b' })
  await (await t.volume.open('alice', objectId)).stream().toArray()
})

test('a disk that fills up half-way refuses the upload, leaves nothing and goes on', {
  skip: cannotMount,
}, async () => {
  await using small = await mountSmall('8m')
  await using t = await startVolume({ directory: small.directory, requireMount: true })
  const before = await t.volume.space()
  await assert.rejects(t.volume.put('alice', chunked(bytes(12_000_000)), { name: 'a' }), problem('disk-full'))
  const PIECE = 512 * 1024
  async function* fallsSilent() {
    yield bytes(PIECE * Math.floor(before.freeBytes / PIECE + 1)) // the last piece no longer fits
    await new Promise(() => {})
  }
  await assert.rejects(t.volume.put('alice', fallsSilent(), { name: 'a' }), problem('disk-full'))
  assert.deepEqual(await t.files(), [])
  assert.deepEqual(t.openFiles(), [])
  assert.equal((await t.volume.space()).freeBytes, before.freeBytes)
  assert.equal((await t.volume.put('alice', chunked(bytes(4_000_000)), { name: 'a' })).size, 4_000_000)
})

test('unless told otherwise two gigabytes are kept free, whatever the size of the disk', {
  skip: cannotMount,
}, async () => {
  for (const [size, isEnough] of [
    ['2000m', false],
    ['3g', true],
  ] as const) {
    await using small = await mountSmall(size)
    const volume = await openVolume({ directory: small.directory, requireMount: true, reserveBytes: 'auto' })
    await (isEnough ? volume.guard() : assert.rejects(volume.guard(), problem('disk-full')))
    await volume[Symbol.asyncDispose]()
  }
})

test('an unmounted, another or a read-only volume stops all writes', { skip: cannotMount }, async () => {
  let time = 0
  await using small = await mountSmall('16m')
  await using t = await startVolume({ directory: small.directory, requireMount: true, now: () => (time += 1000) })
  const stored = await t.volume.put('alice', chunked(bytes(10)), { name: 'a' })
  const refused = async () => {
    await assert.rejects(t.volume.guard(), problem('storage-unavailable'))
    await assert.rejects(t.volume.put('alice', chunked(bytes(10)), { name: 'a' }), problem('storage-unavailable'))
  }

  small.remountReadOnly()
  await refused()
  await (await t.volume.open('alice', stored.objectId)).stream().toArray()
  await assert.rejects(t.volume.remove('alice', stored.objectId), problem('storage-unavailable'))

  small.unmount()
  await refused()
  assert.deepEqual(await listFiles(small.directory), [], 'nothing appears on the bare mount point')

  small.mount()
  await refused()
  await (await openVolume({ ...options, directory: small.directory }))[Symbol.asyncDispose]()
  await refused()
})
