/** `filevault rescue` as a process: refused where there is an index, whole where there is none, honest where bytes are gone. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { client } from '../api/client.ts'
import { listMyFiles, uploadFiles } from '../api/files.ts'
import { formOf, openPerson } from '../testing/person.ts'
import { startTest } from '../testing/start.ts'
import { everyUser } from '../vault/users.ts'

const main = join(import.meta.dirname, '../main.ts')

test('rescue refuses where an index is, brings all back where none is, and says what is gone', async () => {
  const directory = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'filevault-rescue-'))
  let vaultId = ''
  {
    await using t = await startTest({ directory })
    vaultId = t.alice.vaultId
    await t.alice.put('plan.txt', 'the plan')
    const beside = await run(directory, ['rescue'])
    assert.equal(beside.code, 1)
    assert.match(beside.err, /There is an index at/)
  }
  const index = join(directory, 'index')
  assert.equal((await run(directory, ['rescue'])).code, 1)
  await rename(index, `${directory}-aside`)
  const back = await run(directory, ['rescue'])
  assert.equal(back.code, 0, back.err + back.out)
  assert.match(back.out, /Back: 3 users, 3 vaults, 0 folders, 1 files with 1 versions/)
  assert.match((await run(directory, ['user', 'list'])).out, /alice@example\.org +alice +member +1/)
  assert.equal((await run(directory, ['verify'])).code, 0)
  assert.equal((await run(directory, ['rescue'])).code, 1)

  await rm(index, { recursive: true })
  const objects = join(directory, 'vaults', vaultId, 'objects')
  for (const entry of await readdir(objects, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) await rm(join(entry.parentPath, entry.name))
  const without = await run(directory, ['rescue', '--json'])
  assert.equal(without.code, 1, without.err)
  const answer = JSON.parse(without.out) as { files: number; missing: { path: string }[]; findings: unknown[] }
  assert.deepEqual([answer.files, answer.missing.map(({ path }) => path), answer.findings], [0, ['plan.txt'], []])
  await rm(directory, { recursive: true })
  await rm(`${directory}-aside`, { recursive: true })
})

test('after kill -9 in the middle of uploads and with the index gone, every acknowledged byte is in a file again', async () => {
  const directory = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'filevault-rescue-'))
  const acknowledged = new Set<string>()
  for (let round = 0; round < 2; round++) {
    const server = await serve(directory)
    if (round === 0) await run(directory, ['user', 'add', 'ann@example.org', '--name', 'Ann', '--quota', '1GB'])
    const token = (await run(directory, ['token', 'create', '--user', 'ann@example.org', '--name', 'x'])).out.trim()
    const ann = client({ origin: server.url, token })
    const busy = Promise.allSettled(
      Array.from({ length: 200 }, async (_, i) => {
        await sleep(i * 4)
        const { files } = await ann.call(uploadFiles, {
          body: formOf({ [`${round} ${i}.txt`]: `content ${round} ${i}` }),
        })
        for (const { sha256 } of files) acknowledged.add(sha256)
      }),
    )
    const before = acknowledged.size
    for (let tries = 0; tries < 500 && acknowledged.size < before + 60; tries++) await sleep(10)
    server.process.kill('SIGKILL')
    await Promise.all([once(server.process, 'exit'), busy])
    await rm(join(directory, 'index'), { recursive: true })
    const back = await run(directory, ['rescue'])
    assert.equal(back.code, 0, back.out + back.err)
    assert.equal((await run(directory, ['verify'])).code, 0)
  }
  assert.ok(acknowledged.size >= 120)
  await using t = await startTest({ directory, empty: true })
  const [user] = await everyUser(t.core)
  assert.ok(user)
  const ann = await openPerson(t.core, t.url, user)
  const { files } = await ann.call(listMyFiles, { query: { limit: 1000 } })
  const found = new Set(files.map(({ sha256 }) => sha256))
  assert.deepEqual(
    [...acknowledged].filter((sha256) => !found.has(sha256)),
    [],
  )
  await t[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

async function serve(directory: string): Promise<{ url: string; process: ChildProcess }> {
  const env = {
    PATH: process.env.PATH,
    FILEVAULT_VOLUME: directory,
    FILEVAULT_VOLUME_RESERVE: '1MB',
    FILEVAULT_LISTEN: '127.0.0.1:0',
    FILEVAULT_LOG_LEVEL: 'error',
  }
  const child = spawn(process.execPath, [main, 'serve'], { env, cwd: directory })
  let said = ''
  child.stdout.on('data', (text) => (said += text))
  for (let tries = 0; tries < 300; tries++) {
    const url = /running at (http:\S+)/.exec(said)?.[1]
    if (url) return { url, process: child }
    await sleep(50)
  }
  child.kill('SIGKILL')
  return assert.fail(`The server did not start: ${said}`)
}

async function run(directory: string, args: string[]) {
  const env = { PATH: process.env.PATH, FILEVAULT_VOLUME: directory, FILEVAULT_VOLUME_RESERVE: '1MB' }
  const child = spawn(process.execPath, [main, ...args], { env, cwd: directory })
  const [out, err, [code]] = await Promise.all([child.stdout.toArray(), child.stderr.toArray(), once(child, 'exit')])
  return { code: code as number, out: out.join(''), err: err.join('') }
}
