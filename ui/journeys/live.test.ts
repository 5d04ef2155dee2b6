/** What others do appears by itself. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { changeFile, removeFile } from '../../src/api/files.ts'
import { addMember, createVault, removeMember } from '../../src/api/vaults.ts'
import { startTest } from '../../src/testing/start.ts'
import { openBrowser, signIn } from './browser.ts'

test('what another member does in a vault is seen without asking, until one is no member any more', async () => {
  await using t = await startTest({ page: true })
  const vault = await t.alice.call(createVault, { body: { name: 'Harbour' } })
  const params = { vaultId: vault.id }
  await t.alice.call(addMember, { params, body: { userId: t.bob.id, role: 'viewer' } })
  await using browser = await openBrowser()
  const { page, complaints } = await browser.open()
  await signIn(page, t.url, t.bob)
  const socket = page.waitForEvent('websocket', (one) => one.url().includes(vault.id))
  await page.goto(`${t.url}/files?vault=${vault.id}`)
  await (await socket).waitForEvent('framereceived')
  await page.getByText('This folder is empty').or(page.getByText('Drop your first files here')).waitFor()
  const file = await t.alice.put('Berths.txt', 'berths', { vaultId: vault.id })
  await page.getByRole('row', { name: /Berths\.txt/ }).waitFor()
  await t.alice.call(changeFile, { params: { id: file.id }, body: { name: 'Moorings.txt' } })
  await page.getByRole('row', { name: /Moorings\.txt/ }).waitFor()
  await t.alice.call(removeFile, { params: { id: file.id } })
  await page.getByRole('row', { name: /Moorings\.txt/ }).waitFor({ state: 'detached' })
  await t.alice.call(removeMember, { params: { ...params, userId: t.bob.id } })
  await page.getByText('Personal vault').waitFor()
  assert.deepEqual(complaints, [])
})
