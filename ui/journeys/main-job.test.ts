import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { startTest } from '../../src/testing/start.ts'
import { openBrowser, signIn } from './browser.ts'

const run = promisify(execFile)

async function folderOfRealFiles(): Promise<AsyncDisposable & { path: string }> {
  const root = await mkdtemp(join(tmpdir(), 'filevault-journey-'))
  const path = join(root, 'Harbour')
  await mkdir(join(path, 'Photos', 'North'), { recursive: true })
  for (const [i, color] of ['firebrick', 'seagreen', 'royalblue'].entries())
    await sharp({ create: { width: 1200, height: 800, channels: 3, background: color } })
      .jpeg()
      .toFile(join(path, 'Photos', 'North', `Facade_${i + 1}.jpg`))
  await run('ffmpeg', [
    '-v',
    'error',
    '-f',
    'lavfi',
    '-i',
    'testsrc=duration=2:size=320x240:rate=10',
    '-pix_fmt',
    'yuv420p',
    join(path, 'Photos', 'Drone.mp4'),
  ])
  await writeFile(join(path, 'Meeting notes.md'), '# Notes\n\nThe pier is done.\n')
  await writeFile(join(path, 'Quantities.csv'), 'beam,12\ncolumn,4\n')
  return { path, [Symbol.asyncDispose]: () => rm(root, { recursive: true }) }
}

test('a newcomer sets up, drops a folder in, finds a file by typing, looks at it, downloads it, deletes it and gets it back', async () => {
  await using folder = await folderOfRealFiles()
  await using t = await startTest({ empty: true, page: true })
  await using browser = await openBrowser()
  const { page, complaints, picture } = await browser.open({ acceptDownloads: true })

  await page.goto(`${t.url}/setup#${t.core.setUpCode}`)
  await page.getByLabel('Your name').fill('Ann Harbour')
  await page.getByLabel('E-mail').fill('ann@example.org')
  await page.getByLabel('Password').fill('correct horse battery')
  await picture('set-up')
  await page.getByRole('button', { name: 'Make my vault' }).click()
  await page.getByText('Drop your first files here').waitFor()
  await picture('empty-vault')

  await page.getByLabel('Folder to upload').setInputFiles(folder.path)
  await page.getByText('6 files uploaded').waitFor()
  await picture('uploaded')
  await page.getByRole('row', { name: /Harbour/ }).dblclick()
  await page.getByRole('row', { name: /Photos/ }).dblclick()
  await page.getByRole('row', { name: /Drone\.mp4/ }).waitFor()
  await t.idle()
  await page.waitForFunction(() => (document.querySelector('[role=row] img') as HTMLImageElement | null)?.naturalWidth)
  await page.getByRole('row', { name: /North/ }).dblclick()
  await page.waitForFunction(
    () =>
      [...document.querySelectorAll<HTMLImageElement>('[role=row] img')].filter((one) => one.naturalWidth > 0)
        .length === 3,
  )
  await page.getByRole('button', { name: 'Grid' }).click()
  await page.getByRole('option', { name: /Facade_2/ }).waitFor()
  await picture('grid')

  await page.keyboard.press('/')
  await page.keyboard.type('facade 2')
  await page.getByText(/^1 file in/).waitFor()
  await page.getByRole('option', { name: /Facade_2\.jpg/ }).dblclick()
  const large = page.getByRole('img', { name: 'Facade_2.jpg' })
  await large.waitFor()
  await page.waitForFunction(
    () => (document.querySelector('[role=dialog] img') as HTMLImageElement | null)?.naturalWidth === 1200,
  )
  await picture('preview')
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('link', { name: 'Download' }).click(),
  ])
  assert.equal(download.suggestedFilename(), 'Facade_2.jpg')
  const hash = async (path: string) =>
    createHash('sha256')
      .update(await readFile(path))
      .digest('hex')
  assert.equal(await hash(await download.path()), await hash(join(folder.path, 'Photos/North/Facade_2.jpg')))
  await page.keyboard.press('Escape')

  await page.getByRole('option', { name: /Facade_2\.jpg/ }).click()
  await page.locator('#list').press('Delete')
  await page.getByText('"Facade_2.jpg" is in the trash.').waitFor()
  await page.getByText('Nothing found').waitFor()
  await page.getByRole('button', { name: 'Trash' }).first().click()
  await page.getByRole('option', { name: /Facade_2\.jpg/ }).click({ button: 'right' })
  await picture('trash')
  await page.getByRole('menuitem', { name: 'Restore' }).click()
  await page.getByText('The trash is empty').waitFor()
  await page.goto(`${t.url}/files?q=facade`)
  await page.getByText(/^3 files in/).waitFor()
  assert.deepEqual(complaints, [])
})

test('files dropped from the desktop arrive; a name that is taken is asked about', async () => {
  await using t = await startTest({ page: true })
  await using browser = await openBrowser()
  const { page, complaints } = await browser.open()
  await signIn(page, t.url, t.alice)
  await page.getByText('Drop your first files here').waitFor()
  const drop = (content: string) =>
    page.evaluate((text) => {
      const data = new DataTransfer()
      data.items.add(new File([text], 'plan "A".txt', { type: 'text/plain' }))
      dispatchEvent(new DragEvent('dragenter', { dataTransfer: data, bubbles: true }))
      dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true, cancelable: true }))
    }, content)
  await drop('one')
  await page.getByRole('row', { name: /plan "A"\.txt/ }).waitFor()
  await drop('two')
  await page.getByRole('button', { name: 'Keep both' }).click()
  await page.getByRole('row', { name: /plan "A" \(2\)\.txt/ }).waitFor()
  assert.deepEqual(complaints, [])
})

test('a folder, and several entries, are downloaded as one archive; a file as itself', async () => {
  await using t = await startTest({ page: true })
  await t.alice.put('in it.txt', 'x', { path: 'Pläne' })
  await t.alice.putAll({ 'a.txt': 'a', 'b.txt': 'b' })
  await using browser = await openBrowser()
  const { page, complaints } = await browser.open({ acceptDownloads: true })
  await signIn(page, t.url, t.alice)
  const saved = async (click: Promise<void>) => {
    const [download] = await Promise.all([page.waitForEvent('download'), click])
    return { name: download.suggestedFilename(), content: await readFile(await download.path(), 'latin1') }
  }
  const fromMenu = async (row: RegExp) => {
    await page.getByRole('row', { name: row }).click({ button: 'right' })
    return saved(page.getByRole('menuitem', { name: 'Download' }).click())
  }
  assert.deepEqual(await fromMenu(/a\.txt/), { name: 'a.txt', content: 'a' })
  const folder = await fromMenu(/Pläne/)
  assert.equal(folder.name, 'Pläne.zip')
  assert.match(folder.content, /^PK/)
  await page.keyboard.press('Escape')
  await page.locator('#list').focus()
  await page.keyboard.press('Control+a')
  const bar = page.getByRole('toolbar', { name: 'Selection' })
  const all = await saved(bar.getByRole('button', { name: 'Download' }).click())
  assert.equal(all.name, 'alice.zip')
  for (const name of ['a.txt', 'b.txt', 'in it.txt']) assert.ok(all.content.includes(name))
  assert.deepEqual(complaints, [])
})

test('everything is done with the keyboard alone', async () => {
  await using t = await startTest({ page: true })
  await t.alice.putAll({ 'a.txt': 'a', 'b.txt': 'b', 'c.txt': 'c' })
  await using browser = await openBrowser()
  const { page, complaints } = await browser.open()
  await signIn(page, t.url, t.alice)
  await page.getByRole('row', { name: /c\.txt/ }).waitFor()
  const { keyboard } = page
  await page.locator('#list').focus()
  await keyboard.press('ArrowDown')
  await keyboard.press('F2')
  await page.getByLabel('New name').fill('first.txt')
  await keyboard.press('Enter')
  await page.getByRole('row', { name: /first\.txt/ }).waitFor()
  await page.locator('#list').focus()
  await keyboard.press('Home')
  await keyboard.press('f')
  await page.getByLabel('Favourite', { exact: true }).first().waitFor()
  await keyboard.press('Enter')
  await page.getByRole('dialog', { name: 'b.txt' }).waitFor()
  await keyboard.press('ArrowRight')
  await page.getByRole('dialog', { name: 'c.txt' }).waitFor()
  await keyboard.press('Escape')
  await page.locator('#list').focus()
  await keyboard.press('Control+a')
  await page.getByRole('toolbar', { name: 'Selection' }).getByText('3 items').waitFor()
  await keyboard.press('Delete')
  await page.getByText('3 items are in the trash.').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('row', { name: /first\.txt/ }).waitFor()
  await keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys' }).waitFor()
  assert.deepEqual(complaints, [])
})

test('a page of a vault with thousands of files holds only the rows in sight', async () => {
  await using t = await startTest({ page: true })
  for (let i = 0; i < 120; i++)
    await t.alice.putAll(Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`file ${i * 10 + n}.txt`, 'x'])))
  await using browser = await openBrowser()
  const { page } = await browser.open()
  await signIn(page, t.url, t.alice)
  await page.getByRole('row', { name: /file 0\.txt/ }).waitFor()
  assert.ok((await page.getByRole('row').count()) < 80)
  await page.locator('#list').focus()
  for (let i = 0; i < 3; i++) {
    await page.keyboard.press('End')
    await page.waitForTimeout(400)
  }
  await page.getByRole('row', { name: /file 1199\.txt/ }).waitFor()
  assert.ok((await page.getByRole('row').count()) < 80)
})
