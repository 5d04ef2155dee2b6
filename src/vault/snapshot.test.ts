/** The whole tree at once: for whom, in which form, and exact while it is being changed. */
import assert from 'node:assert/strict'
import { get } from 'node:http'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { getSnapshot } from '../api/changes.ts'
import type { Client } from '../api/client.ts'
import { type File, listFiles, removeFile, setFavorite } from '../api/files.ts'
import { type Folder, listFolders, removeFolder } from '../api/folders.ts'
import { createVault } from '../api/vaults.ts'
import { chance } from '../testing/chance.ts'
import { openFollower } from '../testing/follower.ts'
import { refused } from '../testing/refused.ts'
import { startTest } from '../testing/start.ts'
import { stir } from '../testing/stir.ts'

interface Snapshot {
  lastSync: string
  files: File[]
  folders: Folder[]
}

async function snapshot(person: Client, vaultId: string, include_deleted = false): Promise<Snapshot> {
  const answer = await person.call(getSnapshot, { params: { vaultId }, query: { include_deleted } })
  return parse(await answer.text())
}

function parse(text: string): Snapshot {
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const [head, end] = [lines.shift(), lines.pop()]
  const of = (type: string) => lines.filter((line) => line.type === type).map(({ type: _, ...rest }) => rest)
  assert.equal(head?.type, 'snapshot')
  const [files, folders] = [of('file'), of('folder')]
  assert.deepEqual(end, { type: 'end', files: files.length, folders: folders.length })
  return { lastSync: String(head?.lastSync), files, folders } as unknown as Snapshot
}

const sorted = <T extends { id: string }>(list: T[]) => list.sort((a, b) => (a.id < b.id ? -1 : 1))

test('a snapshot is for members alone', async () => {
  await using t = await startTest()
  const { id: vaultId } = await t.alice.call(createVault, { body: { name: 'Plans' } })
  const input = { params: { vaultId } }
  for (const who of [t.bob, t.admin]) await assert.rejects(who.call(getSnapshot, input), refused(404))
  await assert.rejects(t.visitor.call(getSnapshot, input), refused(401))
})

test('it has every file and folder as the lists have them, and the trash for who asks', async () => {
  await using t = await startTest()
  const { alice } = t
  const { vaultId } = alice
  const deep = await alice.put('ä "quoted".txt', 'x', {
    path: 'A/B/C',
    tags: 'x,ÿ',
    metadata: '{"n":1.5,"b":true,"l":["1"]}',
  })
  await alice.call(setFavorite, { params: { id: deep.id }, body: { favorite: true } })
  await alice.put('top.txt', 'top')
  const away = await alice.put('away.txt', 'away', { path: 'Away' })
  const alone = await alice.put('alone.txt', 'alone')
  await alice.call(removeFile, { params: { id: alone.id } })
  await alice.call(removeFolder, { params: { id: away.folderId ?? '' } })
  const { files } = await alice.call(listFiles, { params: { vaultId } })
  const { folders } = await alice.call(listFolders, { params: { vaultId } })
  const living = await snapshot(alice, vaultId)
  assert.deepEqual(sorted(living.files), sorted(files))
  assert.deepEqual(sorted(living.folders), sorted(folders))
  const all = await snapshot(alice, vaultId, true)
  const paths = (list: (File | Folder)[]) => list.filter(({ deletedAt }) => deletedAt !== null).map(({ path }) => path)
  assert.deepEqual(paths(all.files).sort(), ['/Away/away.txt', '/alone.txt'])
  assert.deepEqual(paths(all.folders), ['/Away'])
  assert.deepEqual([all.files.length, all.folders.length], [files.length + 2, folders.length + 1])
  assert.deepEqual((await snapshot(t.bob, t.bob.vaultId)).files, [])
})

test('it is compressed as the client understands', async () => {
  await using t = await startTest()
  await t.alice.put('a.txt', 'a')
  const url = `${t.url}/api/vaults/${t.alice.vaultId}/snapshot`
  const ask = (accepted?: string) =>
    new Promise<{ encoding: string | undefined; body: Buffer }>((resolve, reject) => {
      const headers = { authorization: `Bearer ${t.alice.token}`, ...(accepted ? { 'accept-encoding': accepted } : {}) }
      get(url, { headers }, async (answer) => {
        assert.equal(answer.headers['content-type'], 'application/x-ndjson')
        assert.equal(answer.headers.vary, 'accept-encoding')
        resolve({ encoding: answer.headers['content-encoding'], body: Buffer.concat(await answer.toArray()) })
      }).on('error', reject)
    })
  for (const accepted of [undefined, 'gzip, deflate, br', '*', 'zstd;q=0, gzip;q=0.5'])
    assert.equal((await ask(accepted)).encoding, 'gzip', accepted)
  const { encoding, body } = await ask('gzip, zstd')
  assert.equal(encoding, 'zstd')
  assert.equal(parse(zstdDecompressSync(body).toString()).files.length, 1)
  for (const accepted of ['identity', 'br', 'gzip;q=0']) {
    const plain = await ask(accepted)
    assert.equal(plain.encoding, undefined, accepted)
    assert.equal(parse(plain.body.toString()).files.length, 1)
  }
})

test('whoever takes a snapshot and then the changes has the vault as it is, however it was changed meanwhile', async (c) => {
  await using t = await startTest()
  const { alice } = t
  const { id: vaultId } = await alice.call(createVault, { body: { name: 'Busy' } })
  const random = chance(7)
  const change = stir(alice, vaultId, random)
  // More than a page, in folders large and small, so that there is something to come between.
  for (let n = 0; n < 250; n++)
    await alice.putAll(Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`${n}-${i}.txt`, 'x'])), {
      vaultId,
      path: n % 3 === 0 ? 'Large' : `Small ${n}`,
    })
  for (let n = 0; n < 100; n++) await change()
  let taken = 0
  for (let round = 0; round < 8; round++) {
    let isReading = true
    const busy = (async () => {
      while (isReading) await change()
    })()
    const found = await snapshot(alice, vaultId)
    isReading = false
    await busy
    const follower = openFollower(alice, vaultId)
    for (const folder of found.folders) follower.folders.set(folder.id, folder)
    for (const file of found.files) follower.files.set(file.id, file)
    follower.lastSync = found.lastSync
    const pages = await follower.catchUp(3)
    await follower.isRight()
    taken += pages - 1
    for (let n = 0; n < 10; n++) await change()
  }
  c.diagnostic(`${taken} pages of changes came between`)
  assert.ok(taken > 12)
})
