import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startTest } from '../../src/testing/start.ts'
import { openBrowser, signIn } from './browser.ts'

test('a file is replaced by what changed in it, its versions are seen, and the first one comes back and goes again', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'filevault-journey-'))
  await using _ = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
  const path = join(folder, 'survey.csv')
  const first = Array.from({ length: 400_000 }, (_, i) => `${i},${(i * 7919) % 104_729}`).join('\n')
  await using t = await startTest({ page: true })
  await using browser = await openBrowser()
  const { page, complaints, picture, accessibility } = await browser.open({ acceptDownloads: true })
  await signIn(page, t.url, t.alice)

  await writeFile(path, first)
  await page.getByLabel('Files to upload').setInputFiles(path)
  await page.getByText('1 file uploaded').waitFor()
  await writeFile(path, `${first}\none,more\n`)
  await page.getByLabel('Files to upload').setInputFiles(path)
  await page.getByRole('button', { name: 'Replace' }).click()
  await page.getByText('2 files uploaded').waitFor()
  const tray = page.getByRole('region', { name: 'Transfers' })
  await tray.getByText(/^sent .* B of 5\.06 MB$/).waitFor()
  await picture('replaced')
  await page.getByRole('button', { name: 'Close', exact: true }).first().click()
  await t.idle()

  await page.getByRole('row', { name: /survey\.csv/ }).click()
  const versions = page.getByRole('region', { name: 'Versions' })
  await versions.getByText('Version 1').waitFor()
  await versions.getByText(/takes/).waitFor()
  await picture('versions')
  assert.deepEqual(await accessibility(), [])
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    versions.getByRole('button', { name: 'Download version 1' }).click(),
  ])
  assert.equal(await readFile(await download.path(), 'utf8'), first)

  await versions.getByRole('button', { name: 'Restore version 1' }).click()
  await page.getByText('Version 1 is the newest again.').waitFor()
  await versions.getByText('Version 2').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Version 2 is the newest again.').waitFor()
  await versions.getByText('Version 3').waitFor()
  assert.deepEqual(complaints, [])
})

test('a large upload goes in chunks, is paused and goes on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'filevault-journey-'))
  await using _ = { [Symbol.asyncDispose]: () => rm(folder, { recursive: true }) }
  const path = join(folder, 'film.bin')
  await writeFile(path, randomBytes(150_000_000))
  await using t = await startTest({ page: true })
  await using browser = await openBrowser()
  const { page, complaints, picture } = await browser.open()
  await signIn(page, t.url, t.alice)
  await page.getByLabel('Files to upload').setInputFiles(path)
  await page.getByRole('button', { name: 'Pause film.bin' }).click()
  await page.getByText(/^paused at \d+ %$/).waitFor()
  await picture('paused')
  await page.getByRole('button', { name: 'Go on with film.bin' }).click()
  await page.getByText('1 file uploaded').waitFor({ timeout: 60_000 })
  await page.getByRole('row', { name: /film\.bin/ }).waitFor()
  assert.deepEqual(complaints, [])
})
