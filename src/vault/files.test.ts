import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  changeFile,
  copyFile,
  getFile,
  listFiles,
  listMyFiles,
  removeFile,
  restoreFile,
  setFavorite,
  setTags,
} from '../api/files.ts'
import { createFolder } from '../api/folders.ts'
import { refused } from '../testing/refused.ts'
import { startTest } from '../testing/start.ts'

test("somebody else's file is not there, whatever one tries", async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('secret.txt', 'for me')
  const params = { id }
  for (const attempt of [
    () => t.bob.call(getFile, { params }),
    () => t.bob.call(changeFile, { params, body: { name: 'mine.txt' } }),
    () => t.bob.call(copyFile, { params, body: {} }),
    () => t.bob.call(setTags, { params, body: { tags: ['x'] } }),
    () => t.bob.call(setFavorite, { params, body: { favorite: true } }),
    () => t.bob.call(removeFile, { params }),
    () => t.bob.call(restoreFile, { params }),
    () => t.bob.call(listFiles, { params: { vaultId: t.alice.vaultId } }),
    () => t.admin.call(getFile, { params }),
  ])
    await assert.rejects(attempt, refused(404, 'not-found'))
  assert.equal((await t.bob.get(id)).status, 404)
  await assert.rejects(t.visitor.call(getFile, { params }), refused(401))
  assert.equal((await t.alice.call(getFile, { params })).name, 'secret.txt')
})

test('a token can do what its scopes say and no more', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('a.txt', 'a')
  const reader = await t.alice.limited(['read'])
  assert.equal((await reader.call(getFile, { params: { id } })).name, 'a.txt')
  await assert.rejects(reader.call(changeFile, { params: { id }, body: { name: 'b.txt' } }), refused(403))
  const elsewhere = await t.alice.limited(['read', 'write'], t.bob.vaultId)
  await assert.rejects(elsewhere.call(getFile, { params: { id } }), refused(404))
})

test('a file is renamed, moved, tagged, marked and described', async () => {
  await using t = await startTest()
  const folder = await t.alice.call(createFolder, { params: { vaultId: t.alice.vaultId }, body: { name: 'Plans' } })
  const { id, ...before } = await t.alice.put('draft.txt', 'hello', {
    tags: 'one,two,one',
    metadata: '{"project":"RM2506","year":2026}',
  })
  assert.deepEqual(before.tags, ['one', 'two'])
  assert.deepEqual(before.metadata, { project: 'RM2506', year: 2026 })
  const params = { id }
  const moved = await t.alice.call(changeFile, {
    params,
    body: { name: 'Plan.MD', folderId: folder.id, metadata: { project: null, status: 'approved' }, package: 'A1' },
  })
  assert.equal(moved.path, '/Plans/Plan.MD')
  assert.equal(moved.extension, 'md')
  assert.deepEqual(moved.metadata, { year: 2026, status: 'approved' })
  assert.equal(moved.package, 'A1')
  assert.deepEqual((await t.alice.call(setTags, { params, body: { tags: ['final'] } })).tags, ['final'])
  assert.equal((await t.alice.call(setFavorite, { params })).favorite, true)
  assert.equal((await t.alice.call(setFavorite, { params })).favorite, false)
  assert.equal((await t.alice.call(changeFile, { params, body: { folderId: null } })).path, '/Plan.MD')
})

test('two files of one name are refused: composed or not, upper or lower case', async () => {
  await using t = await startTest()
  await t.alice.put('Café.txt', '1')
  const { id } = await t.alice.put('other.txt', '2')
  for (const twin of ['Café.txt', 'Cafe\u0301.txt', 'CAFÉ.TXT', 'café.txt '])
    await assert.rejects(
      t.alice.call(changeFile, { params: { id }, body: { name: twin } }),
      refused(409, 'conflict'),
      twin,
    )
  const again = await t.alice.call(changeFile, { params: { id }, body: { name: 'OTHER.txt' } })
  assert.equal(again.name, 'OTHER.txt')
})

test('a copy has a free name and a life of its own', async () => {
  await using t = await startTest()
  const original = await t.alice.put('a.txt', 'the same bytes')
  const copy = await t.alice.call(copyFile, { params: { id: original.id }, body: {} })
  assert.equal(copy.name, 'a (2).txt')
  await t.alice.call(removeFile, { params: { id: original.id } })
  await t.alice.call(removeFile, { params: { id: original.id }, query: { permanently: true } })
  assert.equal(await (await t.alice.get(copy.id)).text(), 'the same bytes')
})

test('a list is paged in any order without a gap or a repeat, while things change', async () => {
  await using t = await startTest()
  const names = Array.from({ length: 57 }, (_, i) => `file ${i}.${i % 3 ? 'txt' : 'md'}`)
  for (let i = 0; i < names.length; i += 10)
    await t.alice.putAll(Object.fromEntries(names.slice(i, i + 10).map((name) => [name, 'x'.repeat(name.length)])))
  for (const sort of ['name', 'size', 'updatedAt', 'createdAt', 'extension'] as const)
    for (const order of ['asc', 'desc'] as const) {
      const seen: string[] = []
      let cursor: string | undefined
      do {
        const page = await t.alice.call(listMyFiles, { query: { sort, order, limit: 10, cursor } })
        seen.push(...page.files.map(({ name }) => name))
        cursor = page.nextCursor ?? undefined
        assert.equal(page.hasMore, cursor !== undefined)
      } while (cursor)
      assert.deepEqual([...seen].sort(), [...names].sort(), `${sort} ${order}`)
      if (sort === 'name' && order === 'asc')
        assert.deepEqual(
          seen.slice(0, 12).map((name) => name.replace(/\D/g, '')),
          '0 1 2 3 4 5 6 7 8 9 10 11'.split(' '),
        )
    }
})

test('a list is filtered by folder, type, tag and favourite', async () => {
  await using t = await startTest()
  const [text] = await t.alice.putAll({ 'a.txt': 'text', 'b.csv': 'a,b\n1,2' }, { path: 'Deep/Down', tags: 'red' })
  await t.alice.put('top.txt', 'text')
  await t.alice.call(setFavorite, { params: { id: text?.id ?? '' } })
  const names = async (query: Parameters<typeof t.alice.call<typeof listMyFiles>>[1]['query']) =>
    (await t.alice.call(listMyFiles, { query })).files.map(({ name }) => name)
  assert.deepEqual(await names({ folder: 'root' }), ['top.txt'])
  assert.deepEqual(await names({ folder: text?.folderId ?? '' }), ['a.txt', 'b.csv'])
  assert.deepEqual(await names({ tag: 'red' }), ['a.txt', 'b.csv'])
  assert.deepEqual(await names({ type: 'sheet' }), ['b.csv'])
  assert.deepEqual(await names({ type: 'text/plain' }), ['a.txt', 'top.txt'])
  assert.deepEqual(await names({ favorite: true }), ['a.txt'])
})

test('a cursor of another list, or none at all, is refused with words', async () => {
  await using t = await startTest()
  await t.alice.putAll({ a: '1', b: '2', c: '3' })
  const { nextCursor } = await t.alice.call(listMyFiles, { query: { limit: 1 } })
  for (const query of [
    { cursor: 'nonsense' },
    { cursor: nextCursor ?? '', sort: 'size' as const },
    { cursor: nextCursor ?? '', order: 'desc' as const },
    { cursor: btoa('[1,2]') },
  ])
    await assert.rejects(t.alice.call(listMyFiles, { query }), refused(422, 'bad-input'))
  await assert.rejects(t.alice.call(listMyFiles, { query: { sort: 'colour' as 'name' } }), refused(422))
  await assert.rejects(t.alice.call(listMyFiles, { query: { limit: 1e9 } }), refused(422))
})
