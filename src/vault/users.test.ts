/** Users, as administrators make and change them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from 'kysely'
import { emptyTrash, listMyFiles, removeFile } from '../api/files.ts'
import { createFolder } from '../api/folders.ts'
import { changeSettings, getSettings } from '../api/settings.ts'
import { getStats, getUsage, initializeStorage, setQuota } from '../api/storage.ts'
import { changeUser, createUser, listUsers, removeUser } from '../api/users.ts'
import { listVaults } from '../api/vaults.ts'
import { refused } from '../testing/refused.ts'
import { startTest } from '../testing/start.ts'

const body = { email: 'eve@example.org', name: 'Eve', password: 'a long enough password' }

test('only administrators see and change users, settings, quotas and statistics', async () => {
  await using t = await startTest()
  const scopeless = await t.admin.limited(['read', 'write'])
  for (const caller of [t.alice, scopeless])
    for (const attempt of [
      () => caller.call(listUsers, {}),
      () => caller.call(createUser, { body: { ...body, admin: true } }),
      () => caller.call(changeUser, { params: { id: t.alice.id }, body: { admin: true } }),
      () => caller.call(removeUser, { params: { id: t.bob.id } }),
      () => caller.call(setQuota, { body: { userId: t.alice.id, maxBytes: 1e15 } }),
      () => caller.call(getStats, {}),
      () => caller.call(getSettings, {}),
      () => caller.call(changeSettings, { body: { maxFileBytes: 1 } }),
    ])
      await assert.rejects(attempt, refused(403, 'not-allowed'))
  await assert.rejects(t.visitor.call(listUsers, {}), refused(401))
  assert.equal((await t.admin.call(listUsers, {})).users.length, 3)
})

test('who loses the role loses it at once, also with a token that has the scope', async () => {
  await using t = await startTest()
  const second = await t.person('second')
  await t.admin.call(changeUser, { params: { id: second.id }, body: { admin: true } })
  const root = await second.limited(['read', 'admin'])
  assert.equal((await root.call(listUsers, {})).users.length, 4)
  await t.admin.call(changeUser, { params: { id: second.id }, body: { admin: false } })
  await assert.rejects(root.call(listUsers, {}), refused(403))
})

test('one e-mail address is one user, however it is written', async () => {
  await using t = await startTest()
  await t.admin.call(createUser, { body })
  for (const email of ['eve@example.org', 'EVE@Example.ORG', ' eve@example.org '])
    await assert.rejects(t.admin.call(createUser, { body: { ...body, email } }), refused(409))
  for (const email of ['', 'eve', 'eve@', '@x', `${'x'.repeat(300)}@example.org`, 'a b@c.d'])
    await assert.rejects(t.admin.call(createUser, { body: { ...body, email } }), refused(422))
  await assert.rejects(t.admin.call(createUser, { body: { ...body, password: 'short' } }), refused(422))
  await assert.rejects(t.admin.call(createUser, { body: { ...body, quotaBytes: -1 } }), refused(422))
  await assert.rejects(t.admin.call(createUser, { body: { ...body, quotaBytes: 1.5 } }), refused(422))
  const twins = { ...body, email: 'twin@example.org' }
  const both = await Promise.allSettled([
    t.admin.call(createUser, { body: twins }),
    t.admin.call(createUser, { body: twins }),
  ])
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  assert.equal((await t.admin.call(listUsers, {})).users.length, 5)
})

test('a password is made up and shown once where none was given', async () => {
  await using t = await startTest()
  const { password: _, ...nameless } = body
  const made = await t.admin.call(createUser, { body: nameless })
  assert.ok((made.password ?? '').length >= 20)
  assert.equal((await t.admin.call(createUser, { body: { ...body, email: 'other@example.org' } })).password, undefined)
  assert.doesNotMatch(JSON.stringify(await t.admin.call(listUsers, {})), /password|argon/)
  const answer = await fetch(`${t.url}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: body.email, password: made.password }),
  })
  assert.equal(answer.status, 200)
})

test('the last administrator stays, and nobody shuts themselves out', async () => {
  await using t = await startTest()
  const params = { id: t.admin.id }
  for (const change of [{ admin: false }, { disabled: true }])
    await assert.rejects(t.admin.call(changeUser, { params, body: change }), refused(409))
  await assert.rejects(t.admin.call(removeUser, { params }), refused(409))
  const second = await t.person('second')
  await t.admin.call(changeUser, { params: { id: second.id }, body: { admin: true } })
  // Each the other, at the same moment: one administrator is left.
  const root = await second.limited(['read', 'write', 'admin'])
  await Promise.allSettled([
    t.admin.call(changeUser, { params: { id: second.id }, body: { admin: false } }),
    root.call(changeUser, { params, body: { admin: false } }),
  ])
  const left = t.core.index.read.get(sql<{ n: number }>`SELECT count(*) AS n FROM user WHERE admin = 1`)
  assert.equal(left?.n, 1)
})

test('a user with files stays, one without goes and leaves no trace; the address can be given again', async () => {
  await using t = await startTest()
  const eve = await t.person('eve')
  const { id } = await eve.put('a.txt', 'a')
  const params = { id: eve.id }
  await eve.call(createFolder, { params: { vaultId: eve.vaultId }, body: { name: 'Empty' } })
  await assert.rejects(t.admin.call(removeUser, { params }), refused(409))
  await eve.call(removeFile, { params: { id } })
  await assert.rejects(t.admin.call(removeUser, { params }), refused(409))
  await eve.call(emptyTrash, { params: { vaultId: eve.vaultId } })
  for (let tries = 0; ; tries++) {
    const done = await t.admin.call(removeUser, { params }).then(
      () => true,
      (error: unknown) => {
        if (tries > 20) throw error
      },
    )
    if (done) break
  }
  await assert.rejects(eve.call(getUsage, {}), refused(401))
  await assert.rejects(t.admin.call(removeUser, { params }), refused(404))
  const again = await t.person('eve')
  assert.notEqual(again.vaultId, eve.vaultId)
  assert.deepEqual((await again.call(listMyFiles, {})).files, [])
})

test('a quota is set, also below what is used; settings count from now on', async () => {
  await using t = await startTest()
  await t.alice.put('a.bin', 'x'.repeat(1000))
  const usage = await t.admin.call(setQuota, { body: { userId: t.alice.id, maxBytes: 500 } })
  assert.deepEqual([usage.totalBytes, usage.maxBytes, usage.percentage], [1000, 500, 200])
  await assert.rejects(t.alice.put('b.bin', 'x'), refused(413, 'over-quota'))
  await assert.rejects(t.admin.call(setQuota, { body: { userId: 'nobody', maxBytes: 1 } }), refused(404))
  await assert.rejects(t.admin.call(setQuota, { body: { userId: t.alice.id, maxBytes: -1 } }), refused(422))
  await t.admin.call(changeSettings, { body: { defaultQuotaBytes: 777, maxFileBytes: 100 } })
  assert.equal((await t.admin.call(createUser, { body })).quotaBytes, 777)
  await assert.rejects(t.bob.put('large.bin', 'x'.repeat(101)), refused(413, 'too-large'))
  await t.bob.put('fits.bin', 'x'.repeat(100))
  const stats = await t.admin.call(getStats, {})
  assert.deepEqual([stats.users, stats.files, stats.usedBytes], [4, 2, 1100])
})

test('initialising again changes nothing', async () => {
  await using t = await startTest()
  const before = await t.alice.call(getUsage, {})
  assert.deepEqual(await t.alice.call(initializeStorage, {}), before)
  assert.equal((await t.alice.call(listVaults, {})).vaults.length, 1)
})
