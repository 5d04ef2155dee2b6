/** The readable tree: what people see as names is there as hard links, and nothing that happens to it harms anybody. */
import assert from 'node:assert/strict'
import { existsSync, lstatSync, readlinkSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, symlink, unlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { changeFile, copyFile, removeFile, restoreFile } from '../api/files.ts'
import { changeFolder, createFolder, removeFolder, restoreFolder } from '../api/folders.ts'
import { loadConfig } from '../config.ts'
import { createLog } from '../log.ts'
import { startTest, type Test } from '../testing/start.ts'
import { openCore } from '../vault/core.ts'
import { diskName } from './disk-names.ts'
import { removeTrees } from './tree.ts'

test('names on the disk are ones that any disk can hold, and those that were safe are untouched', () => {
  for (const safe of ['plan.pdf', '.profile', 'ünïcode 文件 🎉.txt', 'a  b', 'console.log', 'COM10'])
    assert.equal(diskName(safe), safe)
  const made: [string, string][] = [
    ['a:b?.txt', 'a_b_.txt'],
    ['CON', 'CON_'],
    ['nul.txt', 'nul_.txt'],
    ['lpt1.tar.gz', 'lpt1_.tar.gz'],
    ['dots...', 'dots___'],
    ['space ', 'space_'],
    ['..', '__'],
    ['.', '_'],
    ['', '_'],
    ['../../etc/passwd', '.._.._etc_passwd'],
    ['tab\tnew\nline', 'tab_new_line'],
    ['exe.\u202efdp', 'exe._fdp'],
  ]
  for (const [given, expected] of made) assert.equal(diskName(given), expected, JSON.stringify(given))
  assert.equal(diskName('plan.pdf', 2), 'plan (2).pdf')
  for (const long of ['x'.repeat(400), `${'文'.repeat(100)}.txt`, '🎉'.repeat(80)])
    for (const n of [1, 2, 999]) {
      const name = diskName(long, n)
      assert.ok(Buffer.byteLength(name) <= 255 && name.isWellFormed(), name)
    }
  assert.match(diskName(`${'文'.repeat(100)}.txt`, 3), / \(3\)\.txt$/)
})

test('the tree follows: files, folders, renames, moves, trash, restore, each with one link and no copy', async () => {
  await using t = await startTest({ tree: true })
  const { alice } = t
  const folder = (name: string, parentId: string | null = null) =>
    alice.call(createFolder, { params: { vaultId: alice.vaultId }, body: { name, parentId } })
  const work = await folder('Arbeit')
  const deep = await folder('日本語', work.id)
  const plan = await alice.put('plan?.txt', 'the plan', { folderId: deep.id })
  const twin = await alice.put('plan*.txt', 'the twin', { folderId: deep.id })
  await alice.put('root.txt', 'root')
  await seen(t, {
    'Arbeit/日本語/plan_.txt': 'the plan',
    'Arbeit/日本語/plan_ (2).txt': 'the twin',
    'root.txt': 'root',
  })
  const path = join(treeOf(t), 'Arbeit/日本語/plan_.txt')
  assert.deepEqual([(await stat(path)).nlink, (await stat(path)).mode & 0o777], [2, 0o400])
  const inode = (await stat(join(treeOf(t), 'Arbeit/日本語'))).ino

  await alice.call(changeFolder, { params: { id: work.id }, body: { name: 'Work' } })
  await alice.call(changeFolder, { params: { id: deep.id }, body: { parentId: null, name: 'deep' } })
  await alice.call(copyFile, { params: { id: plan.id }, body: { folderId: work.id, name: 'copy.txt' } })
  await seen(t, {
    'Work/copy.txt': 'the plan',
    'deep/plan_.txt': 'the plan',
    'deep/plan_ (2).txt': 'the twin',
    'root.txt': 'root',
  })
  assert.equal((await stat(join(treeOf(t), 'deep'))).ino, inode, 'A folder is moved, not made again.')

  await alice.call(changeFile, { params: { id: plan.id }, body: { name: 'renamed.txt', folderId: work.id } })
  await alice.call(removeFile, { params: { id: twin.id } })
  await seen(t, { 'Work/copy.txt': 'the plan', 'Work/renamed.txt': 'the plan', 'root.txt': 'root' })
  await alice.call(removeFolder, { params: { id: work.id } })
  await seen(t, { 'root.txt': 'root' })
  assert.deepEqual((await readdir(treeOf(t))).sort(), ['deep', 'root.txt'])
  await alice.call(restoreFolder, { params: { id: work.id } })
  await alice.call(restoreFile, { params: { id: twin.id } })
  await seen(t, {
    'Work/copy.txt': 'the plan',
    'Work/renamed.txt': 'the plan',
    'deep/plan_.txt': 'the twin',
    'root.txt': 'root',
  })

  // Two folders that change places, one inside the other.
  const a = await folder('a')
  const b = await folder('b', a.id)
  await alice.put('in b.txt', 'b', { folderId: b.id })
  await t.grown()
  await alice.call(changeFolder, { params: { id: b.id }, body: { parentId: null } })
  await alice.call(changeFolder, { params: { id: a.id }, body: { parentId: b.id, name: 'b' } })
  await alice.put('in a.txt', 'a', { folderId: a.id })
  await t.grown()
  assert.deepEqual(await content(join(treeOf(t), 'b')), { 'in b.txt': 'b', 'b/in a.txt': 'a' })
})

test('what is planted in the tree is not followed, and what is taken from it is lost to nobody', async () => {
  await using t = await startTest({ tree: true })
  const { alice } = t
  const outside = await mkdtemp(join(tmpdir(), 'filevault-outside-'))
  await writeFile(join(outside, 'kept.txt'), 'outside')
  const folder = await alice.call(createFolder, {
    params: { vaultId: alice.vaultId },
    body: { name: 'f', parentId: null },
  })
  const file = await alice.put('a.txt', 'a', { folderId: folder.id })
  await t.grown()
  const tree = treeOf(t)
  // A link in the place of a directory, one where a file would go, one that leads to the bytes of another.
  await rename(join(tree, 'f'), join(tree, 'moved away'))
  await symlink(outside, join(tree, 'f'))
  await symlink(join(outside, 'kept.txt'), join(tree, 'b.txt'))
  await writeFile(join(tree, 'c.txt'), 'planted')
  await alice.put('in f.txt', 'in f', { folderId: folder.id })
  await alice.put('b.txt', 'b')
  await alice.put('c.txt', 'c')
  await t.grown()
  assert.deepEqual(await readdir(outside), ['kept.txt'])
  assert.equal(await readFile(join(outside, 'kept.txt'), 'utf8'), 'outside')
  assert.equal(readlinkSync(join(tree, 'f')), outside)
  assert.equal(await readFile(join(tree, 'c.txt'), 'utf8'), 'planted')
  assert.equal(await readFile(join(tree, 'b (2).txt'), 'utf8'), 'b')
  assert.equal(await readFile(join(tree, 'c (2).txt'), 'utf8'), 'c')
  assert.deepEqual(await content(join(tree, 'f (2)')), { 'a.txt': 'a', 'in f.txt': 'in f' })
  // Removing the folder takes what is ours and leaves what is not.
  await alice.call(removeFolder, { params: { id: folder.id } })
  await t.grown()
  assert.deepEqual([existsSync(join(tree, 'f (2)')), lstatSync(join(tree, 'f')).isSymbolicLink()], [false, true])
  await alice.call(restoreFolder, { params: { id: folder.id } })
  await t.grown()
  await unlink(join(tree, 'f (2)', 'a.txt'))
  assert.equal(await (await alice.get(file.id)).text(), 'a')
  await alice.call(changeFile, { params: { id: file.id }, body: { name: 'a2.txt' } })
  await t.grown()
  assert.equal(await readFile(join(tree, 'f (2)', 'a2.txt'), 'utf8'), 'a')
  await rm(outside, { recursive: true })
})

test('a tree that is lost, behind or switched off is made again, and the server never needs it', async () => {
  const directory = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'filevault-tree-'))
  let files = ''
  const expected: Record<string, string> = {}
  const open = () => startTest({ directory, tree: true, empty: files !== '' })
  {
    await using t = await open()
    for (let i = 0; i < 30; i++) {
      await t.alice.put(`file ${i}.txt`, `content ${i}`, { path: `folder ${i % 3}` })
      expected[`folder ${i % 3}/file ${i}.txt`] = `content ${i}`
    }
    await t.grown()
    files = treeOf(t)
    assert.deepEqual(await content(files), expected)
  }
  // Its memory is gone; so are a part of it; and something old lies there.
  for (const name of await readdir(join(directory, 'index')))
    if (name.startsWith('tree.db')) await rm(join(directory, 'index', name))
  await rm(join(files, 'folder 1'), { recursive: true })
  await rename(join(files, 'folder 2', 'file 2.txt'), join(files, 'folder 2', 'old name.txt'))
  await mkdir(join(files, 'strange'))
  {
    await using t = await open()
    await t.grown()
    assert.deepEqual(await content(files), expected)
    assert.ok(!existsSync(join(files, 'folder 2', 'old name.txt')))
  }
  {
    const config = loadConfig({ env: { FILEVAULT_VOLUME: directory, FILEVAULT_VOLUME_RESERVE: '1MB' }, cwd: directory })
    await using core = await openCore({ config, log: createLog('silent') })
    await removeTrees(core)
    assert.ok(!existsSync(files))
  }
  await using t = await open()
  await t.grown()
  assert.deepEqual(await content(files), expected)
  await t[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

function treeOf(t: Test): string {
  return t.core.volume.layout.vaultTree(t.alice.vaultId)
}

async function seen(t: Test, expected: Record<string, string>): Promise<void> {
  await t.grown()
  assert.deepEqual(await content(treeOf(t)), expected)
}

/** Every file below, by its path. */
async function content(directory: string): Promise<Record<string, string>> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
  const pairs = files.map(async (path) => [path.slice(directory.length + 1), await readFile(path, 'utf8')] as const)
  return Object.fromEntries(await Promise.all(pairs))
}
