/** `filevault restore` as a process: everything that was acknowledged comes back, and single files do. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { chmod, mkdir, open, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import sharp from 'sharp'
import { client } from '../api/client.ts'
import { copyFile, download, removeFile, thumbnail } from '../api/files.ts'
import { createUpload, getUpload, putChunk } from '../api/uploads.ts'
import { downloadVersion, listVersions } from '../api/versions.ts'
import { startTest, type Test } from '../testing/start.ts'
import { makeDirectory, run, start } from './testing.ts'

test('a wrong command line, no backup, a volume with something in it: nothing is touched', async () => {
  await using t = await startTest()
  await using to = await makeDirectory()
  const backups = join(to.path, 'backups')
  const fresh = join(to.path, 'fresh')
  await t.alice.put('a.txt', 'a')
  for (const args of [
    [],
    ['a', 'b'],
    [backups, '--file', 'x:/a'],
    [backups, '--to', 'x'],
    [backups, '--version', '1'],
    [backups, '--file', 'x:/a', '--to', 'x', '--version', 'one'],
  ])
    assert.equal((await run(fresh, 'restore', ...args)).code, 2, args.join(' '))
  const none = await run(fresh, 'restore', backups)
  assert.deepEqual([none.code, /There is no directory/.test(none.err)], [1, true])
  await mkdir(join(backups, '2026-01-02T00-00-00.000Z.partial'), { recursive: true })
  assert.match((await run(fresh, 'restore', backups)).err, /no finished backup/)
  assert.equal(existsSync(fresh), false)

  assert.equal((await run(t.directory, 'backup', backups)).code, 0)
  await mkdir(fresh)
  await writeFile(join(fresh, 'mine.txt'), 'mine')
  for (const volume of [t.directory, fresh]) {
    const before = await readdir(volume)
    const refused = await run(volume, 'restore', backups)
    assert.deepEqual([refused.code, /is not empty/.test(refused.err)], [1, true])
    assert.deepEqual(await readdir(volume), before)
  }
  const running = await run(t.directory, 'restore', backups, '--move-aside')
  assert.deepEqual([running.code, /Another File Vault is running/.test(running.err)], [1, true])
  assert.equal((await run(to.path, 'restore', backups)).code, 1, 'the backup lies inside')
  assert.equal(await (await t.alice.get((await t.alice.put('b.txt', 'b')).id)).text(), 'b')
})

test('of a backup beside a server that writes, everything acknowledged before comes back, versions too', async () => {
  await using t = await startTest()
  await using to = await makeDirectory()
  const known = new Map<string, string[]>() // the contents of every version, by file
  const story = (n: number) => Array.from({ length: 4000 }, (_, i) => `line ${(i * 7919) % (100 + n)}\n`).join('')
  let story4 = ''
  for (let n = 1; n <= 4; n++) {
    story4 = (await t.alice.put('story.txt', story(n), { onConflict: 'replace' })).id
    await t.idle()
  }
  known.set(story4, [1, 2, 3, 4].map(story))
  const doomed: string[] = []
  for (let i = 0; i < 40; i++) doomed.push((await t.bob.put(`doomed ${i}.txt`, `doomed ${i} `.repeat(3000))).id)
  let isOver = false
  const writing = Promise.all([
    (async () => {
      for (let i = 0; !isOver; i++) {
        const text = `${i} `.repeat(5000)
        known.set((await t.alice.put(`w ${i}.txt`, text, { path: `Folder ${i % 5}` })).id, [text])
      }
    })(),
    (async () => {
      // What is removed for good meanwhile is still in a snapshot from before.
      for (const id of doomed) {
        if (isOver) break
        await t.bob.call(removeFile, { params: { id } })
        await t.bob.call(removeFile, { params: { id }, query: { permanently: true } })
        await sleep(10)
      }
    })(),
  ])
  await sleep(300)
  const before = new Map(known)
  const ended = await run(t.directory, 'backup', to.path, '--rate', '3MB', '--json')
  isOver = true
  await writing
  assert.equal(ended.code, 0, ended.out + ended.err)
  assert.deepEqual((JSON.parse(ended.out) as { missing: string[] }).missing, [])
  assert.ok(known.size > before.size && before.size > 1, 'it wrote before and meanwhile')

  const volume = join(to.path, 'volume')
  const restored = await run(volume, 'restore', to.path)
  assert.equal(restored.code, 0, restored.out + restored.err)
  const verified = await run(volume, 'verify')
  assert.equal(verified.code, 0, verified.out)
  await using again = await startTest({ directory: volume, empty: true })
  await sameVersions(again, t.alice.token, before)
  const seq = (test: Test) =>
    test.core.index.read.all({ compile: () => ({ sql: 'SELECT max(seq) AS seq FROM vault', parameters: [] }) } as never)
  assert.ok((seq(again)[0] as { seq: number }).seq > (seq(t)[0] as { seq: number }).seq)
  // It is a volume like any other: it takes uploads, and backups that begin where the last one was.
  const alice = client({ origin: again.url, token: t.alice.token })
  await alice.call(copyFile, { params: { id: story4 }, body: { name: 'copy.txt' } })
  const next = JSON.parse((await run(volume, 'backup', to.path, '--json')).out) as {
    files: number
    copiedFiles: number
  }
  assert.deepEqual([next.copiedFiles, next.files > 6], [2, true])
})

test('what is not in a backup is made again: thumbnails, records, uploads under way, the readable tree', async () => {
  await using t = await startTest()
  await using to = await makeDirectory()
  const picture = await sharp({ create: { width: 300, height: 200, channels: 3, background: 'teal' } })
    .png()
    .toBuffer()
  const { id } = await t.alice.put('picture.png', picture)
  const params = { vaultId: t.alice.vaultId }
  const begun = await t.alice.call(createUpload, { params, body: { path: 'half.bin', size: 9_000_000 } })
  const chunk = { id: begun.id, index: '0' }
  await t.alice.call(putChunk, { params: chunk, body: new Blob([Buffer.alloc(begun.chunkSize)]) })
  await t.idle()
  assert.equal((await run(t.directory, 'backup', to.path)).code, 0)
  const volume = join(to.path, 'volume')
  const restored = await run(volume, 'restore', to.path)
  assert.equal(restored.code, 0, restored.out)
  {
    await using again = await startTest({ directory: volume, empty: true, tree: true })
    const alice = client({ origin: again.url, token: t.alice.token })
    assert.equal((await alice.call(getUpload, { params: { id: begun.id } })).receivedBytes, 0)
    await alice.call(putChunk, { params: chunk, body: new Blob([Buffer.alloc(begun.chunkSize)]) })
    await again.idle()
    const shown = (await alice.call(thumbnail, { params: { id }, query: { size: 'small' } })) as Response
    assert.equal(shown.status, 200)
    await again.recorded()
    await again.grown()
    assert.deepEqual(await readFile(join(volume, 'vaults', t.alice.vaultId, 'files', 'picture.png')), picture)
  }
  for (const name of await readdir(join(volume, 'index')))
    await rename(join(volume, 'index', name), join(to.path, name))
  assert.equal((await run(volume, 'rescue')).code, 0)
  assert.equal((await run(volume, 'verify')).code, 0)
})

test('a damaged object is noticed and left out, the others come back; a damaged index restores nothing', async () => {
  await using t = await startTest()
  await using to = await makeDirectory()
  const good = await t.alice.put('good.bin', Buffer.alloc(100_000, 1))
  const { directory } = JSON.parse((await run(t.directory, 'backup', to.path, '--json')).out) as { directory: string }
  const goodOnes = await objectsOf(directory)
  const bad = await t.alice.put('bad.bin', Buffer.alloc(200_000, 2))
  const second = JSON.parse((await run(t.directory, 'backup', to.path, '--json')).out) as { directory: string }
  const [object = ''] = (await objectsOf(second.directory)).filter((name) => !goodOnes.includes(name))
  await flip(join(second.directory, object))
  const volume = join(to.path, 'volume')
  const restored = await run(volume, 'restore', to.path)
  assert.equal(restored.code, 1)
  assert.match(restored.out, /missing {2}\/bad\.bin version 1 in vault/)
  {
    await using again = await startTest({ directory: volume, empty: true })
    const get = (id: string) =>
      fetch(`${again.url}/api/files/${id}/download`, { headers: { authorization: `Bearer ${t.alice.token}` } })
    assert.equal((await get(good.id)).status, 200)
    assert.equal((await get(bad.id)).status, 503)
  }
  await flip(join(second.directory, object))
  assert.equal((await run(volume, 'verify', '--repair-from', to.path)).code, 0)

  for (const file of ['index/filevault.db', 'manifest.sha256']) {
    await flip(join(second.directory, file))
    const refused = await run(join(to.path, 'other'), 'restore', second.directory)
    assert.deepEqual([refused.code, /Use an earlier backup/.test(refused.err)], [1, true], refused.err)
    assert.equal(existsSync(join(to.path, 'other', '.filevault-volume')), false)
    const one = await run(
      to.path,
      'restore',
      to.path,
      '--file',
      'alice:/good.bin',
      '--to',
      join(to.path, `x ${file.length}`),
    )
    assert.equal(one.code, file.startsWith('index') ? 1 : 0)
    await flip(join(second.directory, file))
  }
  // What the attempt left is no volume, and no obstacle.
  assert.equal((await run(join(to.path, 'other'), 'restore', directory)).code, 0)
})

test('what is there is moved aside when that is said, and a restore that was cut short begins again', async () => {
  await using to = await makeDirectory()
  const volume = join(to.path, 'volume')
  const backups = join(to.path, 'backups')
  let kept = { id: '', token: '' }
  {
    await using t = await startTest({ directory: volume })
    kept = { id: (await t.alice.put('kept.txt', 'kept')).id, token: t.alice.token }
    assert.equal((await run(volume, 'backup', backups)).code, 0)
    await t.alice.put('lost.txt', 'lost')
  }
  const moved = await run(volume, 'restore', backups, '--move-aside', '--json')
  assert.equal(moved.code, 0, moved.err)
  const { aside } = JSON.parse(moved.out) as { aside: string }
  assert.ok(existsSync(join(aside, '.filevault-volume')) && existsSync(join(aside, 'index/filevault.db')))
  assert.equal((await run(aside, 'verify')).code, 0)

  // As after kill -9: the note is there, and of what was restored a part.
  await rename(join(volume, '.filevault-volume'), join(to.path, 'marker'))
  await writeFile(join(volume, '.filevault-restoring'), JSON.stringify({ aside: null, isMoving: false }))
  assert.match((await run(volume, 'serve')).err, /is not a File Vault volume/)
  assert.equal((await run(volume, 'restore', backups)).code, 0)
  // Killed in earnest, at several moments.
  for (const [i, sign] of ['.filevault-restoring', 'vaults', 'index/restored.db'].entries()) {
    const other = join(to.path, `other ${i}`)
    const { process, ended } = start(other, ['restore', backups])
    for (let tries = 0; tries < 2000 && !existsSync(join(other, sign)); tries++) await sleep(1)
    process.kill('SIGKILL')
    await ended
    if (!existsSync(join(other, '.filevault-volume'))) assert.equal((await run(other, 'restore', backups)).code, 0)
    assert.equal((await run(other, 'verify')).code, 0)
  }
  // After the last step but one it is a volume, which the next attempt does not touch.
  await writeFile(join(volume, '.filevault-restoring'), JSON.stringify({ aside: null, isMoving: false }))
  assert.equal((await run(volume, 'restore', backups)).code, 1)
  assert.equal((await run(volume, 'verify')).code, 0)
  await using again = await startTest({ directory: volume, empty: true })
  await sameVersions(again, kept.token, new Map([[kept.id, ['kept']]]))
})

test('one file and one version come out of a backup, to a place that nothing has yet, by name or by id', async () => {
  await using t = await startTest()
  await using to = await makeDirectory()
  const text = (n: number) => Array.from({ length: 3000 }, (_, i) => `line ${i % (90 + n)}\n`).join('')
  for (let n = 1; n <= 3; n++) {
    await t.alice.put('Ünder the sea.txt', text(n), { path: 'One/Two', onConflict: 'replace' })
    await t.idle()
  }
  assert.equal((await run(t.directory, 'backup', join(to.path, 'b'))).code, 0)
  const take = (...args: string[]) => run('/nonexistent', 'restore', join(to.path, 'b'), ...args)
  const file = `${t.alice.vaultId}:/One/two/ünder the Sea.txt`
  for (const [n, vault] of [
    [1, t.alice.vaultId],
    [3, 'alice@example.org'],
  ] as const) {
    const out = join(to.path, `out ${n}`)
    const taken = await take(
      '--file',
      `${vault}:/One/Two/Ünder the sea.txt`,
      '--version',
      `${n}`,
      '--to',
      out,
      '--json',
    )
    assert.equal(taken.code, 0, taken.err)
    assert.equal(await readFile(out, 'utf8'), text(n))
  }
  assert.equal((await take('--file', file, '--to', to.path)).code, 0)
  assert.equal(await readFile(join(to.path, 'ünder the Sea.txt'), 'utf8'), text(3))
  for (const [args, why] of [
    [['--file', file, '--to', to.path], /something at/],
    [['--file', file, '--to', join(to.path, 'no/where')], /cannot be written/],
    [['--file', file, '--version', '9', '--to', join(to.path, 'x')], /no version 9 of it, but 1, 2, 3/],
    [['--file', `${t.alice.vaultId}:/One/other.txt`, '--to', join(to.path, 'x')], /no file \/One\/other/],
    [['--file', 'nobody:/a', '--to', join(to.path, 'x')], /no vault "nobody"/],
    [['--file', '/a', '--to', join(to.path, 'x')], /names no file/],
  ] as const) {
    const refused = await take(...args)
    assert.deepEqual([refused.code, refused.out], [1, ''], args.join(' '))
    assert.match(refused.err, why)
  }
  const [backup = ''] = (await readdir(join(to.path, 'b'))).filter((name) => name.endsWith('Z'))
  const [delta = ''] = (await objectsOf(join(to.path, 'b', backup))).filter((name) => name.endsWith('.delta'))
  for (const object of await objectsOf(join(to.path, 'b', backup))) await flip(join(to.path, 'b', backup, object))
  assert.notEqual(delta, '')
  for (const n of ['1', '3']) {
    const damaged = await take('--file', file, '--version', n, '--to', join(to.path, 'x'))
    assert.deepEqual([damaged.code, /Try an earlier backup/.test(damaged.err)], [1, true], damaged.err)
  }
  assert.equal((await readdir(to.path)).filter((name) => /^\.?x/.test(name)).length, 0)
})

/** Every version of these files as a restored server gives it. */
async function sameVersions(t: Test, token: string, wanted: ReadonlyMap<string, readonly string[]>): Promise<void> {
  const person = client({ origin: t.url, token })
  for (const [id, contents] of wanted) {
    const newest = (await person.call(download, { params: { id } })) as Response
    assert.equal(await newest.text(), contents.at(-1))
    const { versions } = await person.call(listVersions, { params: { id } })
    assert.equal(versions.length, contents.length)
    for (const [i, content] of contents.entries()) {
      const answer = (await person.call(downloadVersion, { params: { id, n: String(i + 1) } })) as Response
      assert.equal(await answer.text(), content)
    }
  }
}

async function objectsOf(directory: string): Promise<string[]> {
  const names = await readdir(directory, { recursive: true })
  return names.filter((name) => /\/objects\/..\/[0-9a-f]{32}(\.delta)?$/.test(name)).sort()
}

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path)
  const at = Math.floor(bytes.length / 2)
  const { mode } = await stat(path)
  await chmod(path, 0o600)
  await using file = await open(path, 'r+')
  await file.write(Buffer.from([(bytes[at] ?? 0) ^ 1]), 0, 1, at)
  await chmod(path, mode & 0o777)
}
