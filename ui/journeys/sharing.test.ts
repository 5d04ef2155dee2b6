/** Links, from making one to what a guest does with it; and a team vault. */
import assert from 'node:assert/strict'
import { readFile } from 'node:fs/promises'
import { test } from 'node:test'
import sharp from 'sharp'
import { listFiles } from '../../src/api/files.ts'
import { createFolder } from '../../src/api/folders.ts'
import { createShare, listShares } from '../../src/api/shares.ts'
import { startTest } from '../../src/testing/start.ts'
import { openBrowser, signIn } from './browser.ts'

test('a folder is shared in the page; a guest unlocks it, looks, searches, downloads and puts files in', async () => {
  await using t = await startTest({ page: true })
  const picture = await sharp({ create: { width: 900, height: 600, channels: 3, background: 'seagreen' } })
    .jpeg()
    .toBuffer()
  await t.alice.putAll({ 'Facade.jpg': picture, 'Read me.md': '# Hello' }, { path: 'Site plans' })
  await t.alice.put('Offer.txt', 'An offer', { path: 'Site plans/Offers' })
  await t.idle()
  await using browser = await openBrowser()
  const maker = await browser.open({ permissions: ['clipboard-read', 'clipboard-write'] })
  await signIn(maker.page, t.url, t.alice)
  await maker.page.getByRole('row', { name: /Site plans/ }).click({ button: 'right' })
  await maker.page.getByRole('menuitem', { name: 'Share by a link' }).click()
  await maker.page.getByRole('radio', { name: 'Put in files' }).click({ force: true })
  await maker.page.getByLabel('Password').fill('abc')
  await maker.page.getByRole('button', { name: 'Make the link and copy it' }).click()
  await maker.page.getByText('at least 4 characters').waitFor()
  await maker.page.getByLabel('Password').fill('open sesame')
  await maker.page.getByRole('button', { name: 'Make the link and copy it' }).click()
  await maker.page.getByText('Put in files · password').waitFor()
  const link = await maker.page.evaluate(() => navigator.clipboard.readText())
  assert.match(link, /\/s\/[0-9a-z]{26}$/)
  await maker.picture('share-links')

  const guest = await browser.open({ acceptDownloads: true })
  const { page } = guest
  await page.goto(link)
  await page.getByText('Type the password').waitFor()
  assert.doesNotMatch(await page.content(), /Site plans|alice/)
  await page.getByLabel('Password').fill('open')
  await page.getByRole('button', { name: 'Open' }).click()
  await page.getByText('The password is wrong').waitFor()
  await page.getByLabel('Password').fill('open sesame')
  await page.getByRole('button', { name: 'Open' }).click()
  await page.getByRole('heading', { name: 'Site plans' }).waitFor()
  await page.getByRole('button', { name: /Facade\.jpg/ }).click()
  const shown = page.getByRole('dialog').getByRole('img', { name: 'Facade.jpg' })
  await shown.waitFor()
  assert.equal(await shown.evaluate((image: HTMLImageElement) => image.decode().then(() => image.naturalWidth)), 900)
  await page.keyboard.press('ArrowRight')
  await page.getByText('# Hello').waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('button', { name: /Offers/ }).click()
  await page.getByRole('button', { name: /Offer\.txt/ }).waitFor()
  await page.goBack()
  await page.getByLabel('Search in this folder').fill('offer')
  await page.getByText('1 file found').waitFor()
  await page.getByLabel('Search in this folder').fill('')

  const saving = page.waitForEvent('download')
  await page.getByRole('button', { name: 'Download all' }).click()
  const saved = await saving
  assert.equal(saved.suggestedFilename(), 'Site plans.zip')
  assert.ok((await readFile(await saved.path())).includes('An offer'))

  await page
    .getByLabel('Files to put in')
    .setInputFiles([{ name: 'Bid.txt', mimeType: 'text/plain', buffer: Buffer.from('A bid') }])
  await page.getByText('1 put in. Thank you.').waitFor()
  await page.getByRole('button', { name: /Bid\.txt/ }).waitFor()
  await guest.picture('guest-put-in')
  const { files } = await t.alice.call(listFiles, { params: { vaultId: t.alice.vaultId }, query: {} })
  assert.ok(files.some(({ path }) => path === '/Site plans/Bid.txt'))

  // The maker takes it back, and the next thing the guest does ends.
  await maker.page.getByRole('button', { name: 'More about this link' }).click()
  await maker.page.getByRole('menuitem', { name: 'Take it back' }).click()
  await maker.page.getByRole('button', { name: 'Take it back' }).click()
  await maker.page.getByText('leads nowhere any more').waitFor()
  assert.equal((await t.alice.call(listShares, {})).shares.length, 0)
  await page.reload()
  await page.getByText('This link leads nowhere').waitFor()
  assert.deepEqual([...maker.complaints, ...guest.complaints], [])
})

test('a link for looking has no download, and one to a file shows it at once', async () => {
  await using t = await startTest({ page: true })
  const file = await t.alice.put('Plan.txt', 'The plan of the house')
  const look = await t.alice.call(createShare, { body: { fileId: file.id, permission: 'view' } })
  await using browser = await openBrowser()
  const { page, complaints } = await browser.open()
  await page.goto(look.url)
  await page.getByText('The plan of the house').waitFor()
  assert.equal(await page.getByRole('button', { name: 'Download' }).count(), 0)
  assert.deepEqual(complaints, [])
})

test('a team vault is made, somebody is added who works in it, and is taken out again', async () => {
  await using t = await startTest({ page: true })
  await using browser = await openBrowser()
  const { page, complaints } = await browser.open()
  await signIn(page, t.url, t.alice)
  await page.getByRole('button', { name: /all vaults/ }).click()
  await page.getByRole('menuitem', { name: 'New team vault' }).click()
  await page.getByLabel('Name').fill('Harbour')
  await page.getByRole('button', { name: 'Make it' }).click()
  await page.getByText('Team vault, manager').waitFor()
  await page.getByRole('button', { name: /all vaults/ }).click()
  await page.getByRole('menuitem', { name: 'Members' }).click()
  await page.getByLabel('Add somebody by e-mail').fill('nobody@example.org')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByText('Ask an administrator').waitFor()
  await page.getByLabel('Add somebody by e-mail').fill(t.bob.email)
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByLabel('What bob may do').waitFor()
  await page.getByRole('button', { name: 'Done' }).click()
  const vaultId = new URL(page.url()).searchParams.get('vault') ?? ''
  await t.bob.call(createFolder, { params: { vaultId }, body: { name: 'Berths' } })
  await page.reload()
  await page.getByRole('row', { name: /Berths/ }).waitFor()

  const other = await browser.open()
  await signIn(other.page, t.url, t.bob)
  await other.page.getByRole('button', { name: /all vaults/ }).click()
  await other.page.getByRole('menuitem', { name: 'Harbour' }).click()
  await other.page.getByRole('row', { name: /Berths/ }).dblclick()
  await other.page.getByText('This folder is empty').waitFor()
  assert.equal(new URL(other.page.url()).searchParams.get('vault'), vaultId)

  await page.getByRole('button', { name: /all vaults/ }).click()
  await page.getByRole('menuitem', { name: 'Members' }).click()
  await page.getByRole('button', { name: 'Take bob out' }).click()
  await page.getByRole('button', { name: 'Take out', exact: true }).click()
  await page.getByLabel('What bob may do').waitFor({ state: 'detached' })
  await other.page.reload()
  await other.page.getByText('Personal vault').waitFor()
  assert.deepEqual([...complaints, ...other.complaints], [])
})
