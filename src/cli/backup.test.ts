/** `filevault backup` as a process: beside a server that writes, again and again, killed, and onto disks that fail. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { removeFile } from '../api/files.ts'
import { type Health, health } from '../api/system.ts'
import { startTest } from '../testing/start.ts'
import { mountSmall } from '../volume/testing.ts'
import { type Ended, makeDirectory, run, start } from './testing.ts'

test('what cannot be backed up, or not there, is refused with a sentence, and nothing is made', async () => {
  await using t = await startTest()
  await using to = await makeDirectory()
  for (const args of [[], ['a', 'b'], [to.path, '--keep', '0'], [to.path, '--keep', 'all'], [to.path, '--all']])
    assert.equal((await run(t.directory, 'backup', ...args)).code, 2, args.join(' '))
  await symlink(t.directory, join(to.path, 'link'))
  await mkdir(join(to.path, 'of another'))
  await (await open(join(to.path, 'of another', '.filevault-backups'), 'w')).close()
  for (const [target, why] of [
    [join(t.directory, 'backups'), /inside the volume/],
    [join(to.path, 'link', 'x'), /inside the volume/],
    [join(to.path, 'of another'), /of another volume/],
    [join(to.path, 'no', 'where'), /not there/],
    ['/dev/null', /no directory/],
  ] as const) {
    const { code, err, out } = await run(t.directory, 'backup', target)
    assert.deepEqual([code, out], [1, ''], target)
    assert.match(err, why)
    assert.doesNotMatch(err, /\n {4}at /)
  }
  const early = await run(to.path, 'backup', join(to.path, 'x'))
  assert.equal(early.code, 1)
  const drill = await run(t.directory, 'backup', to.path, '--drill')
  assert.deepEqual([drill.code, /no finished backup/.test(drill.err)], [1, true])
  assert.deepEqual((await readdir(to.path)).sort(), ['link', 'of another'])
})

test('a second backup shares what did not change, the newest stay, and only one is made at a time', async () => {
  await using t = await startTest()
  await using to = await makeDirectory()
  await t.alice.put('a.bin', Buffer.alloc(300_000, 1))
  const gone = await t.alice.put('gone.bin', Buffer.alloc(200_000, 2))
  const first = made(await run(t.directory, 'backup', to.path, '--json'))
  assert.deepEqual([first.files, first.copiedFiles, first.missing, first.damaged], [4, 4, [], []])
  await t.alice.put('b.bin', Buffer.alloc(100_000, 3))
  const second = made(await run(t.directory, 'backup', to.path, '--json'))
  assert.deepEqual([second.files, second.copiedFiles], [5, 3]) // the marker, the index, and what is new
  const [one, two] = await Promise.all([objectsIn(first.directory), objectsIn(second.directory)])
  assert.equal(one.size, 2)
  for (const [name, { ino }] of one) assert.equal(two.get(name)?.ino, ino)

  await t.alice.call(removeFile, { params: { id: gone.id } })
  await t.alice.call(removeFile, { params: { id: gone.id }, query: { permanently: true } })
  const names = [second.name]
  for (let i = 0; i < 2; i++) names.push(made(await run(t.directory, 'backup', to.path, '--keep', '2', '--json')).name)
  assert.deepEqual(await backupsIn(to.path), names.slice(-2))
  assert.equal((await objectsIn(join(to.path, names[2] ?? ''))).size, 2)
  assert.match((await run(t.directory, 'backup', to.path)).out, /4 files with .* of which 2 /)

  const slow = start(t.directory, ['backup', join(to.path, 'slow'), '--rate', '100kB'])
  await until(() => existsSync(join(t.directory, 'index/backup-lock.db')) && existsSync(join(to.path, 'slow')))
  const beside = await run(t.directory, 'backup', to.path)
  assert.deepEqual([beside.code, /Another backup/.test(beside.err)], [1, true])
  assert.equal((await slow.ended).code, 0)
})

test('killed in the middle it leaves nothing that counts, and the next one cleans up', async () => {
  await using t = await startTest()
  await using to = await makeDirectory()
  for (let i = 0; i < 8; i++) await t.alice.put(`${i}.bin`, Buffer.alloc(500_000, i))
  for (let round = 0; round < 3; round++) {
    const { process, ended } = start(t.directory, ['backup', to.path, '--rate', '2MB'])
    await until(async () => (await readdir(to.path)).some((name) => name.endsWith('.partial')))
    await sleep(round * 300)
    process.kill('SIGKILL')
    assert.equal((await ended).code, null)
    assert.deepEqual(await backupsIn(to.path), [])
  }
  await mkdir(join(to.path, '2026-01-01T00-00-00.000Z.removing'))
  await mkdir(join(to.path, '2026-01-02T00-00-00.000Z')) // without what is written last
  const { name } = made(await run(t.directory, 'backup', to.path, '--json'))
  assert.deepEqual((await readdir(to.path)).sort(), ['.filevault-backups', '2026-01-02T00-00-00.000Z', name])
  assert.equal((await run(t.directory, 'backup', to.path, '--drill', '--all')).code, 0)
  // What was removed while the lock was held goes now that nobody holds it.
  const [file] = [await t.alice.put('late.bin', 'late')]
  await t.alice.call(removeFile, { params: { id: file.id } })
  await t.alice.call(removeFile, { params: { id: file.id }, query: { permanently: true } })
  await until(async () => (await objectsIn(t.directory)).size === 8)
})

test('a backup disk that is full, read-only or gone: one sentence, and the earlier backups as they were', async (s) => {
  if (process.getuid?.() !== 0) return s.skip('needs root to mount')
  await using t = await startTest()
  await using disk = await mountSmall('6m')
  const to = join(disk.directory, 'backups')
  await t.alice.put('a.bin', Buffer.alloc(500_000, 1))
  const first = made(await run(t.directory, 'backup', to, '--json'))
  const before = await readdir(first.directory, { recursive: true })

  await t.alice.put('large.bin', Buffer.alloc(8_000_000, 2))
  const full = await run(t.directory, 'backup', to)
  assert.deepEqual([full.code, full.out], [1, ''])
  assert.match(full.err, /^The backup needs .* Make room there.*\n$/)
  await t.alice.put('other.bin', Buffer.alloc(3_000_000, 3))
  const wall = start(t.directory, ['backup', join(disk.directory, 'more'), '--rate', '2MB'])
  await rm(join(disk.directory, 'none'), { force: true })
  assert.equal((await wall.ended).code, 1)
  assert.deepEqual(await readdir(first.directory, { recursive: true }), before)
  assert.equal((await run(t.directory, 'backup', to, '--drill')).code, 0)

  disk.remountReadOnly()
  const readOnly = await run(t.directory, 'backup', to)
  assert.deepEqual([readOnly.code, /can only be read/.test(readOnly.err)], [1, true], readOnly.err)
  disk.unmount()
  const gone = await run(t.directory, 'backup', to)
  assert.deepEqual([gone.code, /Mount their disk/.test(gone.err)], [1, true], gone.err)
  assert.deepEqual(await readdir(disk.directory), [], 'nothing is written where the disk should be')
  const fresh = await run(t.directory, 'backup', to, '--new-disk')
  assert.equal(fresh.code, 0, fresh.err)
})

test('a disk that goes away or fills up midway ends it with a sentence', async (s) => {
  if (process.getuid?.() !== 0) return s.skip('needs root to mount')
  await using t = await startTest()
  await using disk = await mountSmall('20m')
  for (let i = 0; i < 10; i++) await t.alice.put(`${i}.bin`, Buffer.alloc(1_000_000, i))
  for (let i = 0; i < 30; i++)
    await t.bob.putAll(Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`${i}-${n}.txt`, `${i}-${n}`])))
  const filling = start(t.directory, ['backup', disk.directory, '--rate', '4MB'])
  await until(async () => (await readdir(disk.directory)).some((name) => name.endsWith('.partial')))
  await sleep(300)
  const hog = await open(join(disk.directory, 'hog'), 'w')
  await hog.writeFile(Buffer.alloc(30_000_000)).catch(() => {})
  await hog.close()
  const full = await filling.ended
  assert.deepEqual([full.code, /it is full/.test(full.err), full.err.split('\n').length], [1, true, 2], full.err)
  await rm(join(disk.directory, 'hog'))
  assert.deepEqual(await readdir(disk.directory), ['.filevault-backups'])

  const { ended } = start(t.directory, ['backup', disk.directory, '--rate', '4MB'])
  await until(async () => (await readdir(disk.directory)).some((name) => name.endsWith('.partial')))
  await sleep(300)
  disk.unmount()
  const gone = await ended
  assert.deepEqual(
    [gone.code, /not there any more/.test(gone.err), gone.err.split('\n').length],
    [1, true, 2],
    gone.err,
  )
  assert.deepEqual(await readdir(disk.directory), [], 'nothing is made where the disk was')
})

test('a trial proves a backup, health says when, and what it finds wrong is copied again', async () => {
  await using t = await startTest()
  await using to = await makeDirectory()
  const state = (): Promise<Health> => t.visitor.call(health, {})
  assert.deepEqual([(await state()).lastBackup, (await state()).lastProvenRestore], [null, null])
  for (let i = 0; i < 3; i++) await t.alice.put('notes.txt', `line\n`.repeat(1000) + i, { onConflict: 'replace' })
  await t.alice.put('b.bin', Buffer.alloc(100_000, 3))
  await t.idle()
  const { directory } = made(await run(t.directory, 'backup', to.path, '--json'))
  assert.equal((await run(t.directory, 'backup', to.path, '--drill', '--to', '/no/such')).code, 1)
  assert.equal((await run(t.directory, 'backup', to.path, '--drill', '--to', to.path)).code, 0)
  t.clock.advance(1500)
  const proven = await state()
  assert.ok(proven.lastBackup && proven.lastProvenRestore && proven.lastBackup <= proven.lastProvenRestore)
  assert.deepEqual([proven.status, proven.notes], ['ok', []])

  const object = [...(await objectsIn(directory)).keys()].find((name) => !name.endsWith('.delta')) ?? ''
  await flip(join(directory, object))
  const found = await run(t.directory, 'backup', to.path, '--drill', '--json')
  assert.equal(found.code, 1)
  assert.ok((JSON.parse(found.out) as { bad: string[] }).bad.includes(object))
  t.clock.advance(1500)
  assert.match((await state()).notes.join(), /trial of a backup failed/)
  assert.equal((await state()).status, 'ok')
  const next = made(await run(t.directory, 'backup', to.path, '--json'))
  assert.notEqual((await stat(join(next.directory, object))).ino, (await stat(join(directory, object))).ino)
  assert.equal((await run(t.directory, 'backup', to.path, '--drill', '--all')).code, 0)
  t.clock.advance(3 * 86_400_000)
  assert.match((await state()).notes.join(), /3 days old/)

  // Bytes that rotted on the volume come back from the directory of backups.
  await flip(join(t.directory, object))
  assert.equal((await run(t.directory, 'verify', '--repair-from', to.path)).code, 0)
})

test('damage on the volume is said, does not end the backup, and takes no older one with it', async () => {
  await using t = await startTest()
  await using to = await makeDirectory()
  await t.alice.put('a.bin', Buffer.alloc(300_000, 1))
  await t.alice.put('b.bin', Buffer.alloc(200_000, 2))
  const [one = '', two = ''] = (await objectsIn(t.directory)).keys()
  await flip(join(t.directory, one))
  await rename(join(t.directory, two), join(t.directory, 'aside'))
  for (let i = 0; i < 2; i++) {
    const { code, out } = await run(t.directory, 'backup', to.path, '--keep', '1', '--json')
    const { damaged, missing } = JSON.parse(out) as Made
    assert.deepEqual([code, damaged, missing], [1, [one], [two]])
  }
  assert.equal((await backupsIn(to.path)).length, 2)
  await flip(join(t.directory, one))
  await rename(join(t.directory, 'aside'), join(t.directory, two))
  made(await run(t.directory, 'backup', to.path, '--keep', '1', '--json'))
  assert.equal((await backupsIn(to.path)).length, 1)
  assert.equal((await run(t.directory, 'backup', to.path, '--drill', '--all')).code, 0)
})

interface Made {
  name: string
  directory: string
  files: number
  copiedFiles: number
  missing: string[]
  damaged: string[]
}

function made({ code, out, err }: Ended): Made {
  assert.equal(code, 0, out + err)
  return JSON.parse(out) as Made
}

/** Backups that are whole, oldest first. */
async function backupsIn(directory: string): Promise<string[]> {
  const names = (await readdir(directory)).sort()
  return names.filter((name) => existsSync(join(directory, name, 'backup.json')) && !name.includes('.partial'))
}

/** Every object below, by its path. */
async function objectsIn(directory: string): Promise<Map<string, { ino: number }>> {
  const entries = await readdir(join(directory, 'vaults'), { recursive: true, withFileTypes: true })
  const found = new Map<string, { ino: number }>()
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile() && path.includes('/objects/') && !path.endsWith('.blocks'))
      found.set(path.slice(directory.length + 1), await stat(path))
  }
  return new Map([...found].sort(([a], [b]) => (a < b ? -1 : 1)))
}

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path)
  bytes[10] = (bytes[10] ?? 0) ^ 1
  await chmod(path, 0o600)
  await using file = await open(path, 'r+')
  await file.write(bytes, 10, 1, 10)
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    if (await isSo()) return
    await sleep(20)
  }
  assert.fail('It never came to that.')
}
