/** Removing people: what they made stays, and their vault goes to whom it was said. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { login } from '../api/auth.ts'
import { getFile, listMyFiles } from '../api/files.ts'
import { createShare } from '../api/shares.ts'
import { createUser, listUsers, removeUser } from '../api/users.ts'
import { addMember, changeAnyVault, createVault, getVault, listAllVaults, listVaults } from '../api/vaults.ts'
import { listVersions } from '../api/versions.ts'
import { audit } from '../backup/audit.ts'
import { openGuest } from '../testing/guest.ts'
import { refused } from '../testing/refused.ts'
import { startTest } from '../testing/start.ts'

test('nobody but administrators removes anybody, and it has to be said who gets the files', async () => {
  await using t = await startTest()
  const file = await t.bob.put('plan.txt', 'plan')
  const params = { id: t.bob.id }
  await assert.rejects(t.alice.call(removeUser, { params, query: { keep: true } }), refused(403))
  await assert.rejects(t.admin.call(removeUser, { params }), refused(409))
  for (const query of [{ handOver: 'nobody' }, { handOver: t.bob.id }, { handOver: t.alice.id, keep: true }])
    await assert.rejects(t.admin.call(removeUser, { params, query }), refused(422))
  await assert.rejects(t.admin.call(removeUser, { params: { id: t.admin.id }, query: { keep: true } }), refused(409))
  assert.equal((await t.bob.call(getFile, { params: { id: file.id } })).name, 'plan.txt')
})

test('a vault that is handed over is a team vault with all that was in it, and says who made what', async () => {
  await using t = await startTest()
  const file = await t.bob.put('plan.txt', 'plan')
  const share = await t.bob.call(createShare, { body: { fileId: file.id } })
  await t.admin.call(removeUser, { params: { id: t.bob.id }, query: { handOver: t.alice.id } })
  await assert.rejects(t.bob.call(listMyFiles, {}), refused(401))
  await assert.rejects(t.visitor.call(login, { body: { email: t.bob.email, password: t.bob.password } }), refused(401))
  assert.equal((await openGuest(t.url, share).get('')).status, 404)
  const handed = (await t.alice.call(listVaults, {})).vaults.find(({ id }) => id === t.bob.vaultId)
  assert.deepEqual([handed?.kind, handed?.name, handed?.role, handed?.fileCount], ['team', 'bob', 'manager', 1])
  assert.equal(await (await t.alice.get(file.id)).text(), 'plan')
  const { versions } = await t.alice.call(listVersions, { params: { id: file.id } })
  assert.equal(versions[0]?.createdByName, 'bob')
  assert.ok(!(await t.admin.call(listUsers, {})).users.some(({ id }) => id === t.bob.id))
  await assert.rejects(t.admin.call(removeUser, { params: { id: t.bob.id } }), refused(404))
  // The address is free for somebody new, who gets nothing of it.
  const again = await t.admin.call(createUser, { body: { email: t.bob.email, name: 'Another Bob' } })
  assert.notEqual(again.id, t.bob.id)
  assert.equal(again.fileCount, 0)
  await t.idle()
  await t.recorded()
  for await (const finding of audit(t.core, { readContent: true, graceMs: 60_000 })) assert.fail(finding.message)
})

test('a vault that is kept waits without members until it is given to somebody, once', async () => {
  await using t = await startTest()
  const file = await t.bob.put('plan.txt', 'plan')
  await t.admin.call(removeUser, { params: { id: t.bob.id }, query: { keep: true } })
  const vaultId = t.bob.vaultId
  await assert.rejects(t.admin.call(getFile, { params: { id: file.id } }), refused(404))
  const kept = (await t.admin.call(listAllVaults, {})).vaults.find(({ id }) => id === vaultId)
  assert.deepEqual([kept?.memberCount, kept?.managers, kept?.usedBytes], [0, [], 4])
  const give = (managerId: string) => t.admin.call(changeAnyVault, { params: { vaultId }, body: { managerId } })
  await assert.rejects(give('nobody'), refused(422))
  assert.deepEqual((await give(t.alice.id)).managers, ['alice'])
  assert.equal((await t.alice.call(getVault, { params: { vaultId } })).role, 'manager')
  // With members it is theirs: no administrator comes in by this door.
  await assert.rejects(give(t.admin.id), refused(409))
  await assert.rejects(t.alice.call(changeAnyVault, { params: { vaultId }, body: { quotaBytes: 1 } }), refused(403))
  assert.equal((await t.admin.call(changeAnyVault, { params: { vaultId }, body: { quotaBytes: 5 } })).quotaBytes, 5)
})

test('the only manager of a team vault is not removed before there is another', async () => {
  await using t = await startTest()
  const team = await t.bob.call(createVault, { body: { name: 'Team' } })
  const params = { id: t.bob.id }
  await assert.rejects(t.admin.call(removeUser, { params }), /Team/)
  await t.bob.call(addMember, { params: { vaultId: team.id }, body: { userId: t.alice.id, role: 'manager' } })
  await t.admin.call(removeUser, { params })
  assert.equal((await t.alice.call(getVault, { params: { vaultId: team.id } })).role, 'manager')
})
