/** `filevault verify` as a process: what it finds, what it says, how it ends, and what it repairs. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { chmod, cp, mkdir, mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { copyFile } from '../api/files.ts'
import { downloadVersion } from '../api/versions.ts'
import { startTest } from '../testing/start.ts'

const main = join(import.meta.dirname, '../main.ts')
const memory = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

test('what cannot be verified ends with 2: no volume, another program, a directory that is not there, a wrong rate', async () => {
  const directory = await mkdtemp(join(memory, 'filevault-verify-'))
  assert.equal((await verify(directory)).code, 2)
  {
    await using t = await startTest({ directory })
    await t.alice.put('a.txt', 'a')
  }
  for (const args of [['--repair-from', join(directory, 'nowhere')], ['--rate', 'fast'], ['--colour']]) {
    const { code, err } = await verify(directory, args)
    assert.equal(code, 2, args.join(' '))
    assert.match(err, /\w/)
  }
  await rename(join(directory, '.filevault-volume'), join(directory, 'marker'))
  assert.equal((await verify(directory)).code, 2)
  await rm(directory, { recursive: true })
})

test('a flipped bit is found with its file, stays as it is, and is repaired from a copy, beside a running server', async () => {
  await using t = await startTest()
  const plan = await t.alice.put('plän.txt', 'the plan '.repeat(10_000))
  await t.alice.call(copyFile, { params: { id: plan.id }, body: { name: 'copy.txt' } })
  await t.bob.put('other.bin', Buffer.alloc(100_000, 5))
  const clean = await verify(t.directory, ['--rate', '100MB'])
  assert.deepEqual([clean.code, clean.err], [0, ''])
  assert.match(clean.out, /Everything is right: 2 objects with 190 kB read/)

  const other = await mkdtemp(join(memory, 'filevault-copy-'))
  const copy = join(other, 'backup')
  await cp(t.directory, copy, { recursive: true })
  const object = await objectOf(t.directory, t.alice.vaultId)
  const before = await readFile(object)
  await flip(object)
  const damaged = await readFile(object)
  const found = await verify(t.directory)
  assert.equal(found.code, 1)
  const lines = found.out.split('\n').filter((line) => line.startsWith('damaged'))
  assert.equal(lines.length, 2)
  assert.match(lines[0] ?? '', new RegExp(`/plän.txt version 1 in vault ${t.alice.vaultId}`))
  assert.deepEqual(await readFile(object), damaged)
  assert.deepEqual(await readdir(join(t.directory, 'quarantine')), [])

  // A copy that is damaged too is no help, whatever it is called.
  const inCopy = await objectOf(copy, t.alice.vaultId)
  await flip(inCopy)
  assert.equal((await verify(t.directory, ['--repair-from', copy])).code, 1)
  assert.deepEqual(await readFile(object), damaged)
  // The right bytes under any name are.
  await flip(inCopy)
  await mkdir(join(copy, 'elsewhere'))
  await rename(inCopy, join(copy, 'elsewhere', 'plan'))
  const repaired = await verify(t.directory, ['--repair-from', copy, '--json'])
  assert.equal(repaired.code, 0, repaired.out)
  const answer = JSON.parse(repaired.out) as { clean: boolean; findings: { repaired: boolean }[] }
  assert.deepEqual([answer.clean, answer.findings.length, answer.findings[0]?.repaired], [true, 1, true])
  assert.deepEqual(await readFile(object), before)
  assert.equal((await stat(object)).mode & 0o777, 0o400)
  const [kept = ''] = await readdir(join(t.directory, 'quarantine'))
  assert.deepEqual(await readFile(join(t.directory, 'quarantine', kept)), damaged)
  assert.equal(await (await t.alice.get(plan.id)).text(), 'the plan '.repeat(10_000))

  // One that is gone comes back too, under its own name in the copy.
  await rename(join(copy, 'elsewhere', 'plan'), inCopy)
  await rm(object)
  assert.match((await verify(t.directory)).out, /^missing/)
  assert.equal((await verify(t.directory, ['--repair-from', copy])).code, 0)
  assert.equal((await verify(t.directory)).code, 0)
  await rm(other, { recursive: true })
})

test('old versions kept as differences are verified and repaired too, from their base on', async () => {
  await using t = await startTest()
  const text = Array.from({ length: 5000 }, (_, i) => `line ${i} of the story\n`).join('')
  let id = ''
  for (let n = 1; n <= 4; n++) {
    id = (await t.alice.put('story.txt', text.replaceAll(`${n}7`, `changed ${n}`), { onConflict: 'replace' })).id
    await t.idle()
  }
  const objects = join(t.directory, 'vaults', t.alice.vaultId, 'objects')
  const names = async () => (await readdir(objects, { recursive: true })).filter((name) => name.includes('/'))
  const deltas = (await names()).filter((name) => name.endsWith('.delta'))
  assert.equal(deltas.length, 3)
  assert.equal((await verify(t.directory)).code, 0)
  const other = await mkdtemp(join(memory, 'filevault-copy-'))
  await cp(t.directory, join(other, 'backup'), { recursive: true })

  await flip(join(objects, deltas[0] ?? ''))
  await rm(join(objects, deltas[1] ?? ''))
  const whole = (await names()).find((name) => /[0-9a-f]{32}$/.test(name)) ?? ''
  await flip(join(objects, whole))
  const found = await verify(t.directory)
  assert.equal(found.code, 1)
  for (const n of [1, 2, 3, 4]) assert.match(found.out, new RegExp(`/story.txt version ${n} in vault`))
  const repaired = await verify(t.directory, ['--repair-from', join(other, 'backup')])
  assert.equal(repaired.code, 0, repaired.out + repaired.err)
  assert.equal((await verify(t.directory)).code, 0)
  assert.equal((await readdir(join(t.directory, 'quarantine'))).length, 2)
  for (let n = 1; n <= 4; n++) {
    const answer = (await t.alice.call(downloadVersion, { params: { id, n: String(n) } })) as Response
    assert.equal(await answer.text(), text.replaceAll(`${n}7`, `changed ${n}`))
  }
  await rm(other, { recursive: true })
})

async function verify(directory: string, args: string[] = []) {
  const env = { PATH: process.env.PATH, FILEVAULT_VOLUME: directory, FILEVAULT_VOLUME_RESERVE: '1MB' }
  const child = spawn(process.execPath, [main, 'verify', ...args], { env, cwd: directory })
  const [out, err, [code]] = await Promise.all([child.stdout.toArray(), child.stderr.toArray(), once(child, 'exit')])
  return { code: code as number, out: out.join(''), err: err.join('') }
}

/** The only object of a vault. */
async function objectOf(directory: string, vaultId: string): Promise<string> {
  const objects = join(directory, 'vaults', vaultId, 'objects')
  const found = (await readdir(objects, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile())
  return join(found[0]?.parentPath ?? '', found[0]?.name ?? '')
}

async function flip(path: string): Promise<void> {
  await chmod(path, 0o600)
  await using file = await open(path, 'r+')
  const byte = Buffer.alloc(1)
  await file.read(byte, 0, 1, 10)
  await file.write(Buffer.from([(byte[0] ?? 0) ^ 1]), 0, 1, 10)
}
