/** The load generator as a process of its own, on real volumes. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { client } from '../../src/api/client.ts'
import { search as searchVault } from '../../src/api/search.ts'
import { nearestSize } from './contents.ts'

const root = join(import.meta.dirname, '../..')

test('a load is refused while a server has the volume, where nobody could own the vault, and by a wrong command line', async () => {
  await using volume = await makeVolume()
  for (const args of [
    [],
    ['--vault', 'A', '--files', 'many'],
    ['--vault', 'A', '--files', '1', '--paths', 'x'],
    ['-x'],
  ])
    assert.equal((await volume.load(args)).code, 2, args.join(' '))
  const early = await volume.load(['--vault', 'A', '--files', '10'])
  assert.equal(early.code, 1)
  assert.match(early.err, /^There is no administrator yet .* npm start.*\n$/)
  assert.ok(!existsSync(join(volume.directory, 'index')), 'A slip of the fingers makes no volume.')

  const server = await volume.serve()
  const beside = await volume.load(['--vault', 'A', '--files', '10'])
  assert.deepEqual([beside.code, beside.out], [1, ''])
  assert.match(beside.err, /^Another File Vault is running on this volume\. Stop it first.*\n$/)
  await volume.stop(server.process)
  const missing = await volume.load(['--vault', 'A', '--paths', join(volume.directory, 'no-such-list')])
  assert.equal(missing.code, 1)
  assert.match(missing.err, /^There is no list /)
  assert.deepEqual(volume.query('SELECT name FROM vault WHERE kind = ?', 'team'), [])
})

test('the same seed gives the same files, searches find them, and the audit finds nothing', async () => {
  await using volume = await makeVolume()
  await volume.stop((await volume.serve()).process)
  for (const [vault, seed] of [
    ['One', '5'],
    ['Two', '5'],
    ['Three', '6'],
  ] as const) {
    const done = await volume.load(['--vault', vault, '--files', '2000', '--seed', seed])
    assert.equal(done.code, 0, done.err)
    assert.match(done.out, /^Added 2,000 files and 40 in the trash, .* the new vault "\w+" /)
  }
  const one = paths(volume, 'One')
  assert.equal(one.length, 2040)
  assert.deepEqual(paths(volume, 'Two'), one)
  assert.notDeepEqual(paths(volume, 'Three'), one)
  const [made] = volume.query<{ id: string; seq: number }>('SELECT id, seq FROM vault WHERE name = ?', 'One')
  assert.ok(made)

  const again = await volume.load(['--vault', made.id, '--files', '500', '--seed', '5'])
  assert.match(again.out, /^Added 500 files and 10 in the trash, with 0 new folders, to the vault "One" /)
  assert.deepEqual(volume.query('SELECT file_count, trash_count FROM vault WHERE name = ?', 'One'), [
    { file_count: 2500, trash_count: 50 },
  ])
  const verified = await volume.run(['src/main.ts', 'verify'])
  assert.match(verified.out, /^Everything is right: /)
  assert.equal(verified.code, 0)

  const server = await volume.serve()
  const token = await volume.run(['src/main.ts', 'token', 'create', '--user', 'ann@example.org', '--name', 'x'])
  const ann = client({ origin: server.url, token: token.out.trim() })
  const search = (q: string) => ann.call(searchVault, { params: { vaultId: made.id }, query: { q, limit: 1 } })
  const all = await search('')
  const tests = await search('test')
  assert.equal(all.total, 2500)
  assert.ok(tests.total > 2000 && tests.total < 2500, `${tests.total} names have the word that most have.`)
  assert.ok(tests.files[0]?.name.includes('test'))
  assert.equal(all.facets.metadata.project?.length, 10)
  assert.ok(all.facets.tags.length > 10)
})

test('a list of paths becomes files where they should lie; what it cannot be is counted and named', async () => {
  await using volume = await makeVolume()
  await volume.stop((await volume.serve()).process)
  const list = join(volume.directory, '../', `${volume.directory.split('/').at(-1)}.txt`)
  const lines = [
    './Projects/2026/plan.pdf\t4096',
    'projects/2026/PLAN.pdf',
    'Projects/2026/plan.pdf\t1',
    '',
    '../escape.txt',
    'nul\0byte',
    'back\\slash.txt',
    'a/b.txt\tmany',
    'folder/',
    'Projects/2026/plan.pdf/below.txt',
    `${'x'.repeat(256)}.txt`,
    'y'.repeat(300_000),
    'CR.txt\r',
    'Ünïcode/報告.docx\t0',
  ]
  await writeFile(
    list,
    Buffer.concat([Buffer.from(`${lines.join('\n')}\n`), Buffer.from([0xff, 0x0a]), Buffer.from('end')]),
  )
  try {
    const done = await volume.load(['--vault', 'Tree', '--paths', list])
    assert.equal(done.code, 0, done.err)
    assert.match(done.out, /^Added 4 files, with 3 new folders, to the new vault "Tree" /)
    assert.deepEqual(paths(volume, 'Tree'), ['/CR.txt', '/Projects/2026/plan.pdf', '/end', '/Ünïcode/報告.docx'])
    assert.deepEqual(volume.query('SELECT size, mime_type FROM file WHERE name = ?', 'plan.pdf'), [
      { size: 4096, mime_type: 'application/pdf' },
    ])
    for (const said of [
      /^12 lines were passed over:$/m,
      /^ {2}1 differs only in case.*\n {4}line 2 "projects\/2026\/PLAN\.pdf"$/m,
      /^ {2}1 names what is there already\n {4}line 3 /m,
      /^ {2}1 is empty\n {4}line 4 /m,
      /^ {2}4 have names that File Vault refuses\n {4}line 5 .*"\.\."\.\n {4}line 6 "nul\\u0000byte": .*\n {4}line 7 .*\n {4}and 1 more$/m,
      /^ {2}1 has something else than a size .*\n {4}line 8 /m,
      /^ {2}1 names a folder\n {4}line 9 /m,
      /^ {2}1 needs a folder where a file lies\n {4}line 10 /m,
      /^ {2}1 is too long .*\n {4}line 12 /m,
      /^ {2}1 is not UTF-8 text\n {4}line 15 /m,
    ])
      assert.match(done.out, said)
    assert.equal((await volume.run(['src/main.ts', 'verify'])).code, 0)
  } finally {
    await rm(list)
  }
})

test('a load that is interrupted says so and leaves what is whole', async () => {
  await using volume = await makeVolume()
  await volume.stop((await volume.serve()).process)
  const child = volume.start(['scripts/load.ts', '--vault', 'Half', '--files', '1000000'])
  const ended = Promise.all([child.stdout.toArray(), once(child, 'exit')])
  const files = () =>
    volume.query<{ file_count: number }>('SELECT file_count FROM vault WHERE name = ?', 'Half')[0]?.file_count ?? 0
  while (files() === 0) await sleep(50)
  child.kill('SIGINT')
  const [out, [code]] = await ended
  assert.equal(code, 1)
  assert.match(out.join(''), new RegExp(`^Stopped; added ${files().toLocaleString('en')} files `))
  assert.ok(files() < 1_000_000)
  assert.equal((await volume.run(['src/main.ts', 'verify'])).code, 0)
})

test('the size of a content is near what was asked for', () => {
  assert.deepEqual([0, 1, 2, 1024, 2 ** 20, 1e15].map(nearestSize), [0, 1, 2, 1024, 2 ** 20, 2 ** 20])
  for (let bytes = 100; bytes < 1e6; bytes *= 1.1)
    assert.ok(Math.abs(Math.log2(nearestSize(bytes) / bytes)) < 0.13, `${bytes} became ${nearestSize(bytes)}`)
})

/** What lies in a vault, the trash too, by the path of each file. */
function paths(volume: Awaited<ReturnType<typeof makeVolume>>, vault: string): string[] {
  const rows = volume.query<{ path: string }>(
    `WITH RECURSIVE place (no, path) AS (
       SELECT d.no, '' FROM folder d JOIN vault v ON v.no = d.vault_no WHERE v.name = ? AND d.parent_no IS NULL
       UNION ALL SELECT d.no, place.path || '/' || d.name FROM folder d JOIN place ON d.parent_no = place.no)
     SELECT path || '/' || name || iif(deleted_at IS NULL, '', ' (trash)') AS path FROM file JOIN place ON place.no = folder_no
     ORDER BY 1`,
    vault,
  )
  return rows.map(({ path }) => path)
}

/** A volume of its own, and the programs run on it. */
async function makeVolume() {
  const parent = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()
  const directory = await mkdtemp(join(parent, 'filevault-load-'))
  const env = {
    PATH: process.env.PATH,
    FILEVAULT_VOLUME: directory,
    FILEVAULT_LISTEN: '127.0.0.1:0',
    FILEVAULT_VOLUME_RESERVE: '1MB',
    FILEVAULT_LOG_LEVEL: 'error',
    FILEVAULT_ADMIN_EMAIL: 'ann@example.org',
    FILEVAULT_ADMIN_PASSWORD: 'a long enough password',
  }
  const children: ChildProcess[] = []
  const start = (args: string[]) => {
    const child = spawn(process.execPath, args, { env, cwd: root })
    children.push(child)
    return child
  }
  const run = async (args: string[]) => {
    const child = start(args)
    const [out, err, [code]] = await Promise.all([child.stdout.toArray(), child.stderr.toArray(), once(child, 'exit')])
    return { code: code as number, out: out.join(''), err: err.join('') }
  }
  const stop = async (child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM') => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
  return {
    directory,
    start,
    run,
    stop,
    load: (args: string[]) => run(['scripts/load.ts', ...args]),
    /** Rows of the index, read beside whatever runs. */
    query<T>(sql: string, ...parameters: unknown[]): T[] {
      const db = new Database(join(directory, 'index/filevault.db'), { readonly: true })
      try {
        return db.prepare(sql).all(...parameters) as T[]
      } finally {
        db.close()
      }
    },
    async serve() {
      const child = start(['src/main.ts', 'serve'])
      let said = ''
      child.stderr.on('data', (text) => (said += text))
      child.stdout.on('data', (text) => (said += text))
      for (let tries = 0; tries < 400; tries++) {
        const url = /running at (http:\S+)/.exec(said)?.[1]
        if (url) return { url, process: child }
        await sleep(50)
      }
      return assert.fail(`The server did not start: ${said}`)
    },
    async [Symbol.asyncDispose]() {
      for (const child of children) await stop(child, 'SIGKILL')
      await rm(directory, { recursive: true, force: true })
    },
  }
}
