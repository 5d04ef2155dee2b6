/** The index is deleted; everything that people see comes back from the volume alone. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { appendFile, mkdtemp, open, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { login } from '../api/auth.ts'
import { client } from '../api/client.ts'
import { changeFile, copyFile, emptyTrash, listFiles, removeFile, setFavorite, setTags } from '../api/files.ts'
import { changeFolder, createFolder, listFolders, removeFolder, restoreFolder } from '../api/folders.ts'
import { search } from '../api/search.ts'
import { getUsage } from '../api/storage.ts'
import { changeUser, createUser, listUsers, removeUser } from '../api/users.ts'
import { listVaults } from '../api/vaults.ts'
import { downloadVersion, listVersions } from '../api/versions.ts'
import { loadConfig } from '../config.ts'
import { openPerson, type Person } from '../testing/person.ts'
import { startTest, type Test } from '../testing/start.ts'
import { everyUser } from '../vault/users.ts'
import { problem, sha256 } from '../volume/testing.ts'
import { audit } from './audit.ts'
import type { Finding } from './finding.ts'
import { rescue } from './rescue.ts'

test('an index that is there is never touched, nor a volume that is in use', async () => {
  await using volume = await makeVolume()
  {
    await using t = await startTest({ directory: volume.directory })
    await t.alice.put('a.txt', 'a')
    await assert.rejects(rescueAt(volume.directory), problem('conflict', /There is an index at .*filevault\.db/))
    await t.recorded()
    // Even where it was deleted under a running server.
    const index = join(volume.directory, 'index')
    for (const name of await readdir(index)) if (name.startsWith('filevault')) await rm(join(index, name))
    await assert.rejects(rescueAt(volume.directory), problem('busy'))
  }
})

test('after the index is lost people see what they saw, sign in as before, and go on', async () => {
  await using volume = await makeVolume()
  let before: Awaited<ReturnType<typeof everythingSeen>>
  {
    await using t = await startTest({ directory: volume.directory })
    await fill(t)
    await t.idle()
    await t.recorded()
    before = await everythingSeen(t)
  }
  await loseIndex(volume.directory)
  const rescued = await rescueAt(volume.directory)
  assert.deepEqual([rescued.missing, rescued.recovered, rescued.damagedLines, rescued.unexplained], [[], 0, 0, []])
  assert.deepEqual([rescued.users, rescued.favorites], [4, 1])
  {
    await using t = await startTest({ directory: volume.directory, empty: true })
    const after = await everythingSeen(await withPeople(t))
    assert.deepEqual(after, before)
    assert.deepEqual(await findings(t), [])
    // And it goes on: a name that is taken, a new file, the records of what is new.
    const { alice } = await withPeople(t)
    await assert.rejects(alice.put('wurzel ünïcode 文件 🎉.txt', 'again'), { status: 409 })
    await alice.put('new.txt', 'new')
    await t.recorded()
    before = await everythingSeen(await withPeople(t))
  }
  await loseIndex(volume.directory)
  await rescueAt(volume.directory)
  await using t = await startTest({ directory: volume.directory, empty: true })
  assert.deepEqual(await everythingSeen(await withPeople(t)), before)
  assert.deepEqual(await findings(t), [])
})

test('what no record names comes back under a name of its own, and what was deleted stays deleted', async () => {
  await using volume = await makeVolume()
  let vaultId = ''
  {
    await using t = await startTest({ directory: volume.directory })
    vaultId = t.alice.vaultId
    await t.alice.put('kept.txt', 'kept')
    const secret = await t.alice.put('secret.txt', 'deleted on purpose')
    await t.recorded()
    await t.alice.call(removeFile, { params: { id: secret.id } })
    // A disk that was cut off before the bytes went: they lie there again.
    const before = await objectsOf(volume.directory, vaultId)
    await t.alice.call(removeFile, { params: { id: secret.id }, query: { permanently: true } })
    await t.recorded()
    for (const [path, content] of before) if (!existsSync(path)) await writeFile(path, content)
  }
  const objects = join(volume.directory, 'vaults', vaultId, 'objects')
  const png = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')
  await writeFile(join(objects, 'ab', `ab${'1'.repeat(30)}`), png)
  await writeFile(join(objects, 'cd', `cd${'2'.repeat(30)}`), 'some text')
  await writeFile(join(objects, 'ef', `ef${'3'.repeat(30)}.delta`), 'a difference')
  await loseIndex(volume.directory)
  const rescued = await rescueAt(volume.directory)
  assert.equal(rescued.recovered, 2)
  assert.match(rescued.unexplained.join(), /ef3+\.delta/)
  await using t = await startTest({ directory: volume.directory, empty: true })
  const { alice } = await withPeople(t)
  const { files } = await alice.call(listFiles, { params: { vaultId }, query: {} })
  assert.deepEqual(files.map(({ path }) => path.replace(/\d{4}-\d\d-\d\d/, 'DATE')).sort(), [
    '/Recovered DATE/ab111111.png',
    '/Recovered DATE/cd222222.txt',
    '/kept.txt',
  ])
  await t.idle()
  for (const q of ['kept', 'some text'])
    assert.equal((await alice.call(search, { params: { vaultId }, query: { q, content: true } })).total, 1, q)
})

test('bytes that are gone are reported and left out; torn and damaged records cost only what they held', async () => {
  await using volume = await makeVolume()
  let vaultId = ''
  {
    await using t = await startTest({ directory: volume.directory })
    vaultId = t.alice.vaultId
    await t.alice.put('gone.txt', 'gone')
    await t.recorded()
    for (const path of (await objectsOf(volume.directory, vaultId)).keys()) await rm(path)
    await t.alice.put('kept.txt', 'kept')
    await t.recorded()
    await t.alice.put('last.txt', 'the last one')
    for (let n = 1; n <= 3; n++) {
      await t.alice.put('story.txt', `${'once upon a time '.repeat(2000)}${n}`, { onConflict: 'replace' })
      await t.idle()
    }
    await t.recorded()
  }
  const records = join(volume.directory, 'vaults', vaultId, 'records')
  const [name = ''] = await readdir(records)
  await appendFile(join(records, name), 'torn {"is":"fi')
  await loseIndex(volume.directory)
  const rescued = await rescueAt(volume.directory)
  assert.equal(rescued.damagedLines, 1)
  assert.deepEqual(rescued.missing, [{ vaultId, path: 'gone.txt', version: 1 }])
  {
    await using t = await startTest({ directory: volume.directory, empty: true })
    const { alice } = await withPeople(t)
    assert.deepEqual((await seenBy(alice)).files.map(({ name }) => name).sort(), ['kept.txt', 'last.txt', 'story.txt'])
  }
  // Every record of every vault is gone: the users are left, and the bytes.
  await loseIndex(volume.directory)
  await rm(records, { recursive: true })
  // Its newest version, and both that are kept as differences to it: each a file of its own.
  const without = await rescueAt(volume.directory)
  assert.deepEqual([without.recovered, without.unexplained], [5, []])
  await loseIndex(volume.directory)
  await rm(join(volume.directory, 'records'), { recursive: true })
  const { administrator } = await rescueAt(volume.directory)
  await using t = await startTest({ directory: volume.directory, empty: true })
  assert.ok(administrator)
  await client({ origin: t.url }).call(login, { body: administrator })
  assert.deepEqual(
    (await findings(t)).map(({ kind, message }) => `${kind} ${message}`),
    [],
  )
})

test('a start after a crash writes what the records lack, and a log that has grown is written anew', async () => {
  await using volume = await makeVolume()
  let vaultId = ''
  {
    await using t = await startTest({ directory: volume.directory })
    vaultId = t.alice.vaultId
    await t.alice.put('a.txt', 'a')
  }
  const records = join(volume.directory, 'vaults', vaultId, 'records')
  const [name = ''] = await readdir(records)
  assert.equal((await stat(join(records, name))).mode & 0o777, 0o600)
  await using file = await open(join(records, name), 'r+')
  await file.truncate((await file.stat()).size - 30)
  {
    await using t = await startTest({ directory: volume.directory, empty: true })
    await t.recorded()
    assert.deepEqual(await readdir(records), ['00000002.jsonl'])
    const { alice } = await withPeople(t)
    const { files } = await alice.call(listFiles, { params: { vaultId }, query: {} })
    const metadata = { text: 'x'.repeat(1900) }
    for (let i = 0; i < 40; i++)
      await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          alice.call(changeFile, {
            params: { id: files[0]?.id ?? '' },
            body: { metadata: { ...metadata, n: i * 50 + n } },
          }),
        ),
      )
    await t.recorded()
  }
  const log = await readdir(records)
  assert.equal(log.length, 1)
  assert.ok((await stat(join(records, log[0] ?? ''))).size < 5e6)
  await loseIndex(volume.directory)
  assert.equal((await rescueAt(volume.directory)).files, 1)
})

async function fill(t: Test): Promise<void> {
  const { alice, bob, admin } = t
  const folder = (name: string, parentId: string | null, more = {}) =>
    alice.call(createFolder, { params: { vaultId: alice.vaultId }, body: { name, parentId, ...more } })
  const work = await folder('Arbeit & Söhne', null, { color: 'red', icon: 'briefcase' })
  const deep = await folder('日本語', work.id)
  const old = await folder('old', null)
  const older = await folder('older', old.id)
  await alice.put('wurzel ünïcode 文件 🎉.txt', 'root')
  const plan = await alice.put('plan.txt', 'the plan', { folderId: deep.id, tags: JSON.stringify(['über', 'b']) })
  await alice.call(setTags, { params: { id: plan.id }, body: { tags: ['über', 'zwei'] } })
  await alice.call(changeFile, {
    params: { id: plan.id },
    body: { metadata: { year: 2026, done: true, list: ['a', 'b'] }, package: 'p1' },
  })
  await alice.call(setFavorite, { params: { id: plan.id }, body: { favorite: true } })
  await alice.call(copyFile, { params: { id: plan.id }, body: { folderId: null, name: 'copy.txt' } })
  const story = 'once upon a time '.repeat(2000)
  for (let n = 1; n <= 4; n++)
    await alice.put('story.txt', `${story}${n}${story.slice(n)}`, { folderId: work.id, onConflict: 'replace' })
  const inOld = await alice.put('in old.txt', 'in old', { folderId: old.id })
  await alice.put('in older.txt', 'in older', { folderId: older.id })
  await alice.call(removeFile, { params: { id: inOld.id } })
  await alice.call(removeFolder, { params: { id: older.id } })
  await alice.call(restoreFolder, { params: { id: older.id } })
  await alice.call(removeFolder, { params: { id: old.id } })
  await alice.call(changeFolder, { params: { id: work.id }, body: { name: 'Arbeit' } })
  await bob.putAll({ 'empty.bin': '', 'b.png': await picture() })
  const gone = await bob.put('gone.txt', 'gone')
  await bob.call(removeFile, { params: { id: gone.id } })
  await bob.call(emptyTrash, { params: { vaultId: bob.vaultId } })
  const carol = await admin.call(createUser, {
    body: { email: 'carol@example.org', name: 'Carol', password: 'carols own password', quotaBytes: 123456 },
  })
  await admin.call(changeUser, { params: { id: carol.id }, body: { disabled: true } })
  const dave = await admin.call(createUser, { body: { email: 'dave@example.org', name: 'Dave' } })
  await admin.call(removeUser, { params: { id: dave.id } })
}

async function picture(): Promise<Buffer> {
  const { default: sharp } = await import('sharp')
  return sharp({ create: { width: 40, height: 30, channels: 3, background: 'red' } })
    .png()
    .toBuffer()
}

/** All that anybody can list, and the hash of every byte they can download. */
async function everythingSeen({ admin, alice, bob }: Pick<Test, 'admin' | 'alice' | 'bob'>) {
  const { users } = await admin.call(listUsers, {})
  return {
    users: users.map(({ lastSeenAt: _, ...user }) => user),
    alice: await seenBy(alice),
    bob: await seenBy(bob),
  }
}

async function seenBy(person: Person) {
  const params = { vaultId: person.vaultId }
  const files = []
  for (const trash of [false, true]) {
    const { folders } = await person.call(listFolders, { params, query: { trash } })
    for (const folder of trash ? [undefined] : ['root', ...folders.map(({ id }) => id)]) {
      const query = { trash, limit: 1000, ...(folder === undefined ? {} : { folder }) }
      files.push(...(await person.call(listFiles, { params, query })).files)
    }
  }
  const contents = await Promise.all(
    files
      .filter(({ deletedAt }) => deletedAt === null)
      .map(async ({ id }) => [id, sha256(Buffer.from(await (await person.get(id)).arrayBuffer()))]),
  )
  const versions = await Promise.all(
    files.map(async ({ id }) =>
      (await person.call(listVersions, { params: { id } })).versions.map((one) => ({ id, ...one })),
    ),
  )
  const olderContents = await Promise.all(
    versions.flat().map(async ({ id, number: n }) => {
      const answer = (await person.call(downloadVersion, { params: { id, n: String(n) } })) as Response
      return [id, n, sha256(Buffer.from(await answer.arrayBuffer()))]
    }),
  )
  return {
    versions,
    olderContents,
    vaults: (await person.call(listVaults, {})).vaults,
    usage: await person.call(getUsage, {}),
    folders: await person.call(listFolders, { params, query: {} }),
    trashed: await person.call(listFolders, { params, query: { trash: true } }),
    files,
    contents,
  }
}

/** The same people after a restart: they sign in with their old passwords. */
async function withPeople(t: Test): Promise<Pick<Test, 'admin' | 'alice' | 'bob'>> {
  const users = await everyUser(t.core)
  const again = async (name: string): Promise<Person> => {
    const user = users.find(({ email }) => email === `${name}@example.org`)
    assert.ok(user)
    const person = await openPerson(t.core, t.url, user)
    await t.visitor.call(login, { body: { email: user.email, password: `${name}s own password` } })
    return person
  }
  return { admin: await again('admin'), alice: await again('alice'), bob: await again('bob') }
}

async function makeVolume() {
  const directory = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'filevault-rescue-'))
  return { directory, [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }) }
}

async function loseIndex(directory: string): Promise<void> {
  await rm(join(directory, 'index'), { recursive: true })
}

async function objectsOf(directory: string, vaultId: string): Promise<Map<string, Buffer>> {
  const objects = join(directory, 'vaults', vaultId, 'objects')
  const entries = (await readdir(objects, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  const paths = entries.map((entry) => join(entry.parentPath, entry.name))
  return new Map(await Promise.all(paths.map(async (path) => [path, await readFile(path)] as const)))
}

function rescueAt(directory: string) {
  const config = loadConfig({ env: { FILEVAULT_VOLUME: directory, FILEVAULT_VOLUME_RESERVE: '1MB' }, cwd: directory })
  return rescue(config.volume)
}

async function findings(t: Test): Promise<Finding[]> {
  const found: Finding[] = []
  for await (const one of audit(t.core, { readContent: true, graceMs: 0 })) found.push(one)
  return found
}
