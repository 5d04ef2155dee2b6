/** Throwing away, bringing back, removing for good. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { copyFile, emptyTrash, getFile, listMyFiles, removeFile, restoreFile } from '../api/files.ts'
import { createFolder, getFolder, listFolders, removeFolder, restoreFolder } from '../api/folders.ts'
import { search } from '../api/search.ts'
import { getUsage } from '../api/storage.ts'
import type { Person } from '../testing/person.ts'
import { refused } from '../testing/refused.ts'
import { startTest, type Test } from '../testing/start.ts'
import { listFiles } from '../volume/testing.ts'

const permanently = { query: { permanently: true } }

test("nobody empties, restores or removes somebody else's trash", async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('a.txt', 'a')
  const params = { id }
  await t.alice.call(removeFile, { params })
  for (const person of [t.bob, t.admin]) {
    await assert.rejects(person.call(restoreFile, { params }), refused(404))
    await assert.rejects(person.call(removeFile, { params, ...permanently }), refused(404))
    await assert.rejects(person.call(emptyTrash, { params: { vaultId: t.alice.vaultId } }), refused(404))
  }
  const reader = await t.alice.limited(['read'])
  await assert.rejects(reader.call(emptyTrash, { params: { vaultId: t.alice.vaultId } }), refused(403))
  assert.equal((await t.alice.call(restoreFile, { params })).deletedAt, null)
})

test('what is thrown away is out of lists and search, counts still, and comes back as it was', async () => {
  await using t = await startTest()
  const file = await t.alice.put('walrus.txt', '12345', { path: 'Sea', tags: 'grey' })
  await t.alice.call(removeFile, { params: { id: file.id } })
  await t.alice.call(removeFile, { params: { id: file.id } }) // again: as it is
  const find = async () =>
    (await t.alice.call(search, { params: { vaultId: t.alice.vaultId }, query: { q: 'walrus' } })).total
  const usage = await t.alice.call(getUsage, {})
  assert.deepEqual([usage.totalBytes, usage.trashBytes, usage.trashCount, usage.fileCount], [5, 5, 1, 0])
  assert.deepEqual((await t.alice.call(listMyFiles, {})).files, [])
  assert.equal((await t.alice.call(listMyFiles, { query: { trash: true } })).files[0]?.id, file.id)
  assert.equal(await find(), 0)
  const { updatedAt: _, ...back } = await t.alice.call(restoreFile, { params: { id: file.id } })
  const { updatedAt: __, ...before } = file
  assert.deepEqual(back, before)
  assert.equal(await find(), 1)
  await assert.rejects(t.alice.call(restoreFile, { params: { id: file.id } }), refused(409))
  await assert.rejects(t.alice.call(removeFile, { params: { id: file.id }, ...permanently }), refused(409))
})

test('a file comes back beside what took its name, and above a folder that is gone', async () => {
  await using t = await startTest()
  const first = await t.alice.put('a.txt', 'first', { path: 'Deep/Down' })
  await t.alice.call(removeFile, { params: { id: first.id } })
  await t.alice.put('A.txt', 'second', { path: 'Deep/Down' })
  assert.equal((await t.alice.call(restoreFile, { params: { id: first.id } })).path, '/Deep/Down/a (2).txt')
  await t.alice.call(removeFile, { params: { id: first.id } })
  await t.alice.call(removeFolder, { params: { id: first.folderId ?? '' } })
  const restored = await t.alice.call(restoreFile, { params: { id: first.id } })
  assert.equal(restored.path, '/Deep/a (2).txt')
  await t.alice.call(removeFile, { params: { id: first.id } })
  const [deep] = (await t.alice.call(listFolders, { params: { vaultId: t.alice.vaultId } })).folders
  await t.alice.call(removeFolder, { params: { id: deep?.id ?? '' } })
  await t.alice.call(removeFolder, { params: { id: deep?.id ?? '' }, ...permanently })
  assert.equal((await t.alice.call(restoreFile, { params: { id: first.id } })).path, '/a (2).txt')
})

test('a folder is one thing in the trash, comes back with what went with it, and no more', async () => {
  await using t = await startTest()
  const inside = await t.alice.put('in.txt', 'in', { path: 'Box/Inner' })
  const earlier = await t.alice.put('earlier.txt', 'earlier', { path: 'Box' })
  await t.alice.call(removeFile, { params: { id: earlier.id } })
  const box = { id: earlier.folderId ?? '' }
  await t.alice.call(removeFolder, { params: box })
  const trashed = (await t.alice.call(listFolders, { params: { vaultId: t.alice.vaultId }, query: { trash: true } }))
    .folders
  assert.deepEqual(
    trashed.map(({ name }) => name),
    ['Box'],
  )
  assert.deepEqual(
    (await t.alice.call(listMyFiles, { query: { trash: true } })).files.map(({ name }) => name),
    ['earlier.txt'],
  )
  for (const attempt of [
    () => t.alice.call(restoreFolder, { params: { id: inside.folderId ?? '' } }),
    () => t.alice.put('x', 'x', { folderId: box.id }),
    () => t.alice.call(createFolder, { params: { vaultId: t.alice.vaultId }, body: { name: 'x', parentId: box.id } }),
    () => t.alice.call(copyFile, { params: { id: inside.id }, body: {} }),
  ])
    await assert.rejects(attempt, refused(409))
  await t.alice.put('box', 'took its name')
  assert.equal((await t.alice.call(restoreFolder, { params: box })).name, 'Box (2)')
  assert.equal((await t.alice.call(getFile, { params: { id: inside.id } })).path, '/Box (2)/Inner/in.txt')
  assert.notEqual((await t.alice.call(getFile, { params: { id: earlier.id } })).deletedAt, null)
})

test('a folder thrown away within another can come back when that one is gone for good', async () => {
  await using t = await startTest()
  const { folderId } = await t.alice.put('kept.txt', 'kept', { path: 'Outer/Kept' })
  const outer = (await t.alice.call(getFolder, { params: { id: folderId ?? '' } })).parentId ?? ''
  await t.alice.call(removeFolder, { params: { id: folderId ?? '' } })
  await t.alice.call(removeFolder, { params: { id: outer } })
  await t.alice.call(removeFolder, { params: { id: outer }, ...permanently })
  await assert.rejects(t.alice.call(getFolder, { params: { id: outer } }), refused(404))
  assert.equal((await t.alice.call(restoreFolder, { params: { id: folderId ?? '' } })).path, '/Kept')
  assert.equal((await t.alice.call(getFolder, { params: { id: folderId ?? '' } })).fileCount, 1)
})

test('emptying the trash removes the bytes, unless a copy lives on', async () => {
  await using t = await startTest()
  const [a, b] = await t.alice.putAll({ 'a.txt': 'aaaa', 'b.txt': 'bbbbbb' })
  await t.alice.put('c.txt', 'cc', { path: 'Folder/Inner' })
  const copy = await t.alice.call(copyFile, { params: { id: a?.id ?? '' }, body: {} })
  for (const id of [a?.id ?? '', b?.id ?? '']) await t.alice.call(removeFile, { params: { id } })
  for (const { id, parentId } of (await t.alice.call(listFolders, { params: { vaultId: t.alice.vaultId } })).folders)
    if (parentId === null) await t.alice.call(removeFolder, { params: { id } })
  assert.equal((await objects(t)).length, 3)
  assert.deepEqual(await t.alice.call(emptyTrash, { params: { vaultId: t.alice.vaultId } }), { files: 3, bytes: 12 })
  await untilObjects(t, 1)
  assert.equal(await (await t.alice.get(copy.id)).text(), 'aaaa')
  const usage = await t.alice.call(getUsage, {})
  assert.deepEqual([usage.totalBytes, usage.trashBytes, usage.trashCount], [4, 0, 0])
  await t.alice.call(removeFile, { params: { id: copy.id } })
  await t.alice.call(emptyTrash, { params: { vaultId: t.alice.vaultId } })
  await untilObjects(t, 0)
  assert.deepEqual(await t.alice.call(emptyTrash, { params: { vaultId: t.alice.vaultId } }), { files: 0, bytes: 0 })
})

test('restoring and emptying at once lose nothing that was said to be back', async () => {
  await using t = await startTest()
  const files = await t.alice.putAll(
    Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`${i}.txt`, `content ${i}`])),
  )
  for (const { id } of files) await t.alice.call(removeFile, { params: { id } })
  const [, ...outcomes] = await Promise.allSettled([
    t.alice.call(emptyTrash, { params: { vaultId: t.alice.vaultId } }),
    ...files.map(({ id }) => t.alice.call(restoreFile, { params: { id } })),
  ])
  await sleep(100)
  for (const [i, outcome] of outcomes.entries())
    await assertEither(t.alice, files[i]?.id ?? '', outcome.status === 'fulfilled' ? `content ${i}` : undefined)
})

async function assertEither(person: Person, id: string, content: string | undefined): Promise<void> {
  const answer = await person.get(id)
  if (content === undefined) assert.equal(answer.status, 404)
  else assert.equal(await answer.text(), content)
}

async function objects(t: Test): Promise<string[]> {
  return (await listFiles(t.directory)).filter((path) => path.includes('/objects/'))
}

async function untilObjects(t: Test, count: number): Promise<void> {
  for (let tries = 0; tries < 60 && (await objects(t)).length !== count; tries++) await sleep(50)
  assert.equal((await objects(t)).length, count)
}
