/** Making links, and what their makers and managers see and do. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { removeFile } from '../api/files.ts'
import { createFolder } from '../api/folders.ts'
import { changeShare, createShare, listShares, removeShare } from '../api/shares.ts'
import { addMember, changeMember, createVault } from '../api/vaults.ts'
import { q } from '../index/query.ts'
import { openGuest } from '../testing/guest.ts'
import { refused } from '../testing/refused.ts'
import { startTest } from '../testing/start.ts'

test('strangers and viewers make no links, and nobody touches those of others but the managers of the vault', async () => {
  await using t = await startTest()
  const { alice, bob } = t
  const carol = await t.person('carol')
  const team = await alice.call(createVault, { body: { name: 'Team' } })
  const params = { vaultId: team.id }
  await alice.call(addMember, { params, body: { userId: bob.id, role: 'viewer' } })
  await alice.call(addMember, { params, body: { userId: carol.id, role: 'editor' } })
  const mine = await alice.put('mine.txt', 'mine')
  const ours = await alice.put('ours.txt', 'ours', { vaultId: team.id })
  await assert.rejects(bob.call(createShare, { body: { fileId: mine.id } }), refused(404))
  await assert.rejects(bob.call(createShare, { body: { fileId: ours.id } }), refused(403))
  const reader = await carol.limited(['read'])
  await assert.rejects(reader.call(createShare, { body: { fileId: ours.id } }), refused(403))

  const share = await carol.call(createShare, { body: { fileId: ours.id } })
  const byId = { params: { id: share.id } }
  for (const stranger of [bob, t.admin]) {
    await assert.rejects(stranger.call(changeShare, { ...byId, body: { permission: 'view' } }), refused(404))
    await assert.rejects(stranger.call(removeShare, byId), refused(404))
    assert.deepEqual((await stranger.call(listShares, {})).shares, [])
  }
  assert.deepEqual((await bob.call(listShares, { query: { fileId: ours.id } })).shares, [])
  const elsewhere = await carol.limited(['read', 'write'], carol.vaultId)
  await assert.rejects(elsewhere.call(removeShare, byId), refused(404))
  assert.deepEqual((await elsewhere.call(listShares, {})).shares, [])

  // Who makes links sees their own; who manages the vault sees all of them, and may end them.
  assert.equal((await carol.call(listShares, {})).shares[0]?.id, share.id)
  assert.equal((await alice.call(listShares, { query: { vaultId: team.id } })).shares[0]?.createdBy, carol.id)
  await alice.call(changeMember, { params: { ...params, userId: carol.id }, body: { role: 'viewer' } })
  await carol.call(removeShare, byId) // one's own can always be taken back
  await assert.rejects(carol.call(removeShare, byId), refused(404))
})

test('a link says what it is, keeps what it was told, and forgets a condition that is taken away', async () => {
  await using t = await startTest({ env: { FILEVAULT_PUBLIC_URL: 'https://files.example.org' } })
  const folder = await t.alice.call(createFolder, { params: { vaultId: t.alice.vaultId }, body: { name: 'Plans' } })
  const share = await t.alice.call(createShare, {
    body: {
      folderId: folder.id,
      permission: 'edit',
      password: 'open sesame',
      expiresAt: '2099-12-31T23:59:59.000Z',
      maxDownloads: 5,
      requireEmail: true,
      allowedEmails: ['A@example.org', ' a@EXAMPLE.org '],
    },
  })
  assert.match(share.shortCode, /^[0-9a-hjkmnp-tv-z]{26}$/) // 130 bits
  assert.equal(share.url, `https://files.example.org/s/${share.shortCode}`)
  assert.deepEqual(
    [share.permission, share.hasPassword, share.expiresAt, share.maxDownloads, share.requireEmail, share.allowedEmails],
    ['edit', true, '2099-12-31T23:59:59.000Z', 5, true, ['a@example.org']],
  )
  assert.doesNotMatch(JSON.stringify(share), /argon2|sesame/)
  const hashOf = () =>
    t.core.index.read.get(q.selectFrom('share').select('password_hash').where('id', '=', share.id))?.password_hash
  const first = hashOf()
  assert.match(first ?? '', /^\$argon2id\$/)
  await t.alice.call(changeShare, { params: { id: share.id }, body: { password: 'open barley' } })
  assert.match(hashOf() ?? '', /^\$argon2id\$/)
  assert.notEqual(hashOf(), first)
  const open = await t.alice.call(changeShare, {
    params: { id: share.id },
    body: { password: null, expiresAt: null, maxDownloads: null, requireEmail: false, allowedEmails: [] },
  })
  assert.deepEqual(
    [open.hasPassword, open.expiresAt, open.maxDownloads, open.requireEmail, open.allowedEmails],
    [false, null, null, false, []],
  )
  assert.equal(open.shortCode, share.shortCode)
  const remade = await t.alice.call(changeShare, { params: { id: share.id }, body: { newCode: true } })
  assert.notEqual(remade.shortCode, share.shortCode)
  const codes = await Promise.all(
    Array.from({ length: 200 }, () => t.alice.call(createShare, { body: { folderId: folder.id } })),
  )
  assert.equal(new Set(codes.map(({ shortCode }) => shortCode)).size, 200)
})

test('what makes no sense is refused, and says where', async () => {
  await using t = await startTest()
  const file = await t.alice.put('a.txt', 'a')
  const gone = await t.alice.put('gone.txt', 'gone')
  await t.alice.call(removeFile, { params: { id: gone.id } })
  const bad: [object, RegExp][] = [
    [{}, /either fileId or folderId/],
    [{ fileId: file.id, folderId: file.id }, /either fileId or folderId/],
    [{ fileId: file.id, permission: 'edit' }, /Share the folder/],
    [{ fileId: file.id, expiresAt: '2020-01-01T00:00:00.000Z' }, /is over/],
    [{ fileId: file.id, expiresAt: 'tomorrow' }, /expiresAt/],
    [{ fileId: file.id, maxDownloads: 0 }, /maxDownloads/],
    [{ fileId: file.id, maxDownloads: 1.5 }, /maxDownloads/],
    [{ fileId: file.id, password: 'abc' }, /at least 4/],
    [{ fileId: file.id, allowedEmails: ['carol'] }, /not an e-mail/],
    [{ fileId: file.id, public: true, password: 'open sesame' }, /asks for nothing/],
    [{ fileId: file.id, permission: 'own' }, /permission/],
  ]
  for (const [body, sentence] of bad)
    await assert.rejects(t.alice.call(createShare, { body: body as never }), (error: Error) => {
      refused(422)(error)
      assert.match(error.message, sentence)
      return true
    })
  await assert.rejects(t.alice.call(createShare, { body: { fileId: 'nothing' } }), refused(404))
  await assert.rejects(t.alice.call(createShare, { body: { fileId: gone.id } }), refused(409))
  const share = await t.alice.call(createShare, { body: { fileId: file.id } })
  await assert.rejects(
    t.alice.call(changeShare, { params: { id: share.id }, body: { permission: 'edit' } }),
    refused(422),
  )
  assert.equal((await t.alice.call(listShares, {})).shares.length, 1)
})

test('looks, downloads and the last of them are counted where the maker sees them', async () => {
  await using t = await startTest()
  const file = await t.alice.put('a.txt', 'abc')
  const share = await t.alice.call(createShare, { body: { fileId: file.id } })
  const one = async () => (await t.alice.call(listShares, { query: { fileId: file.id } })).shares[0]
  assert.deepEqual([(await one())?.viewCount, (await one())?.lastAccessedAt], [0, null])
  const guest = openGuest(t.url, share)
  await guest.get('')
  await guest.get('')
  await (await guest.get('/download')).text()
  const counted = await one()
  assert.deepEqual([counted?.viewCount, counted?.downloadCount], [2, 1])
  assert.ok(counted?.lastAccessedAt)
})
