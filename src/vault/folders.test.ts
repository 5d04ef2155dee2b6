/** Folders, and the counts that everything else shows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type RawBuilder, sql } from 'kysely'
import { changeFile, copyFile, emptyTrash, removeFile, restoreFile } from '../api/files.ts'
import {
  changeFolder,
  createFolder,
  type Folder,
  getFolder,
  listFolders,
  removeFolder,
  restoreFolder,
} from '../api/folders.ts'
import { getUsage } from '../api/storage.ts'
import { chance } from '../testing/chance.ts'
import type { Person } from '../testing/person.ts'
import { refused } from '../testing/refused.ts'
import { startTest, type Test } from '../testing/start.ts'

test("somebody else's folder is not there, and is no place to put something", async () => {
  await using t = await startTest()
  const hers = await make(t.alice, 'Hers')
  const mine = await make(t.bob, 'Mine')
  const file = await t.bob.put('a.txt', 'a')
  const params = { id: hers.id }
  for (const attempt of [
    () => t.bob.call(getFolder, { params }),
    () => t.bob.call(changeFolder, { params, body: { name: 'Mine now' } }),
    () => t.bob.call(removeFolder, { params }),
    () => t.bob.call(restoreFolder, { params }),
    () => t.bob.call(listFolders, { params: { vaultId: t.alice.vaultId } }),
    () => t.bob.call(listFolders, { params: { vaultId: t.bob.vaultId }, query: { parent: hers.id } }),
    () => make(t.bob, 'Inside', hers.id),
    () => t.bob.call(createFolder, { params: { vaultId: t.alice.vaultId }, body: { name: 'x' } }),
    () => t.bob.call(changeFolder, { params: { id: mine.id }, body: { parentId: hers.id } }),
    () => t.bob.call(changeFile, { params: { id: file.id }, body: { folderId: hers.id } }),
    () => t.bob.call(copyFile, { params: { id: file.id }, body: { folderId: hers.id } }),
  ])
    await assert.rejects(attempt, refused(404))
  await assert.rejects(t.visitor.call(getFolder, { params }), refused(401))
  await truthful(t, t.alice, t.bob)
})

test('of two folders made at once with one name, one is made', async () => {
  await using t = await startTest()
  for (const [a, b] of [
    ['Plans', 'Plans'],
    ['Café', 'Cafe\u0301'],
    ['UPPER', 'upper'],
  ] as const) {
    const outcomes = await Promise.allSettled([make(t.alice, a), make(t.alice, b)])
    assert.deepEqual(outcomes.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
    for (const one of outcomes) if (one.status === 'rejected') refused(409, 'conflict')(one.reason)
  }
  const deep = await Promise.all(
    Array.from({ length: 8 }, (_, i) => t.alice.put(`${i}.txt`, 'x', { path: 'Way/Down' })),
  )
  assert.equal(new Set(deep.map(({ folderId }) => folderId)).size, 1)
  await truthful(t, t.alice)
})

test('a file and a folder of one name do not lie side by side', async () => {
  await using t = await startTest()
  await t.alice.put('Report', 'x')
  await assert.rejects(make(t.alice, 'report'), refused(409))
  await make(t.alice, 'Photos')
  await assert.rejects(t.alice.put('photos', 'x'), refused(409))
  const other = await make(t.alice, 'Other')
  await assert.rejects(t.alice.call(changeFolder, { params: { id: other.id }, body: { name: 'REPORT' } }), refused(409))
})

test('a folder is renamed in case alone, moved with all below it, and never into itself', async () => {
  await using t = await startTest()
  const a = await make(t.alice, 'a')
  const b = await make(t.alice, 'b', a.id)
  const c = await make(t.alice, 'c', b.id)
  for (const parentId of [a.id, b.id, c.id])
    await assert.rejects(t.alice.call(changeFolder, { params: { id: a.id }, body: { parentId } }), refused(409))
  assert.equal((await t.alice.call(changeFolder, { params: { id: a.id }, body: { name: 'A' } })).name, 'A')
  const d = await make(t.alice, 'd')
  await t.alice.call(changeFolder, { params: { id: b.id }, body: { parentId: d.id, color: 'blue' } })
  assert.equal((await t.alice.call(getFolder, { params: { id: c.id } })).path, '/d/b/c')
  // Each into the other, at the same moment.
  const both = await Promise.allSettled([
    t.alice.call(changeFolder, { params: { id: a.id }, body: { parentId: d.id } }),
    t.alice.call(changeFolder, { params: { id: d.id }, body: { parentId: a.id } }),
  ])
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  await truthful(t, t.alice)
})

test('folders are 128 deep and no deeper, and the deepest can be reached, moved and thrown away', async () => {
  await using t = await startTest()
  const { folderId, path } = await t.alice.put('deep.txt', 'x', { path: 'x/'.repeat(128) })
  assert.equal(path, `${'/x'.repeat(128)}/deep.txt`)
  await assert.rejects(make(t.alice, 'one more', folderId), refused(422))
  await assert.rejects(t.alice.put('deeper.txt', 'x', { path: 'x/'.repeat(129) }), refused(422))
  await assert.rejects(t.alice.put('deeper.txt', 'x', { folderId: folderId ?? '', path: 'x' }), refused(422))
  const [top] = (await t.alice.call(listFolders, { params: { vaultId: t.alice.vaultId }, query: { parent: 'root' } }))
    .folders
  const above = await make(t.alice, 'above')
  await assert.rejects(
    t.alice.call(changeFolder, { params: { id: top?.id ?? '' }, body: { parentId: above.id } }),
    refused(422),
  )
  await t.alice.call(removeFolder, { params: { id: top?.id ?? '' } })
  assert.equal((await t.alice.call(getUsage, {})).trashBytes, 1)
  await t.alice.call(restoreFolder, { params: { id: top?.id ?? '' } })
  await truthful(t, t.alice)
})

test('a name that no disk could hold is refused', async () => {
  await using t = await startTest()
  for (const name of [
    '..',
    '.',
    'a/b',
    'a\\b',
    'nul\0',
    'x'.repeat(256),
    'ü'.repeat(128),
    ' ',
    '\ud800',
    'a\u202eb',
    'tab\t',
  ])
    await assert.rejects(make(t.alice, name), refused(422), JSON.stringify(name))
  assert.equal((await make(t.alice, 'ü'.repeat(127))).name.length, 127)
})

test('every count is the truth after hundreds of random changes', async () => {
  await using t = await startTest()
  const random = chance(20260131)
  const pick = <T>(list: T[]): T | undefined => list[Math.floor(random() * list.length)]
  const files: string[] = []
  const folders: string[] = []
  const place = () => (random() < 0.3 ? null : (pick(folders) ?? null))
  const steps: (() => Promise<unknown>)[] = [
    async () => folders.push((await make(t.alice, `f${Math.floor(random() * 30)}`, place())).id),
    async () => {
      const folderId = place()
      const name = `${Math.floor(random() * 40)}.txt`
      files.push((await t.alice.put(name, 'x'.repeat(Math.floor(random() * 500)), folderId ? { folderId } : {})).id)
    },
    async () =>
      files.push(
        (await t.alice.call(copyFile, { params: { id: pick(files) ?? 'x' }, body: { folderId: place() } })).id,
      ),
    () => t.alice.call(changeFile, { params: { id: pick(files) ?? 'x' }, body: { folderId: place() } }),
    () => t.alice.call(changeFolder, { params: { id: pick(folders) ?? 'x' }, body: { parentId: place() } }),
    () => t.alice.call(removeFile, { params: { id: pick(files) ?? 'x' } }),
    () => t.alice.call(removeFolder, { params: { id: pick(folders) ?? 'x' } }),
    () => t.alice.call(restoreFile, { params: { id: pick(files) ?? 'x' } }),
    () => t.alice.call(restoreFolder, { params: { id: pick(folders) ?? 'x' } }),
    () => t.alice.call(restoreFolder, { params: { id: pick(folders) ?? 'x' } }),
    () => t.alice.call(removeFile, { params: { id: pick(files) ?? 'x' }, query: { permanently: true } }),
    () => t.alice.call(removeFolder, { params: { id: pick(folders) ?? 'x' }, query: { permanently: true } }),
  ]
  let done = 0
  for (let i = 0; i < 800; i++) {
    const step =
      i < 30
        ? steps[i % 2]
        : i % 150 === 149
          ? () => t.alice.call(emptyTrash, { params: { vaultId: t.alice.vaultId } })
          : pick(steps)
    try {
      await step?.()
      done++
    } catch (error) {
      assert.match(String((error as { status?: number }).status), /^(404|409)$/, String(error))
    }
    if (i % 20 === 0) await truthful(t, t.alice)
  }
  assert.ok(done > 200, `Only ${done} changes were possible.`)
  await truthful(t, t.alice)
})

function make(person: Person, name: string, parentId: string | null = null): Promise<Folder> {
  return person.call(createFolder, { params: { vaultId: person.vaultId }, body: { name, parentId } })
}

/** Compares every kept total with one that is counted anew. */
async function truthful(t: Test, ...people: Person[]): Promise<void> {
  const all = (query: RawBuilder<unknown>) => t.core.index.read.all(query)
  assert.deepEqual(
    all(sql`SELECT f.no, f.file_count, f.folder_count FROM folder f WHERE f.deleted_at IS NULL ORDER BY no`),
    all(sql`SELECT f.no,
      (SELECT count(*) FROM file x WHERE x.folder_no = f.no AND x.deleted_at IS NULL) AS file_count,
      (SELECT count(*) FROM folder x WHERE x.parent_no = f.no AND x.deleted_at IS NULL) AS folder_count
      FROM folder f WHERE f.deleted_at IS NULL ORDER BY no`),
  )
  assert.deepEqual(
    all(sql`SELECT no, used_bytes, file_count, trash_bytes, trash_count FROM vault ORDER BY no`),
    all(sql`SELECT no,
      (SELECT coalesce(sum(stored_bytes), 0) FROM version WHERE vault_no = vault.no) AS used_bytes,
      (SELECT count(*) FROM file WHERE vault_no = vault.no AND deleted_at IS NULL) AS file_count,
      (SELECT coalesce(sum(v.stored_bytes), 0) FROM version v JOIN file f ON f.no = v.file_no WHERE f.vault_no = vault.no AND f.deleted_at IS NOT NULL) AS trash_bytes,
      (SELECT count(*) FROM file WHERE vault_no = vault.no AND deleted_at IS NOT NULL) AS trash_count
      FROM vault ORDER BY no`),
  )
  // Nothing that lives lies below something in the trash.
  assert.deepEqual(
    all(
      sql`SELECT f.id FROM file f JOIN folder p ON p.no = f.folder_no WHERE f.deleted_at IS NULL AND p.deleted_at IS NOT NULL`,
    ),
    [],
  )
  assert.deepEqual(
    all(
      sql`SELECT f.id FROM folder f JOIN folder p ON p.no = f.parent_no WHERE f.deleted_at IS NULL AND p.deleted_at IS NOT NULL`,
    ),
    [],
  )
  for (const person of people) {
    const vault = t.core.index.read.get(
      sql<{ used_bytes: number; trash_count: number }>`SELECT * FROM vault WHERE id = ${person.vaultId}`,
    )
    const usage = await person.call(getUsage, {})
    assert.equal(usage.totalBytes, vault?.used_bytes)
    assert.equal(usage.trashCount, vault?.trash_count)
  }
}
