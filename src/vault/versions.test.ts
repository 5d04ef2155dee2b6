/** Versions: what is kept when content is replaced, and how it comes back. */
import assert from 'node:assert/strict'
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { copyFile, getFile, removeFile } from '../api/files.ts'
import { changeSettings } from '../api/settings.ts'
import { getUsage } from '../api/storage.ts'
import { changeVault } from '../api/vaults.ts'
import { downloadVersion, listVersions, restoreVersion } from '../api/versions.ts'
import type { Person } from '../testing/person.ts'
import { refused } from '../testing/refused.ts'
import { startTest } from '../testing/start.ts'

const replacing = { onConflict: 'replace' }

async function text(person: Person, id: string, n: number, headers: Record<string, string> = {}): Promise<string> {
  return (await person.call(downloadVersion, { params: { id, n: String(n) } }, { headers })).text()
}

async function numbers(person: Person, id: string): Promise<number[]> {
  return (await person.call(listVersions, { params: { id } })).versions.map(({ number }) => number)
}

test("nobody sees or restores versions of somebody else's file, and a reading token restores nothing", async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('a.txt', 'one')
  await t.alice.put('a.txt', 'two', replacing)
  const params = { id, n: '1' }
  await assert.rejects(t.bob.call(listVersions, { params }), refused(404))
  await assert.rejects(t.bob.call(downloadVersion, { params }), refused(404))
  await assert.rejects(t.bob.call(restoreVersion, { params }), refused(404))
  await assert.rejects((await t.alice.limited(['read'])).call(restoreVersion, { params }), refused(403))
})

test('what is replaced stays as a version, is listed, downloaded in part, and restored as the newest', async () => {
  await using t = await startTest()
  const first = await t.alice.put('a.txt', 'one', { tags: 'kept' })
  const second = await t.alice.put('A.txt', 'the second', replacing)
  assert.deepEqual([second.id, second.version, second.size, second.tags], [first.id, 2, 10, ['kept']])
  const { versions } = await t.alice.call(listVersions, { params: { id: first.id } })
  assert.deepEqual(
    versions.map(({ number, size, sha256, createdBy }) => [number, size, sha256, createdBy]),
    [
      [2, 10, second.sha256, t.alice.id],
      [1, 3, first.sha256, t.alice.id],
    ],
  )
  assert.equal(await text(t.alice, first.id, 1), 'one')
  assert.equal(await text(t.alice, first.id, 2, { range: 'bytes=4-9' }), 'second')
  const restored = await t.alice.call(restoreVersion, { params: { id: first.id, n: '1' } })
  assert.deepEqual([restored.version, restored.sha256], [3, first.sha256])
  assert.equal(await (await t.alice.get(first.id)).text(), 'one')
  assert.deepEqual(await numbers(t.alice, first.id), [3, 2, 1])
})

test('a version that is not there, or is the newest, is not restored; nor is one of a file in the trash', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('a.txt', 'one')
  for (const n of ['2', '0', 'x', '-1', '9999999999'])
    await assert.rejects(t.alice.call(restoreVersion, { params: { id, n } }), refused(404))
  await assert.rejects(t.alice.call(restoreVersion, { params: { id, n: '1' } }), refused(409))
  await t.alice.put('a.txt', 'two', replacing)
  await t.alice.call(removeFile, { params: { id }, query: {} })
  await assert.rejects(t.alice.call(restoreVersion, { params: { id, n: '1' } }), refused(409))
  assert.equal(await text(t.alice, id, 1), 'one')
})

test('as many versions are kept as the vault says, for as long as it says, and the newest for ever', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('a.txt', '1')
  await t.alice.call(changeVault, { params: { vaultId: t.alice.vaultId }, body: { keepVersions: 3 } })
  for (let n = 2; n <= 6; n++) await t.alice.put('a.txt', `${n}`.repeat(n), replacing)
  assert.deepEqual(await numbers(t.alice, id), [6, 5, 4])
  await t.idle()
  assert.equal((await t.alice.call(getUsage, {})).totalBytes, 4 + 5 + 6)
  await t.admin.call(changeSettings, { body: { keepVersionDays: 10 } })
  t.clock.advance(11 * 86_400_000)
  await t.idle()
  assert.deepEqual(await numbers(t.alice, id), [6])
  assert.equal((await t.alice.call(getUsage, {})).totalBytes, 6)
  assert.equal(await (await t.alice.get(id)).text(), '666666')
})

test('twenty replacements at once are twenty versions, and none is lost', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('a.txt', 'first')
  await Promise.all(Array.from({ length: 20 }, (_, i) => t.alice.put('a.txt', `content ${i}`, replacing)))
  assert.equal((await t.alice.call(getFile, { params: { id } })).version, 21)
  const contents = await Promise.all(Array.from({ length: 21 }, (_, i) => text(t.alice, id, i + 1)))
  assert.equal(new Set(contents).size, 21)
})

test('a copy keeps its content when the file it came from goes on', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('a.txt', 'one')
  const copy = await t.alice.call(copyFile, { params: { id }, body: { name: 'b.txt' } })
  await t.alice.put('a.txt', 'two', replacing)
  await t.alice.call(changeVault, { params: { vaultId: t.alice.vaultId }, body: { keepVersions: 1 } })
  await t.alice.put('a.txt', 'three', replacing)
  await t.idle()
  assert.equal(await (await t.alice.get(copy.id)).text(), 'one')
})

/** Ten edits of a text, as somebody works on it. */
function edits(): string[] {
  const line = (i: number) => `${(i * 7919) % 10_007} a line of some text with the number ${(i * 104_729) % 999_983}`
  const lines = Array.from({ length: 8000 }, (_, i) => line(i))
  return Array.from({ length: 10 }, (_, edit) => {
    for (let n = 0; n < 20; n++) lines.splice((edit * 997 + n * 331) % lines.length, n % 2, line(9000 + edit * 100 + n))
    return lines.join('\n')
  })
}

test('old versions take their difference, and every one of them is what it was, in whole and in part', async () => {
  await using t = await startTest()
  const texts = edits()
  let id = ''
  for (const one of texts) {
    id = (await t.alice.put('a.txt', one, replacing)).id
    await t.idle()
  }
  const { versions } = await t.alice.call(listVersions, { params: { id } })
  const [newest, ...old] = versions
  assert.equal(newest?.storedBytes, texts[9]?.length)
  for (const { storedBytes } of old) assert.ok(storedBytes < 20_000, `${storedBytes}`)
  const stored = versions.reduce((sum, { storedBytes }) => sum + storedBytes, 0)
  assert.equal((await t.alice.call(getUsage, {})).totalBytes, stored)
  const objects = join(t.directory, 'vaults', t.alice.vaultId, 'objects')
  const names = (await readdir(objects, { recursive: true })).filter((name) => name.includes('/'))
  assert.equal(names.filter((name) => name.endsWith('.delta')).length, 9)
  assert.equal(names.filter((name) => /[0-9a-f]{32}$/.test(name)).length, 1)
  for (const [i, content] of texts.entries()) {
    assert.equal(await text(t.alice, id, i + 1), content)
    const part = await text(t.alice, id, i + 1, { range: 'bytes=100000-100099' })
    assert.equal(part, content.slice(100_000, 100_100))
  }
  const restored = await t.alice.call(restoreVersion, { params: { id, n: '1' } })
  await t.idle()
  assert.equal(restored.sha256, versions.at(-1)?.sha256)
  assert.equal(await text(t.alice, id, 10), texts[9])
})

test('what a copy shows stays whole, and what others are a difference to goes only with them', async () => {
  await using t = await startTest()
  const [one = '', two = '', three = ''] = edits()
  const { id } = await t.alice.put('a.txt', one)
  const copy = await t.alice.call(copyFile, { params: { id }, body: { name: 'b.txt' } })
  await t.alice.put('a.txt', two, replacing)
  await t.idle()
  await t.alice.put('b.txt', three, replacing)
  await t.idle()
  // The object of the first version was both files' own; now it is a difference to the copy's newest.
  await t.alice.call(removeFile, { params: { id: copy.id }, query: {} })
  await t.alice.call(removeFile, { params: { id: copy.id }, query: { permanently: true } })
  await t.idle()
  assert.equal(await text(t.alice, id, 1), one)
  await t.alice.call(removeFile, { params: { id }, query: {} })
  await t.alice.call(removeFile, { params: { id }, query: { permanently: true } })
  await t.idle()
  const left = async () =>
    (await readdir(join(t.directory, 'vaults', t.alice.vaultId, 'objects'), { recursive: true })).filter((name) =>
      name.includes('/'),
    )
  for (let tries = 0; tries < 50 && (await left()).length > 0; tries++)
    await new Promise((resolve) => setTimeout(resolve, 20))
  assert.deepEqual(await left(), [])
  assert.equal((await t.alice.call(getUsage, {})).totalBytes, 0)
})
