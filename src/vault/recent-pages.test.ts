/** Pages that are kept: never an old one, never somebody else's, never too many; and what they save. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { changeFile, type FileListQuery, listFiles, setFavorite } from '../api/files.ts'
import { createFolder } from '../api/folders.ts'
import { addMember, createVault, removeMember } from '../api/vaults.ts'
import { q } from '../index/query.ts'
import { openWorld } from '../search/testing.ts'
import { chance } from '../testing/chance.ts'
import type { Person } from '../testing/person.ts'
import { refused } from '../testing/refused.ts'
import { startTest } from '../testing/start.ts'
import type { Actor } from './access.ts'
import { listFiles as listNow } from './listing.ts'
import { type KeptPage, openRecentPages } from './recent-pages.ts'

const list = (person: Person, vaultId: string, query: FileListQuery = {}) =>
  person.call(listFiles, { params: { vaultId }, query })

test("nobody gets somebody else's favourites, nor a page of a vault that they were removed from", async () => {
  await using t = await startTest()
  const { id: team } = await t.alice.call(createVault, { body: { name: 'Team' } })
  const body = { email: 'bob@example.org', role: 'viewer' } as const
  await t.alice.call(addMember, { params: { vaultId: team }, body })
  const [hers, his] = [
    await t.alice.put('hers.txt', 'x', { vaultId: team }),
    await t.alice.put('his.txt', 'x', { vaultId: team }),
  ]
  const favorites = async (person: Person, query?: FileListQuery) =>
    (await list(person, team, query)).files.filter(({ favorite }) => favorite).map(({ id }) => id)
  for (const person of [t.alice, t.bob]) assert.deepEqual(await favorites(person), [])
  await t.alice.call(setFavorite, { params: { id: hers.id }, body: { favorite: true } })
  await t.bob.call(setFavorite, { params: { id: his.id }, body: { favorite: true } })
  for (let again = 0; again < 2; again++) {
    assert.deepEqual(await favorites(t.alice), [hers.id])
    assert.deepEqual(await favorites(t.bob), [his.id])
    assert.deepEqual(await favorites(t.alice, { favorite: true }), [hers.id])
    assert.deepEqual(
      (await list(t.bob, team, { favorite: false })).files.map(({ id }) => id),
      [hers.id],
    )
  }
  await t.alice.call(setFavorite, { params: { id: hers.id }, body: { favorite: false } })
  assert.deepEqual(await favorites(t.alice), [])
  await assert.rejects(list(t.admin, team), refused(404))
  await t.alice.call(removeMember, { params: { vaultId: team, userId: t.bob.id } })
  await assert.rejects(list(t.bob, team), refused(404))
  assert.ok(t.core.recentPages.counts.hits > 5)
})

test('after any change a list is what it would be without what was kept', async () => {
  await using t = await startTest()
  const { step } = openWorld(t, 3)
  const random = chance(3)
  const user = t.core.index.read.get(q.selectFrom('user').select(['no']).where('id', '=', t.alice.id))
  const { id, email, vaultId } = t.alice
  const by = { kind: 'session', id: 'test' } as const
  const actor: Actor = { no: user?.no ?? 0, id, email, name: 'alice', admin: false, vaultId, address: '', by }
  const without = { ...t.core, recentPages: openRecentPages(0) }
  const queries: FileListQuery[] = [
    {},
    { limit: 5 },
    { sort: 'size', order: 'desc', limit: 7 },
    { folder: 'root' },
    { tag: 'red' },
    { type: 'text', limit: 3 },
    { trash: true },
    { favorite: false },
  ]
  for (let i = 0; i < 150; i++) {
    if (random() < 0.5) await step()
    const query = queries[Math.floor(random() * queries.length)] as FileListQuery
    for (let cursor: string | null | undefined; cursor !== null; ) {
      const asked = { ...query, ...(cursor ? { cursor } : {}) }
      const page = await list(t.alice, vaultId, asked)
      assert.deepEqual(page, await listNow(without, actor, vaultId, asked), JSON.stringify(query))
      cursor = random() < 0.7 ? page.nextCursor : null
    }
  }
  const { hits, misses } = t.core.recentPages.counts
  assert.ok(hits > 20 && misses > 20)
  assert.deepEqual(without.recentPages.counts, {
    hits: 0,
    misses: without.recentPages.counts.misses,
    prefetched: 0,
    pages: 0,
    bytes: 0,
  })
})

// A morning with a vault: o opens a folder, n scrolls to the next page, u goes back up, s sorts the folder by size and back,
// c is a colleague who renames a file.
const session =
  'o1 n n u o1 n o2 n n n u o2 s u o3 u o1 u o2 n n c u o1 n n u o2 u o1 n s n u o3 n u o1 u o3 u o2 n n u o1 n n n u o2 n u o3 n u'

test('a browsing session of an hour finds more than four of five pages in memory', async (c) => {
  await using t = await startTest()
  const params = { vaultId: t.alice.vaultId }
  const folders: string[] = []
  for (const name of ['one', 'two', 'three']) {
    const folder = await t.alice.call(createFolder, { params, body: { name } })
    folders.push(folder.id)
    for (let i = 0; i < 45; i++) await t.alice.put(`img${i}.txt`, 'x', { folderId: folder.id })
  }
  await t.idle()
  const root = 'root'
  let at: FileListQuery = { folder: root }
  let next: string | null = null
  const show = async (query: FileListQuery) => {
    at = query
    next = (await list(t.alice, params.vaultId, { ...query, limit: 10 })).nextCursor
    await new Promise((resolve) => setTimeout(resolve, 2)) // who looks at a page gives the next one time to be read
  }
  await show(at)
  for (const act of session.split(' ')) {
    if (act === 'u') await show({ folder: root })
    else if (act === 'n' && next) await show({ ...at, cursor: next })
    else if (act.startsWith('o')) await show({ folder: folders[Number(act[1]) - 1] ?? root })
    else if (act === 's') {
      const { cursor: _, ...folder } = at
      await show({ ...folder, sort: 'size' })
      await show(folder)
    } else if (act === 'c') {
      const [file] = (await list(t.alice, params.vaultId, { folder: folders[0] ?? root, limit: 10 })).files
      await t.alice.call(changeFile, { params: { id: file?.id ?? '' }, body: { name: 'renamed.txt' } })
    }
  }
  const { hits, misses, prefetched } = t.core.recentPages.counts
  c.diagnostic(
    `${hits} hits, ${misses} misses, ${prefetched} read ahead: ${((100 * hits) / (hits + misses)).toFixed(1)} %`,
  )
  assert.ok(hits / (hits + misses) > 0.8)
})

test('no more bytes are kept than configured, and as many as it says', async (c) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const mostBytes = 20_000_000
  const page = (n: number): KeptPage => ({
    nos: Array.from({ length: 500 }, (_, i) => n * 500 + i),
    // As the reading thread and the row's reader make them: texts of their own.
    files: Array.from({ length: 500 }, (_, i) =>
      structuredClone({
        id: `file ${n} ${i} of twenty-six`,
        vaultId: '01m7yjqbsyp3gp95dhsm3m3r9k',
        folderId: '01m7yjqbsyp3gp95dhsm3m3r9k',
        name: `A name of some length ${n} ${i}.txt`,
        path: `/Projects/2026/A name of some length ${n} ${i}.txt`,
        size: i,
        mimeType: 'text/plain',
        kind: 'text' as const,
        extension: 'txt',
        sha256: `${n}`.padEnd(64, 'a'),
        version: 1,
        width: null,
        height: null,
        duration: null,
        thumbnail: 'none' as const,
        tags: ['invoice', 'to pay'],
        metadata: { status: 'open', client: `Walrus ${i}` },
        favorite: false,
        package: null,
        ownerId: '01m7yjqbsyp3gp95dhsm3m3r9k',
        createdAt: new Date(i * 1e9).toISOString(),
        updatedAt: new Date(i * 1e9).toISOString(),
        deletedAt: null,
      }),
    ),
    nextCursor: null,
  })
  const pages = openRecentPages(mostBytes)
  collect()
  const before = process.memoryUsage().heapUsed
  for (let n = 0; n < 60; n++) {
    await pages.get(`key ${n}`, async () => page(n))
    assert.ok(pages.counts.bytes <= mostBytes)
  }
  collect()
  const held = process.memoryUsage().heapUsed - before
  const { bytes, pages: count } = pages.counts
  c.diagnostic(
    `${count} pages of 500: ${(bytes / 1e6).toFixed(1)} MB by the estimate, ${(held / 1e6).toFixed(1)} MB on the heap`,
  )
  assert.ok(count > 5 && count < 60)
  assert.ok(held <= mostBytes)
  assert.ok(bytes > mostBytes * 0.9)
  assert.equal((await pages.get('key 59', () => Promise.reject(new Error('It was kept.')))).files.length, 500)
})
