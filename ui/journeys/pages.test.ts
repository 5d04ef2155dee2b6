import assert from 'node:assert/strict'
import { test } from 'node:test'
import sharp from 'sharp'
import type { Input } from '../../src/api/endpoint.ts'
import { createFolder } from '../../src/api/folders.ts'
import { createShare } from '../../src/api/shares.ts'
import { addMember, createVault } from '../../src/api/vaults.ts'
import { startTest, type Test } from '../../src/testing/start.ts'
import { openBrowser, signIn, type Tab } from './browser.ts'

/** Every page, as an administrator with some files sees it. */
const pages: [name: string, path: string, seen: (tab: Tab) => Promise<unknown>][] = [
  ['files', '/files', ({ page }) => page.getByRole('row', { name: /Facade/ }).click()],
  ['grid', '/files?view=grid', ({ page }) => page.getByRole('option', { name: /Facade/ }).waitFor()],
  ['search', '/files?q=notes', ({ page }) => page.getByText(/file in/).waitFor()],
  [
    'documents',
    '/files?q=minutes&within=documents',
    ({ page }) => page.getByText('the minutes of').waitFor({ state: 'attached' }),
  ],
  ['viewer', '/files?q=notes', ({ page }) => page.getByRole('row', { name: /notes/ }).dblclick()],
  ['favourites', '/favourites', ({ page }) => page.getByText('No favourites yet').waitFor()],
  ['recent', '/recent', ({ page }) => page.getByRole('row', { name: /notes/ }).waitFor()],
  ['trash', '/trash', ({ page }) => page.getByText('The trash is empty').waitFor()],
  ['account', '/account', ({ page }) => page.getByText('this one').waitFor()],
  ['forgot', '/forgot', ({ page }) => page.getByText('Send me a link').waitFor()],
  ['share', '/files', share],
  ['members', '/files', members],
  ['guest-nowhere', '/s/0123456789abcdefghjkmnpqrs', ({ page }) => page.getByText('This link leads nowhere').waitFor()],
  ['admin', '/admin', ({ page }) => page.locator('canvas').waitFor()],
  ['admin-users', '/admin/users', ({ page }) => page.getByLabel('Quota of bob').waitFor()],
  ['admin-vaults', '/admin/vaults', ({ page }) => page.getByLabel('Quota of bob').waitFor()],
  ['admin-log', '/admin/log', ({ page }) => page.getByRole('cell', { name: 'shared Plan.png' }).waitFor()],
  ['admin-jobs', '/admin/jobs', ({ page }) => page.getByText('Clean-up by age').waitFor()],
  ['admin-settings', '/admin/settings', ({ page }) => page.getByLabel('Largest file').waitFor()],
  ['not-found', '/nowhere', ({ page }) => page.getByText('There is nothing here').waitFor()],
]

async function share({ page }: Tab): Promise<void> {
  await page.getByRole('row', { name: /Facade/ }).click({ button: 'right' })
  await page.getByRole('menuitem', { name: 'Share by a link' }).click()
  await page.getByLabel('Only for these addresses').waitFor()
}

async function members({ page }: Tab): Promise<void> {
  if ((page.viewportSize()?.width ?? 0) < 700) await page.getByRole('button', { name: 'Folders' }).click()
  await page.getByRole('button', { name: /all vaults/ }).click()
  await page.getByRole('menuitem', { name: 'Site plans' }).click()
  await page.getByText('Team vault, manager').waitFor({ state: 'attached' })
  if ((page.viewportSize()?.width ?? 0) < 700) await page.getByRole('button', { name: 'Folders' }).click()
  await page.getByRole('button', { name: /all vaults/ }).click()
  await page.getByRole('menuitem', { name: 'Members' }).click()
  await page.getByLabel('What bob may do').waitFor()
}

/** Answers the links that guests open. */
async function fill(t: Test): Promise<{ folder: string; file: string; locked: string }> {
  const picture = await sharp({ create: { width: 900, height: 600, channels: 3, background: 'seagreen' } })
    .jpeg()
    .toBuffer()
  await t.admin.putAll(
    { 'Facade.jpg': picture, 'Meeting notes.md': '# Notes\n\nHere are the minutes of the meeting in the harbour.' },
    { tags: 'site,review', metadata: '{"project":"RM2506"}' },
  )
  const { id } = await t.admin.call(createFolder, {
    params: { vaultId: t.admin.vaultId },
    body: { name: 'Projects' },
  })
  const team = await t.admin.call(createVault, { body: { name: 'Site plans' } })
  await t.admin.call(addMember, { params: { vaultId: team.id }, body: { userId: t.bob.id, role: 'editor' } })
  const [plan] = await t.admin.putAll({ 'Plan.png': picture, 'Read me.md': '# Read me' }, { path: 'Projects' })
  await t.admin.put('Offer.txt', 'An offer', { path: 'Projects/Offers' })
  await t.idle()
  const link = async (body: Input<typeof createShare>['body']) => (await t.admin.call(createShare, { body })).shortCode
  return {
    folder: await link({ folderId: id, permission: 'edit', maxDownloads: 20, public: true }),
    file: await link({ fileId: plan?.id ?? '' }),
    locked: await link({ folderId: id, password: 'open sesame', allowedEmails: ['carol@example.org'] }),
  }
}

for (const theme of ['light', 'dark'] as const)
  for (const [size, viewport] of [
    ['desktop', { width: 1440, height: 900 }],
    ['phone', { width: 390, height: 844 }],
  ] as const)
    test(`every page is whole and accessible: ${theme}, ${size}`, async () => {
      await using t = await startTest({ page: true })
      const links = await fill(t)
      await using browser = await openBrowser()
      const tab = await browser.open({ colorScheme: theme, viewport, reducedMotion: 'reduce' })
      const { page, complaints, picture, accessibility } = tab
      await page.goto(`${t.url}/sign-in`)
      await page.getByRole('button', { name: 'Sign in' }).waitFor()
      assert.deepEqual(await accessibility(), [], 'sign-in')
      await picture(`sign-in-${theme}-${size}`)
      await signIn(page, t.url, t.admin)
      const violations: string[] = []
      for (const [name, path, seen] of pages) {
        await page.goto(t.url + path)
        await seen(tab)
        await page.waitForTimeout(150)
        await picture(`${name}-${theme}-${size}`)
        violations.push(...(await accessibility()).map((one) => `${name}: ${one}`))
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        assert.ok(overflow <= 0, `${name} is ${overflow} pixels wider than the window`)
      }
      const guest = await browser.open({ colorScheme: theme, viewport, reducedMotion: 'reduce' })
      for (const [name, path, seen] of [
        ['guest-folder', links.folder, 'Plan.png'],
        ['guest-file', links.file, 'Plan.png'],
        ['guest-locked', links.locked, 'Type the password that you were given.'],
        ['public', '../public', 'Projects'],
      ] as const) {
        await guest.page.goto(`${t.url}/s/${path}`)
        await guest.page.getByText(seen).waitFor()
        await guest.page.waitForTimeout(250)
        await guest.picture(`${name}-${theme}-${size}`)
        violations.push(...(await guest.accessibility()).map((one) => `${name}: ${one}`))
        const overflow = await guest.page.evaluate(() => document.documentElement.scrollWidth - innerWidth)
        assert.ok(overflow <= 0, `${name} is ${overflow} pixels wider than the window`)
      }
      assert.deepEqual(violations, [])
      assert.deepEqual([...complaints, ...guest.complaints], [])
    })

test('an administrator adds a user and sets a quota in place; the user chooses a password by the link', async () => {
  await using t = await startTest({ page: true })
  await using browser = await openBrowser()
  const { page, complaints } = await browser.open()
  await signIn(page, t.url, t.admin)
  await page.goto(`${t.url}/admin/users`)
  await page.getByRole('button', { name: 'Add a user' }).click()
  await page.getByLabel('Name', { exact: true }).fill('Carol')
  await page.getByLabel('E-mail').fill('carol@example.org')
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  const link = (await page.locator('code').textContent()) ?? ''
  await page.getByRole('button', { name: 'I have kept it' }).click()
  await page.getByLabel('Quota of Carol').fill('3 GB')
  await page.getByLabel('Quota of Carol').press('Enter')
  await page.reload()
  await page.getByLabel('Quota of Carol').waitFor()
  assert.equal(await page.getByLabel('Quota of Carol').inputValue(), '3 GB')
  const other = await browser.open()
  await other.page.goto(link)
  await other.page.getByText('Welcome, Carol').waitFor()
  await other.page.getByLabel('Password').fill('password123')
  await other.page.getByRole('button', { name: 'Go to my files' }).click()
  await other.page.getByText('one that many people use').waitFor()
  await other.page.getByLabel('Password').fill('three small green boats')
  await other.page.getByRole('button', { name: 'Go to my files' }).click()
  await other.page.getByText('of 3 GB').waitFor()
  await other.page.goto(`${t.url}/admin`)
  await other.page.getByText('For administrators').waitFor()
  assert.deepEqual([...complaints, ...other.complaints], [])
})

test('a page, a drawing and a name with script in them never run in our origin', async () => {
  await using t = await startTest({ page: true })
  const script = '<script>document.title="owned";localStorage.owned=1</script>'
  const drawing = `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40" onload="document.title='owned'"><rect width="40" height="40"/>${script}</svg>`
  const files = await t.alice.putAll({
    'page.html': `<!doctype html>${script}`,
    'drawing.svg': drawing,
    'looks like.png': drawing,
    '<img src=x onerror=document.title=`owned`>.txt': script,
  })
  await using browser = await openBrowser()
  const { page } = await browser.open({ acceptDownloads: true })
  await signIn(page, t.url, t.alice)
  await page.getByRole('row', { name: /onerror/ }).waitFor()
  for (const file of files) {
    await page.goto(`${t.url}/files?open=${file.id}`)
    await page.getByRole('dialog').waitFor()
    await page.waitForTimeout(200)
    assert.equal(await page.title(), 'File Vault', file.name)
    for (const query of ['', '?inline=true']) {
      // The browser saves it, or shows it as text in a sandbox; both are fine, running it is not.
      await page.goto(`${t.url}/api/files/${file.id}/download${query}`).catch(() => undefined)
      assert.notEqual(await page.title(), 'owned', file.name)
    }
  }
  await page.goto(`${t.url}/files`)
  assert.equal(await page.evaluate(() => localStorage.getItem('owned')), null)
})
