/** What changed: for whom, told how, and whole however the pages fall. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { listChanges } from '../api/changes.ts'
import { changeFile, removeFile, restoreFile, setTags } from '../api/files.ts'
import { changeFolder, createFolder, removeFolder, restoreFolder } from '../api/folders.ts'
import { addMember, createVault, removeMember } from '../api/vaults.ts'
import { chance } from '../testing/chance.ts'
import { openFollower } from '../testing/follower.ts'
import { refused } from '../testing/refused.ts'
import { startTest } from '../testing/start.ts'
import { stir } from '../testing/stir.ts'

test('changes are told to members alone, and only as long as they are', async () => {
  await using t = await startTest()
  const { alice, bob } = t
  const vault = await alice.call(createVault, { body: { name: 'Plans' } })
  const params = { vaultId: vault.id }
  await alice.put('plan.txt', 'plan', { vaultId: vault.id })
  for (const who of [bob, t.admin]) await assert.rejects(who.call(listChanges, { params }), refused(404))
  await assert.rejects(t.visitor.call(listChanges, { params }), refused(401))
  await assert.rejects((await alice.limited(['read'], alice.vaultId)).call(listChanges, { params }), refused(404))
  await alice.call(addMember, { params, body: { userId: bob.id, role: 'viewer' } })
  const { added, lastSync } = await bob.call(listChanges, { params })
  assert.deepEqual(
    added.map(({ name }) => name),
    ['plan.txt'],
  )
  await alice.call(removeMember, { params: { ...params, userId: bob.id } })
  await assert.rejects(bob.call(listChanges, { params, query: { since: lastSync } }), refused(404))
})

test('each file is told once and as it is now: added, modified, deleted', async () => {
  await using t = await startTest()
  const { alice } = t
  const params = { vaultId: alice.vaultId }
  const [kept, thrown, gone, back] = await alice.putAll({ 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c', 'd.txt': 'd' })
  if (!kept || !thrown || !gone || !back) throw new Error('Four files were sent.')
  const first = await alice.call(listChanges, { params })
  assert.equal(first.added.length, 4)
  assert.deepEqual([first.reset, first.hasMore], [true, false])
  const since = async (text: string) => alice.call(listChanges, { params, query: { since: text } })
  const nothing = await since(first.lastSync)
  assert.deepEqual([nothing.added, nothing.modified, nothing.deleted, nothing.reset], [[], [], [], false])
  assert.equal(nothing.lastSync, first.lastSync)

  const made = await alice.put('e.txt', 'e')
  await alice.call(changeFile, { params: { id: made.id }, body: { name: 'f.txt' } })
  await alice.call(changeFile, { params: { id: kept.id }, body: { name: 'kept.txt' } })
  await alice.call(setTags, { params: { id: kept.id }, body: { tags: ['x'] } })
  for (const { id } of [thrown, gone, back]) await alice.call(removeFile, { params: { id } })
  await alice.call(removeFile, { params: { id: gone.id }, query: { permanently: true } })
  await alice.call(restoreFile, { params: { id: back.id } })
  const next = await since(first.lastSync)
  assert.deepEqual(next.added.map(({ name }) => name).sort(), ['d.txt', 'f.txt'])
  assert.deepEqual(
    next.modified.map(({ name, tags }) => [name, tags]),
    [['kept.txt', ['x']]],
  )
  assert.deepEqual(
    next.deleted.map(({ id, path, deletedAt }) => [id, path, deletedAt !== null]).sort(),
    [
      [thrown.id, '/b.txt', true],
      [gone.id, null, false],
    ].sort(),
  )
})

test('what goes away or comes back with a folder is told file by file; a move tells the folder alone', async () => {
  await using t = await startTest()
  const { alice } = t
  const params = { vaultId: alice.vaultId }
  const file = await alice.put('deep.txt', 'deep', { path: 'Top/Middle' })
  const folder = { params: { id: file.folderId ?? '' } }
  const follower = openFollower(alice, alice.vaultId)
  await follower.catchUp()
  const { id: other } = await alice.call(createFolder, { params, body: { name: 'Other' } })
  await alice.call(changeFolder, { ...folder, body: { parentId: other } })
  const moved = await follower.step()
  assert.deepEqual([moved.added.length + moved.modified.length, moved.folders.modified.length], [0, 1])
  assert.equal(moved.folders.modified[0]?.path, '/Other/Middle')
  await follower.isRight()
  await alice.call(removeFolder, { params: { id: other } })
  const away = await follower.step()
  assert.deepEqual(
    away.deleted.map(({ id, path }) => [id, path]),
    [[file.id, '/Other/Middle/deep.txt']],
  )
  assert.equal(away.folders.deleted.length, 2)
  await follower.isRight()
  await alice.call(restoreFolder, { params: { id: other } })
  // Moved out again before anybody asked: it was not in what came back when they did.
  await alice.call(changeFolder, { ...folder, body: { parentId: null } })
  assert.deepEqual(
    (await follower.step()).added.map(({ path }) => path),
    ['/Middle/deep.txt'],
  )
  await follower.isRight()
})

test('a time stands for what came at it and after, by the clock of the server', async () => {
  await using t = await startTest()
  const { alice, clock } = t
  const params = { vaultId: alice.vaultId }
  await alice.put('old.txt', 'old')
  clock.advance(3_600_000)
  const between = new Date(clock.now()).toISOString()
  clock.advance(1000)
  await alice.put('new.txt', 'new')
  const names = async (since: string) =>
    (await alice.call(listChanges, { params, query: { since } })).added.map(({ name }) => name)
  assert.deepEqual(await names(between), ['new.txt'])
  assert.deepEqual((await names('2001-01-01')).sort(), ['new.txt', 'old.txt'])
  assert.deepEqual(await names(new Date(clock.now() + 1000).toISOString()), [])
  for (const since of ['yesterday', '-1', '1.5', '5x', '2026-13-45', '5b~', "'", ' 5', '99999999999999999999'])
    await assert.rejects(names(since), refused(422), since)
})

test('where the journal does not reach back, everything is told again and says so', async () => {
  await using t = await startTest()
  const { alice, core } = t
  await alice.put('a.txt', 'a')
  const follower = openFollower(alice, alice.vaultId)
  await follower.catchUp()
  const b = await alice.put('b.txt', 'b')
  await follower.catchUp()
  // As a rescue leaves it: no journal, and a number far from those that were given before.
  await core.index.write((tx) => {
    tx.run(sql`DELETE FROM change`)
    tx.run(sql`UPDATE vault SET seq = seq + 1000`)
    tx.run(sql`UPDATE file SET deleted_at = 1 WHERE id = ${b.id}`)
  })
  const page = await follower.step()
  assert.deepEqual([page.reset, page.added.map(({ name }) => name)], [true, ['a.txt']])
  await follower.isRight()
  await alice.put('c.txt', 'c')
  assert.equal((await follower.step()).reset, false)
  await follower.isRight()
  follower.lastSync = '99999999'
  assert.equal((await follower.step()).reset, true)
  await follower.isRight()
})

test('whoever follows has the vault as it is, whatever was changed and however the pages fell', async (c) => {
  for (const seed of [1, 2, 3, 4]) {
    await using t = await startTest()
    const { alice } = t
    const random = chance(seed)
    const change = stir(alice, alice.vaultId, random)
    // One that asks in large pages, one in tiny ones, and one now and then, between whose pages things go on changing.
    const followers = [1000, 1, 3].map((limit) => ({ limit, follower: openFollower(alice, alice.vaultId) }))
    for (let round = 0; round < 12; round++) {
      for (let n = 0; n < 25; n++) {
        await change()
        if (random() < 0.3) await followers[2]?.follower.step(1 + Math.floor(random() * 4))
      }
      for (const { follower, limit } of followers) {
        await follower.catchUp(limit)
        await follower.isRight()
      }
    }
    const late = openFollower(alice, alice.vaultId)
    await late.catchUp(5)
    await late.isRight()
    c.diagnostic(`seed ${seed}: ${late.files.size} files in ${late.folders.size} folders`)
  }
})
