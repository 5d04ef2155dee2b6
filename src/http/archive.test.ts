/** Folders, vaults and selections as zip archives, over real sockets and read by programs that are not ours. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readlinkSync, rmSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createDownload, downloadFolder, downloadSelection, downloadVault } from '../api/downloads.ts'
import { changeFile, removeFile, setTags } from '../api/files.ts'
import { createFolder, listFolders, removeFolder } from '../api/folders.ts'
import { createToken } from '../api/tokens.ts'
import { newId } from '../index/ids.ts'
import { q } from '../index/query.ts'
import type { Person } from '../testing/person.ts'
import { refused } from '../testing/refused.ts'
import { startTest, type Test } from '../testing/start.ts'
import { insertFolder } from '../vault/places.ts'

const day = 24 * 60 * 60 * 1000

test("nobody gets an archive of somebody else's files, whichever way it is asked for", async () => {
  await using t = await startTest()
  const file = await t.alice.put('secret.txt', 'for me', { path: 'Hers' })
  const folder = await folderOf(t.alice, 'Hers')
  const mine = await t.bob.put('mine.txt', 'mine')
  const hers = await t.alice.call(createDownload, { body: { fileIds: [file.id] } })
  for (const address of [
    t.alice.url(downloadFolder, { params: { id: folder } }),
    t.alice.url(downloadVault, { params: { vaultId: t.alice.vaultId } }),
    t.url + hers.url,
  ])
    for (const method of ['GET', 'HEAD'])
      for (const [headers, status] of [
        [{ authorization: `Bearer ${t.bob.token}` }, 404],
        [{ authorization: `Bearer ${t.admin.token}` }, 404],
        [{}, 401],
      ] as const) {
        const answer = await fetch(address, { method, headers })
        assert.equal(answer.status, status, `${method} ${address}`)
        assert.doesNotMatch(await answer.text(), /for me/)
      }
  for (const body of [
    { fileIds: [file.id] },
    { folderIds: [folder] },
    { fileIds: [mine.id, file.id] },
    { fileIds: [mine.id], folderIds: [folder] },
  ])
    await assert.rejects(t.bob.call(createDownload, { body }), refused(404))
  await assert.rejects(t.visitor.call(createDownload, { body: { fileIds: [file.id] } }), refused(401))
  for (const body of [{}, { fileIds: [], folderIds: [] }])
    await assert.rejects(t.alice.call(createDownload, { body }), refused(422))
  // A token that may only write, or that is bound to another vault, does not get it either.
  const writer = await t.alice.limited(['write'])
  await assert.rejects(writer.call(createDownload, { body: { fileIds: [file.id] } }), refused(403))
  await assert.rejects(writer.call(downloadFolder, { params: { id: folder } }), refused(403))
  const bound = await t.bob.call(createToken, { body: { name: 'b', scopes: ['read'], vaultId: t.bob.vaultId } })
  const answer = await fetch(t.url + hers.url, { headers: { authorization: `Bearer ${bound.token}` } })
  assert.equal(answer.status, 404)
})

test('a folder is a zip of what is in it, under its names, without the trash', async (c) => {
  await using t = await startTest()
  const contents: Record<string, string> = {
    'Ordner/a.txt': 'a',
    'Ordner/Größe/日本語 😀.txt': 'Unicode',
    'Ordner/Größe/empty.txt': '',
    "Ordner/Größe/it's (1).bin": 'x'.repeat(1_500_000),
  }
  for (const [path, content] of Object.entries(contents)) {
    const at = path.lastIndexOf('/')
    await t.alice.put(path.slice(at + 1), content, { path: path.slice(0, at) })
  }
  const id = await folderOf(t.alice, 'Ordner')
  const make = (name: string, parentId: string) =>
    t.alice.call(createFolder, { params: { vaultId: t.alice.vaultId }, body: { name, parentId } })
  await make('Leer', id)
  const gone = await make('Weg', id)
  await t.alice.put('b.txt', 'gone', { folderId: gone.id })
  await t.alice.call(removeFolder, { params: { id: gone.id } })
  const trashed = await t.alice.put('c.txt', 'gone', { folderId: id })
  await t.alice.call(removeFile, { params: { id: trashed.id } })
  await t.alice.put('outside.txt', 'elsewhere')

  const { answer, body } = await get(t.alice, t.alice.url(downloadFolder, { params: { id } }))
  assert.equal(answer.headers.get('content-type'), 'application/zip')
  assert.match(answer.headers.get('content-disposition') ?? '', /^attachment; filename="Ordner.zip"/)
  assert.equal(answer.headers.get('content-length'), String(body.length))
  assert.equal(answer.headers.get('accept-ranges'), 'bytes')
  assert.match(answer.headers.get('etag') ?? '', /^"z-[0-9a-f]{64}"$/)
  assert.match(answer.headers.get('content-security-policy') ?? '', /sandbox/)
  const found = unzip(body)
  if (!found) return c.skip('python3 is not installed')
  assert.deepEqual(found, { 'Ordner/': null, 'Ordner/Größe/': null, 'Ordner/Leer/': null, ...contents })
  const tested = await unzipTests(body)
  if (tested !== undefined) assert.match(tested, /No errors detected/)
  else c.diagnostic('unzip is not installed; Python alone read the archive')
})

test('the whole of a vault is a zip, a new one too', async (c) => {
  await using t = await startTest()
  const address = t.alice.url(downloadVault, { params: { vaultId: t.alice.vaultId } })
  assert.equal((await get(t.alice, address)).body.length, 22)
  await t.alice.put('top.txt', 'top')
  await t.alice.put('deep.txt', 'deep', { path: 'A/B/C' })
  const { answer, body } = await get(t.alice, address)
  assert.match(answer.headers.get('content-disposition') ?? '', /filename="alice.zip"/)
  const found = unzip(body)
  if (!found) return c.skip('python3 is not installed')
  assert.deepEqual(found, { 'top.txt': 'top', 'A/': null, 'A/B/': null, 'A/B/C/': null, 'A/B/C/deep.txt': 'deep' })
})

test('a selection is a zip for a day, in which each thing has a name of its own', async (c) => {
  await using t = await startTest()
  const one = await t.alice.put('plan.txt', 'one', { path: 'A' })
  const two = await t.alice.put('Plan.txt', 'two', { path: 'B' })
  const three = await t.alice.put('in it.txt', 'three', { path: 'C/plan.txt' })
  const folder = three.folderId ?? ''
  const made = await t.alice.call(createDownload, {
    body: { fileIds: [one.id, two.id, one.id], folderIds: [folder, folder] },
  })
  assert.equal(made.name, 'alice.zip')
  assert.equal(made.url, `/api/downloads/${made.id}`)
  const { answer, body } = await get(t.alice, t.alice.url(downloadSelection, { params: { id: made.id } }))
  assert.equal(body.length, made.size)
  assert.equal(answer.headers.get('content-length'), String(made.size))
  const found = unzip(body)
  if (!found) return c.skip('python3 is not installed')
  assert.deepEqual(found, {
    'plan.txt/': null,
    'plan.txt/in it.txt': 'three',
    'plan (2).txt': 'one',
    'Plan (3).txt': 'two',
  })
  // It bears the name of what was selected, or of the folder that all of it lies in.
  const named = async (body: { fileIds?: string[]; folderIds?: string[] }) =>
    (await t.alice.call(createDownload, { body })).name
  assert.equal(await named({ folderIds: [folder] }), 'plan.txt.zip')
  const next = await t.alice.put('next.txt', '', { path: 'A' })
  assert.equal(await named({ fileIds: [one.id, next.id] }), 'A.zip')

  t.clock.advance(day - 60_000)
  assert.equal((await get(t.alice, t.url + made.url)).answer.status, 200)
  await t.alice.call(removeFile, { params: { id: two.id } })
  assert.equal((await get(t.alice, t.url + made.url)).answer.status, 409)
  await assert.rejects(t.alice.call(createDownload, { body: { fileIds: [two.id] } }), refused(409))
  t.clock.advance(120_000)
  assert.equal((await get(t.alice, t.url + made.url)).answer.status, 404)
})

test('a selection of thousands of names that are the same gives each a name of its own', async (c) => {
  await using t = await startTest()
  const [one] = await t.alice.putAll({ 'same.txt': 'x' })
  const vault = t.core.index.read.get(q.selectFrom('vault').select('no').where('id', '=', t.alice.vaultId))?.no ?? 0
  // Copies of the row, each in a folder of its own: quicker than as many uploads.
  const ids = await t.core.index.write((tx) => {
    const file = tx.get(
      q
        .selectFrom('file')
        .selectAll()
        .where('id', '=', one?.id ?? ''),
    )
    const version = tx.get(
      q
        .selectFrom('version')
        .selectAll()
        .where('file_no', '=', file?.no ?? 0),
    )
    assert.ok(file && version)
    return Array.from({ length: 3000 }, (_, i) => {
      const folder_no = insertFolder(t.core, tx, null, { vaultNo: vault, parentNo: file.folder_no, name: `${i}` })
      const { no: _no, stored_bytes: _bytes, ...row } = file
      const { no: _number, ...content } = version
      const id = newId()
      const made = tx.get(
        q
          .insertInto('file')
          .values({ ...row, id, folder_no })
          .returning('no'),
      )
      tx.run(q.insertInto('version').values({ ...content, file_no: made?.no ?? 0 }))
      return id
    })
  })
  const delay = monitorEventLoopDelay({ resolution: 5 })
  delay.enable()
  const { url } = await t.alice.call(createDownload, { body: { fileIds: ids } })
  const { body } = await get(t.alice, t.url + url)
  delay.disable()
  c.diagnostic(`nobody else waited for longer than ${Math.round(delay.max / 1e6)} ms`)
  assert.ok(body.includes('same (3000).txt'))
})

test('of one person a few selections are kept, and never at the cost of another', async () => {
  await using t = await startTest()
  const hers = await t.alice.put('a.txt', 'a')
  const his = await t.bob.put('b.txt', 'b')
  const kept = await t.bob.call(createDownload, { body: { fileIds: [his.id] } })
  const made = []
  for (let i = 0; i < 25; i++) made.push(await t.alice.call(createDownload, { body: { fileIds: [hers.id] } }))
  const statuses = []
  for (const { url } of made) statuses.push((await get(t.alice, t.url + url)).answer.status)
  assert.deepEqual(statuses, [...Array<number>(5).fill(404), ...Array<number>(20).fill(200)])
  assert.equal((await get(t.bob, t.url + kept.url)).answer.status, 200)
})

test('ranges of an archive put together are the archive', async () => {
  await using t = await startTest()
  await t.alice.put('large.bin', Buffer.from(Array.from({ length: 1_300_000 }, (_, i) => (i * 7 + (i >> 8)) % 256)))
  for (let i = 0; i < 3; i++)
    await t.alice.putAll(Object.fromEntries(Array.from({ length: 10 }, (_, k) => [`${i}-${k}.txt`, `${i} ${k}`])), {
      path: `Folder ${i}`,
    })
  const address = t.alice.url(downloadVault, { params: { vaultId: t.alice.vaultId } })
  const whole = await get(t.alice, address)
  const etag = whole.answer.headers.get('etag') ?? ''
  const parts: Buffer[] = []
  for (let at = 0; at < whole.body.length; ) {
    const end = Math.min(whole.body.length - 1, at + Math.floor(Math.random() ** 6 * whole.body.length))
    const { answer, body } = await get(t.alice, address, { range: `bytes=${at}-${end}`, 'if-range': etag })
    assert.equal(answer.status, 206)
    assert.equal(answer.headers.get('content-range'), `bytes ${at}-${end}/${whole.body.length}`)
    assert.equal(answer.headers.get('content-length'), String(body.length))
    assert.equal(answer.headers.get('etag'), etag)
    parts.push(body)
    at = end + 1
  }
  assert.ok(Buffer.concat(parts).equals(whole.body))
  assert.equal((await get(t.alice, address, { range: 'bytes=-22' })).body.length, 22)
  assert.equal((await get(t.alice, address, { range: `bytes=${whole.body.length}-` })).answer.status, 416)
  const several = await get(t.alice, address, { range: 'bytes=0-1,4-5' })
  assert.equal(several.answer.status, 200)
  assert.ok(several.body.equals(whole.body))
  assert.equal((await get(t.alice, address, { 'if-none-match': etag })).answer.status, 304)
  const head = await fetch(address, { method: 'HEAD', headers: { authorization: `Bearer ${t.alice.token}` } })
  assert.equal(head.headers.get('content-length'), String(whole.body.length))
  assert.equal(head.headers.get('etag'), etag)
})

test('what is changed between two ranges makes the download start again, and only that', async () => {
  await using t = await startTest()
  const a = await t.alice.put('a.txt', 'a'.repeat(1000), { path: 'F' })
  const folderId = a.folderId ?? ''
  const address = t.alice.url(downloadFolder, { params: { id: folderId } })
  const next = async () => {
    const { answer } = await get(t.alice, address, { range: 'bytes=0-9', 'if-range': etag })
    const restarted = answer.status === 200
    etag = answer.headers.get('etag') ?? ''
    return restarted
  }
  let etag = (await get(t.alice, address)).answer.headers.get('etag') ?? ''
  assert.equal(await next(), false)
  await t.alice.call(setTags, { params: { id: a.id }, body: { tags: ['x'] } })
  await t.alice.put('elsewhere.txt', 'a')
  assert.equal(await next(), false)
  const b = await t.alice.put('b.txt', '', { folderId })
  assert.equal(await next(), true)
  await t.alice.call(changeFile, { params: { id: b.id }, body: { name: 'c.txt' } })
  assert.equal(await next(), true)
  await t.alice.call(removeFile, { params: { id: b.id } })
  assert.equal(await next(), true)
  assert.equal(await next(), false)
  await t.alice.call(removeFolder, { params: { id: folderId } })
  assert.equal((await get(t.alice, address)).answer.status, 409)
})

test('HEAD and archives that are broken off leave no file open; a lost file cuts the answer short', async () => {
  await using t = await startTest()
  for (const name of ['a', 'b', 'c']) await t.alice.put(name, Buffer.alloc(6_000_000, name))
  const address = new URL(t.alice.url(downloadVault, { params: { vaultId: t.alice.vaultId } }))
  const headers = { authorization: `Bearer ${t.alice.token}` }
  for (let i = 0; i < 20; i++) await fetch(address, { method: 'HEAD', headers })
  await Promise.all(
    Array.from({ length: 20 }, async (_, i) => {
      const asked = request(address, { headers })
      asked.on('error', () => {})
      asked.on('response', (answer) => {
        answer.on('error', () => {})
        answer.once('data', () => setTimeout(() => asked.destroy(), i * 4))
      })
      asked.end()
      await new Promise((resolve) => asked.once('close', resolve))
    }),
  )
  for (let tries = 0; tries < 60 && open(t) > 0; tries++) await sleep(50)
  assert.equal(open(t), 0)
  const rows = t.core.index.read.all(q.selectFrom('version').select('object_id').orderBy('no'))
  rmSync(t.core.volume.objectPath(t.alice.vaultId, rows[1]?.object_id ?? ''))
  const answer = await fetch(address, { headers })
  assert.equal(answer.status, 200)
  await assert.rejects(answer.arrayBuffer())
  assert.equal(open(t), 0)
})

async function get(
  person: Person,
  address: string,
  headers: Record<string, string> = {},
): Promise<{ answer: Response; body: Buffer }> {
  const answer = await fetch(address, { headers: { authorization: `Bearer ${person.token}`, ...headers } })
  return { answer, body: Buffer.from(await answer.arrayBuffer()) }
}

async function folderOf(person: Person, name: string): Promise<string> {
  const { folders } = await person.call(listFolders, { params: { vaultId: person.vaultId } })
  return folders.find((folder) => folder.name === name)?.id ?? ''
}

/** Every entry with its content as Python's zipfile reads it, CRCs checked; undefined where there is no Python. */
function unzip(archive: Buffer): Record<string, string | null> | undefined {
  const program = `
import io, json, sys, zipfile
z = zipfile.ZipFile(io.BytesIO(sys.stdin.buffer.read()))
assert len(set(z.namelist())) == len(z.namelist())
sys.stdout.write(json.dumps({i.filename: None if i.is_dir() else z.read(i).decode() for i in z.infolist()}))`
  const { status, stdout, stderr } = spawnSync('python3', ['-c', program], {
    input: archive,
    encoding: 'utf8',
    maxBuffer: 1e8,
  })
  if (status === null) return undefined
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

/** What Info-ZIP says of an archive; undefined where it is not installed. */
async function unzipTests(archive: Buffer): Promise<string | undefined> {
  if (spawnSync('unzip', ['-v']).status !== 0) return undefined
  const folder = await mkdtemp(join(tmpdir(), 'filevault-zip-'))
  try {
    await writeFile(join(folder, 'a.zip'), archive)
    return spawnSync('unzip', ['-t', join(folder, 'a.zip')], { encoding: 'utf8' }).stdout
  } finally {
    await rm(folder, { recursive: true })
  }
}

/** Descriptors of this process, which is the server too, on stored bytes. */
function open(t: Test): number {
  return readdirSync('/proc/self/fd').filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).slice(t.directory.length).includes('/objects/')
    } catch {
      return false // the descriptor of this very listing
    }
  }).length
}
