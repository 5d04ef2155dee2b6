/** What a vault takes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeFile } from '../api/files.ts'
import { createFolder } from '../api/folders.ts'
import { changeSettings } from '../api/settings.ts'
import { createShare } from '../api/shares.ts'
import { completeUpload, createUpload, putChunk } from '../api/uploads.ts'
import { changeVault, getVault } from '../api/vaults.ts'
import { openGuest } from '../testing/guest.ts'
import { refused } from '../testing/refused.ts'
import { startTest } from '../testing/start.ts'

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)

test('types are refused by name and by content, at every door, and what is there stays', async () => {
  await using t = await startTest()
  const { alice } = t
  const params = { vaultId: alice.vaultId }
  const before = await alice.put('old.exe', 'x')
  await assert.rejects(t.bob.call(changeVault, { params, body: { forbiddenTypes: ['exe'] } }), refused(404))
  await alice.call(changeVault, { params, body: { forbiddenTypes: ['.EXE', 'image/*'] } })
  assert.deepEqual((await alice.call(getVault, { params })).forbiddenTypes, ['.exe', 'image/*'])
  for (const [name, content] of [
    ['setup.exe', 'x'],
    ['Setup.EXE', 'x'],
    ['picture.png', png],
    ['not a picture.txt', png], // by its first bytes
  ] as const)
    await assert.rejects(alice.put(name, new Uint8Array(Buffer.from(content))), refused(415), name)
  await alice.put('fine.txt', 'text')
  await assert.rejects(alice.call(createUpload, { params, body: { path: 'a/setup.exe', size: 1 } }), refused(415))
  const upload = await alice.call(createUpload, { params, body: { path: 'a/drawing', size: png.length } })
  await alice.call(putChunk, { params: { id: upload.id, index: '0' }, body: new Uint8Array(png) })
  await assert.rejects(alice.call(completeUpload, { params: { id: upload.id }, body: {} }), refused(415))
  const fine = await alice.put('also fine.txt', 'text')
  await assert.rejects(alice.call(changeFile, { params: { id: fine.id }, body: { name: 'setup.exe' } }), refused(415))
  assert.equal((await alice.get(before.id)).status, 200)
  await alice.call(changeFile, { params: { id: before.id }, body: { metadata: { kept: true } } })
  const folder = await alice.call(createFolder, { params, body: { name: 'Drop' } })
  const guest = openGuest(t.url, await alice.call(createShare, { body: { folderId: folder.id, permission: 'edit' } }))
  assert.equal((await guest.put('setup.exe', 'x')).status, 415)
  await alice.call(changeVault, { params, body: { forbiddenTypes: [] } })
  await alice.put('setup.exe', 'x')
})

test('only what is allowed is taken, the settings before the vault, and a vault is never wider', async () => {
  await using t = await startTest()
  const params = { vaultId: t.alice.vaultId }
  await t.admin.call(changeSettings, { body: { allowedTypes: ['txt', 'image/*'] } })
  await t.alice.put('a.txt', 'a')
  await t.alice.put('a.png', new Uint8Array(png))
  await assert.rejects(t.alice.put('a.pdf', 'a'), refused(415))
  await t.alice.call(changeVault, { params, body: { allowedTypes: ['txt', 'pdf'] } })
  await t.alice.put('b.txt', 'a')
  await assert.rejects(t.alice.put('b.png', new Uint8Array(png)), refused(415))
  await assert.rejects(t.alice.put('b.pdf', 'a'), refused(415))
  for (const allowedTypes of [['a b'], ['image/'], ['*'], ['../x']])
    await assert.rejects(t.alice.call(changeVault, { params, body: { allowedTypes } }), refused(422), allowedTypes[0])
})

test('a vault can have a smaller greatest size than the settings, and no greater one', async () => {
  await using t = await startTest()
  const params = { vaultId: t.alice.vaultId }
  await t.alice.call(changeVault, { params, body: { maxFileBytes: 10 } })
  await t.alice.put('ten.txt', '0123456789')
  await assert.rejects(t.alice.put('eleven.txt', '0123456789a'), refused(413))
  await assert.rejects(t.alice.call(createUpload, { params, body: { path: 'x', size: 11 } }), refused(413))
  await t.admin.call(changeSettings, { body: { maxFileBytes: 5 } })
  await assert.rejects(t.alice.put('six.txt', '012345'), refused(413))
  await t.alice.call(changeVault, { params, body: { maxFileBytes: null } })
  await assert.rejects(t.alice.put('six.txt', '012345'), refused(413))
})
