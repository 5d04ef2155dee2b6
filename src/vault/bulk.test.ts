/** One thing done to many files: each asked for by itself, and none in the way of the others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeFiles } from '../api/bulk.ts'
import { listChanges } from '../api/changes.ts'
import { getFile, listFiles, removeFile } from '../api/files.ts'
import { createFolder, removeFolder } from '../api/folders.ts'
import { getUsage } from '../api/storage.ts'
import { addMember, createVault } from '../api/vaults.ts'
import { refused } from '../testing/refused.ts'
import { startTest } from '../testing/start.ts'

test('each file is asked for by itself: what is not yours is not found, and stays as it is', async () => {
  await using t = await startTest()
  const { alice, bob } = t
  const team = await alice.call(createVault, { body: { name: 'Team' } })
  await alice.call(addMember, { params: { vaultId: team.id }, body: { userId: bob.id, role: 'viewer' } })
  const hers = await alice.put('hers.txt', 'a')
  const theirs = await alice.put('theirs.txt', 'b', { vaultId: team.id })
  const his = await bob.put('his.txt', 'c')
  const ids = [hers.id, theirs.id, his.id, 'nothing']
  const codes = async (body: Parameters<typeof bob.call<typeof changeFiles>>[1]['body']) =>
    (await bob.call(changeFiles, { body })).results.map(({ problem, ok }) => problem?.code ?? ok)
  const expected = ['not-found', 'not-allowed', true, 'not-found']
  assert.deepEqual(await codes({ ids, action: 'tag', tags: ['x'] }), expected)
  assert.deepEqual(await codes({ ids, action: 'metadata', metadata: { a: 1 } }), expected)
  assert.deepEqual(await codes({ ids, action: 'move', folderId: null }), expected)
  assert.deepEqual(await codes({ ids, action: 'copy' }), expected)
  assert.deepEqual(await codes({ ids, action: 'delete' }), expected)
  assert.deepEqual(await codes({ ids, action: 'restore' }), expected)
  assert.deepEqual(await codes({ ids: [hers.id, theirs.id], action: 'favorite' }), ['not-found', true])
  assert.deepEqual(await alice.call(getFile, { params: { id: hers.id } }), hers)
  assert.deepEqual(await alice.call(getFile, { params: { id: theirs.id } }), theirs)
  const reader = await bob.limited(['read'])
  await assert.rejects(reader.call(changeFiles, { body: { ids: [], action: 'restore' } }), refused(403))
  await assert.rejects(t.visitor.call(changeFiles, { body: { ids: [], action: 'restore' } }), refused(401))
  const query = { vaultId: alice.vaultId }
  await assert.rejects(bob.call(changeFiles, { body: { query, action: 'delete' } }), refused(404))
})

test('every action does what the endpoint for one file does, and answers with the files', async () => {
  await using t = await startTest()
  const { alice } = t
  const files = await alice.putAll({ 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c' }, { tags: 'old,kept' })
  const ids = files.map(({ id }) => id)
  const { id: folderId } = await alice.call(createFolder, { params: { vaultId: alice.vaultId }, body: { name: 'To' } })
  const call = async (body: Parameters<typeof alice.call<typeof changeFiles>>[1]['body']) => {
    const { results } = await alice.call(changeFiles, { body })
    assert.deepEqual(
      results.map(({ ok, problem }) => [ok, problem]),
      ids.map(() => [true, undefined]),
    )
    return results.map(({ file }) => file)
  }
  for (const file of await call({ ids, action: 'move', folderId })) assert.equal(file?.folderId, folderId)
  for (const file of await call({ ids, action: 'tag', tags: ['new', 'new'], removeTags: ['old'] }))
    assert.deepEqual(file?.tags, ['kept', 'new'])
  for (const file of await call({ ids, action: 'tag', tags: ['only'], replace: true }))
    assert.deepEqual(file?.tags, ['only'])
  for (const file of await call({ ids, action: 'metadata', metadata: { a: 1, b: null } }))
    assert.deepEqual(file?.metadata, { a: 1 })
  for (const file of await call({ ids, action: 'favorite' })) assert.equal(file?.favorite, true)
  for (const file of await call({ ids, action: 'favorite', favorite: false })) assert.equal(file?.favorite, false)
  const copies = await call({ ids, action: 'copy', folderId: null })
  assert.deepEqual(
    copies.map((file) => file?.path),
    ['/a.txt', '/b.txt', '/c.txt'],
  )
  for (const file of await call({ ids, action: 'delete' })) assert.notEqual(file?.deletedAt, null)
  for (const file of await call({ ids, action: 'restore' })) assert.equal(file?.deletedAt, null)
  await call({ ids, action: 'delete' })
  assert.deepEqual(await call({ ids, action: 'delete', permanently: true }), [undefined, undefined, undefined])
  await t.idle()
  assert.deepEqual((await alice.call(getUsage, {})).fileCount, 3)
})

test('what cannot be done to one does not stop the others', async () => {
  await using t = await startTest()
  const { alice } = t
  const params = { vaultId: alice.vaultId }
  const [a, b, c] = await alice.putAll({ 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c' })
  if (!a || !b || !c) throw new Error('Three files were sent.')
  const { id: folderId } = await alice.call(createFolder, { params, body: { name: 'To' } })
  await alice.put('b.txt', 'in the way', { folderId })
  await alice.call(removeFile, { params: { id: c.id } })
  const ids = [a.id, b.id, c.id, a.id]
  const { results } = await alice.call(changeFiles, { body: { ids, action: 'move', folderId } })
  assert.deepEqual(
    results.map(({ id, ok, problem }) => [id, ok, problem?.code]),
    [
      [a.id, true, undefined],
      [b.id, false, 'conflict'],
      [c.id, false, 'conflict'],
    ],
  )
  assert.equal((await alice.call(getFile, { params: { id: b.id } })).path, '/b.txt')
  // Two that want the same name: the second has to stay.
  const twin = await alice.put('a.txt', 'twin')
  const again = await alice.call(changeFiles, { body: { ids: [a.id, twin.id], action: 'move', folderId: null } })
  assert.deepEqual(
    again.results.map(({ ok }) => ok),
    [false, true],
  )
  await alice.call(removeFolder, { params: { id: folderId } })
  const gone = await alice.call(changeFiles, { body: { ids: [twin.id], action: 'move', folderId } })
  assert.deepEqual(
    gone.results.map(({ problem }) => problem?.code),
    ['conflict'],
  )
})

test('a query stands for everything it finds, and nonsense is refused before anything is done', async () => {
  await using t = await startTest()
  const { alice } = t
  const query = { vaultId: alice.vaultId, q: 'report' }
  for (let n = 0; n < 30; n++)
    await alice.putAll(Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`report ${n}-${i}.txt`, 'x'])))
  await alice.put('other.txt', 'x')
  const found = await alice.call(changeFiles, { body: { query, action: 'tag', tags: ['found'] } })
  assert.equal(found.results.filter(({ ok }) => ok).length, 300)
  const tagged = await alice.call(listFiles, {
    params: { vaultId: alice.vaultId },
    query: { tag: 'found', limit: 1000 },
  })
  assert.equal(tagged.files.length, 300)
  const some = { vaultId: alice.vaultId, extension: 'txt', tag: ['found'], q: '"report 7"' }
  const { results } = await alice.call(changeFiles, { body: { query: some, action: 'delete' } })
  assert.ok(results.length >= 10 && results.length < 300)
  const { lastSync } = await alice.call(listChanges, { params: { vaultId: alice.vaultId } })
  for (const body of [
    { action: 'delete' },
    { ids: [], query, action: 'delete' },
    { query, action: 'restore' },
    { ids: ['x'], action: 'explode' },
    { ids: ['x'], action: 'move' },
    { ids: ['x'], action: 'tag', tags: [''] },
    { ids: Array.from({ length: 10_001 }, (_, i) => `${i}`), action: 'delete' },
  ])
    await assert.rejects(
      alice.call(changeFiles, { body: body as never }),
      refused(422),
      JSON.stringify(body).slice(0, 80),
    )
  assert.equal((await alice.call(listChanges, { params: { vaultId: alice.vaultId } })).lastSync, lastSync)
  const nothing = await alice.call(changeFiles, { body: { ids: ['none'], action: 'metadata', metadata: { ' ': {} } } })
  assert.equal(nothing.results[0]?.ok, false)
})
