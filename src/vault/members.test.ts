import assert from 'node:assert/strict'
import { test } from 'node:test'
import { download, removeFile } from '../api/files.ts'
import { createFolder } from '../api/folders.ts'
import {
  addMember,
  changeMember,
  changeVault,
  createVault,
  getVault,
  listMembers,
  listVaults,
  removeMember,
  removeVault,
} from '../api/vaults.ts'
import { refused } from '../testing/refused.ts'
import { startTest } from '../testing/start.ts'

test('nobody but members knows of a team vault, and each role does what it may', async () => {
  await using t = await startTest()
  const { alice, bob, admin } = t
  const vault = await alice.call(createVault, { body: { name: 'Site plans' } })
  const params = { vaultId: vault.id }
  const file = await alice.put('plan.txt', 'plan', { vaultId: vault.id })

  await assert.rejects(bob.call(getVault, { params }), refused(404))
  await assert.rejects(bob.call(listMembers, { params }), refused(404))
  await assert.rejects(bob.put('b.txt', 'b', { vaultId: vault.id }), refused(404))
  await assert.rejects(bob.call(addMember, { params, body: { userId: bob.id, role: 'manager' } }), refused(404))
  assert.equal((await bob.get(file.id)).status, 404)
  await assert.rejects(admin.call(getVault, { params }), refused(404))

  await alice.call(addMember, { params, body: { email: ' BOB@example.org ', role: 'viewer' } })
  assert.equal(await (await bob.get(file.id)).text(), 'plan')
  assert.equal((await bob.call(getVault, { params })).role, 'viewer')
  for (const attempt of [
    () => bob.put('b.txt', 'b', { vaultId: vault.id }),
    () => bob.call(createFolder, { params, body: { name: 'x' } }),
    () => bob.call(removeFile, { params: { id: file.id } }),
    () => bob.call(changeVault, { params, body: { name: 'Mine' } }),
    () => bob.call(changeMember, { params: { ...params, userId: bob.id }, body: { role: 'manager' } }),
    () => bob.call(removeMember, { params: { ...params, userId: alice.id } }),
    () => bob.call(removeVault, { params }),
  ])
    await assert.rejects(attempt(), refused(403))

  await alice.call(changeMember, { params: { ...params, userId: bob.id }, body: { role: 'editor' } })
  const theirs = await bob.put('b.txt', 'b', { vaultId: vault.id })
  assert.equal(theirs.ownerId, bob.id)
  await assert.rejects(bob.call(changeVault, { params, body: { name: 'Mine' } }), refused(403))

  await alice.call(removeMember, { params: { ...params, userId: bob.id } })
  await assert.rejects(bob.call(getVault, { params }), refused(404))
  assert.equal((await bob.get(theirs.id)).status, 404)
  assert.equal(await (await alice.get(theirs.id)).text(), 'b')
})

test('a team vault always has a manager, its quota is the administrators, and it goes when it is empty', async () => {
  await using t = await startTest()
  const { alice, bob, admin } = t
  await assert.rejects(alice.call(createVault, { body: { name: 'Large', quotaBytes: 1e15 } }), refused(403))
  await assert.rejects(alice.call(createVault, { body: { name: '   ' } }), refused(422))
  const vault = await alice.call(createVault, { body: { name: 'Team' } })
  assert.equal(vault.kind, 'team')
  assert.equal(vault.quotaBytes, 100e9)
  assert.equal((await admin.call(createVault, { body: { name: 'Small', quotaBytes: 5000 } })).quotaBytes, 5000)
  const params = { vaultId: vault.id }
  const me = { ...params, userId: alice.id }
  await assert.rejects(alice.call(removeMember, { params: me }), refused(409))
  await assert.rejects(alice.call(changeMember, { params: me, body: { role: 'viewer' } }), refused(409))
  await assert.rejects(alice.call(changeVault, { params, body: { quotaBytes: 1 } }), refused(403))
  await assert.rejects(
    alice.call(addMember, { params, body: { email: 'nobody@example.org', role: 'viewer' } }),
    refused(422),
  )
  await assert.rejects(alice.call(addMember, { params, body: { userId: alice.id, role: 'viewer' } }), refused(409))
  await assert.rejects(
    alice.call(addMember, { params: { vaultId: alice.vaultId }, body: { userId: bob.id, role: 'viewer' } }),
    refused(409),
  )

  await alice.call(addMember, { params, body: { userId: bob.id, role: 'manager' } })
  const both = await Promise.allSettled([
    alice.call(removeMember, { params: me }),
    bob.call(removeMember, { params: { ...params, userId: bob.id } }),
  ])
  assert.equal(both.filter(({ status }) => status === 'fulfilled').length, 1, 'two managers who leave at once')

  const own = await bob.call(createVault, { body: { name: 'Short-lived' } })
  const file = await bob.put('a.txt', 'a', { vaultId: own.id })
  await assert.rejects(bob.call(removeVault, { params: { vaultId: own.id } }), refused(409))
  await bob.call(removeFile, { params: { id: file.id } })
  await assert.rejects(bob.call(removeVault, { params: { vaultId: own.id } }), refused(409), 'in the trash is there')
  await bob.call(removeFile, { params: { id: file.id }, query: { permanently: true } })
  await bob.call(removeVault, { params: { vaultId: own.id } })
  const { vaults } = await bob.call(listVaults, {})
  assert.ok(!vaults.some(({ id }) => id === own.id))
  await assert.rejects(bob.call(removeVault, { params: { vaultId: bob.vaultId } }), refused(409))
  await assert.rejects(bob.call(download, { params: { id: file.id } }), refused(404))
})
