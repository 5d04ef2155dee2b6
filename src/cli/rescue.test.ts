/** `filevault rescue` as a process: refused where there is an index, whole where there is none, honest where bytes are gone. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { startTest } from '../testing/start.ts'

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

async function run(directory: string, args: string[]) {
  const env = { PATH: process.env.PATH, FILEVAULT_VOLUME: directory, FILEVAULT_VOLUME_RESERVE: '1MB' }
  const child = spawn(process.execPath, [main, ...args], { env, cwd: directory })
  const [out, err, [code]] = await Promise.all([child.stdout.toArray(), child.stderr.toArray(), once(child, 'exit')])
  return { code: code as number, out: out.join(''), err: err.join('') }
}
