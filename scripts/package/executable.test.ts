/**
 * The executable as people get it: in an empty directory, with nothing in the environment and no Node. It takes minutes
 * to make, hence a command of its own, `npm run test:package`.
 */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { login } from '../../src/api/auth.ts'
import { type Client, client } from '../../src/api/client.ts'
import { download, getFile, listFiles, removeFile, restoreFile, thumbnail, uploadFiles } from '../../src/api/files.ts'
import { search } from '../../src/api/search.ts'
import { listUsers } from '../../src/api/users.ts'
import { noise, picture } from '../../src/media/samples.ts'
import { formOf } from '../../src/testing/person.ts'
import { freePort } from '../../src/testing/port.ts'
import { version } from '../../src/version.ts'
import { makeExecutable } from '../package.ts'

const skip = process.env.FILEVAULT_PACKAGE === 'test' ? false : 'npm run test:package'
const empty = mkdtempSync(join(tmpdir(), 'filevault-executable-'))
const cache = join(empty, 'cache')
const largest = 125e6
const ann = { email: 'ann@example.org', password: 'a long enough password' }
let executable = ''
let port = 0
let origin = ''

before(async () => {
  if (skip) return
  executable = await makeExecutable()
  port = await freePort()
  origin = `http://127.0.0.1:${port}`
})
after(() => rmSync(empty, { recursive: true, force: true }))

const environment = () => ({
  XDG_CACHE_HOME: cache,
  FILEVAULT_VOLUME: join(empty, 'volume'),
  FILEVAULT_VOLUME_RESERVE: '1MB',
  FILEVAULT_LISTEN: `127.0.0.1:${port}`,
  FILEVAULT_ADMIN_EMAIL: ann.email,
  FILEVAULT_ADMIN_PASSWORD: ann.password,
})

function run(args: string[], input = '', env: Record<string, string> = environment()) {
  return spawnSync(executable, args, { cwd: empty, env, input, encoding: 'utf8' })
}

async function serve(): Promise<ChildProcess> {
  const server = spawn(executable, ['serve'], {
    cwd: empty,
    env: environment(),
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  while (!(await fetch(`${origin}/health`).catch(() => undefined))?.ok) {
    assert.equal(server.exitCode, null, 'the server ended while it started')
    await sleep(10)
  }
  return server
}

/** Signs in as a browser does. */
async function signIn(): Promise<Client & { vaultId: string }> {
  let cookie = ''
  const keeping: typeof fetch = async (...request) => {
    const response = await fetch(...request)
    cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? cookie
    return response
  }
  const { vaultId } = await client({ origin, fetch: keeping }).call(login, { body: ann })
  return { ...client({ origin, headers: { cookie } }), vaultId }
}

test('it says its version, in a folder that only its user may enter', { skip }, () => {
  const { status, stdout, stderr } = run(['--version'])
  assert.deepEqual([status, stdout, stderr], [0, `${version}\n`, ''])
  assert.ok(statSync(executable).size <= largest)
  const [build = ''] = readdirSync(join(cache, 'filevault'))
  assert.equal(statSync(join(cache, 'filevault', build)).mode & 0o777, 0o700)
})

test('a part of it that is not one is refused', { skip }, () => {
  const script = join(empty, 'script.js')
  writeFileSync(script, 'process.stdout.write("ran")')
  const { status, stdout, stderr } = run(['--part', script])
  assert.deepEqual([status, stdout, stderr], [1, '', 'This option is for File Vault itself.\n'])
})

test('files that were changed are not run, but made anew', { skip }, () => {
  const [build = ''] = readdirSync(join(cache, 'filevault'))
  const main = join(cache, 'filevault', build, 'src/main.js')
  chmodSync(main, 0o600)
  writeFileSync(main, 'process.stdout.write("another program")')
  assert.equal(run(['--version']).stdout, `${version}\n`)
})

test('NODE_OPTIONS does not steer it', { skip }, () => {
  const env = { ...environment(), NODE_OPTIONS: '--require=/nowhere/else.js' }
  assert.equal(run(['--version'], '', env).stdout, `${version}\n`)
})

test('eight first starts at once all work, and leave one folder', { skip }, async () => {
  const env = { ...environment(), XDG_CACHE_HOME: join(empty, 'together') }
  const starts = Array.from({ length: 8 }, () => spawn(executable, ['--version'], { cwd: empty, env, stdio: 'ignore' }))
  const codes = await Promise.all(starts.map(async (start) => (await once(start, 'exit'))[0]))
  assert.deepEqual(codes, Array(8).fill(0))
  assert.equal(readdirSync(join(empty, 'together/filevault')).length, 1)
})

test('a team works with it: sign in, upload, thumbnail, search, download, trash, users, stop', { skip }, async () => {
  mkdirSync(join(empty, 'volume'))
  const server = await serve()
  const person = await signIn()

  const page = await fetch(origin)
  assert.match(await page.text(), /<script type="module"/)

  const image = new Uint8Array(await picture(1200, 800).jpeg().toBuffer())
  const text = new Uint8Array(noise(3_000_000))
  const { files } = await person.call(uploadFiles, { body: formOf({ 'Harbour.jpg': image, 'ledger.bin': text }) })
  const [shot, ledger] = files
  assert.ok(shot && ledger)

  let now = shot
  for (let tries = 0; now.thumbnail === 'pending' && tries < 300; tries++) {
    await sleep(100)
    now = await person.call(getFile, { params: { id: shot.id } })
  }
  assert.deepEqual([now.thumbnail, now.width, now.height], ['ready', 1200, 800])
  const small = await person.call(thumbnail, { params: { id: shot.id }, query: { size: 'small' } })
  assert.equal(Buffer.from(await small.arrayBuffer()).toString('latin1', 8, 12), 'WEBP')

  const found = await person.call(search, { params: { vaultId: person.vaultId }, query: { q: 'harb' } })
  assert.deepEqual([found.total, found.files[0]?.name, found.engine], [1, 'Harbour.jpg', 'memory'])

  for (const [file, bytes] of [[shot, image] as const, [ledger, text] as const]) {
    const answer = await person.call(download, { params: { id: file.id } })
    assert.ok(Buffer.from(await answer.arrayBuffer()).equals(bytes), file.name)
  }

  const names = async () =>
    (await person.call(listFiles, { params: { vaultId: person.vaultId } })).files.map(({ name }) => name).sort()
  await person.call(removeFile, { params: { id: ledger.id } })
  assert.deepEqual(await names(), ['Harbour.jpg'])
  await person.call(restoreFile, { params: { id: ledger.id } })
  assert.deepEqual(await names(), ['Harbour.jpg', 'ledger.bin'])

  const added = run(['user', 'add', 'ben@example.org', '--name', 'Ben', '--password-stdin'], 'another long password\n')
  assert.equal(added.status, 0, added.stderr)
  const { users } = await person.call(listUsers, {})
  assert.deepEqual(users.map(({ email }) => email).sort(), [ann.email, 'ben@example.org'])

  assert.equal(run(['verify']).status, 0)
  const asked = performance.now()
  server.kill('SIGTERM')
  const [code] = await once(server, 'exit')
  assert.equal(code, 0)
  assert.ok(performance.now() - asked < 10_000)
})

test('what it stored is there after a restart, from another folder of libraries too', { skip }, async () => {
  rmSync(cache, { recursive: true })
  const server = await serve()
  const person = await signIn()
  const { files } = await person.call(listFiles, { params: { vaultId: person.vaultId } })
  assert.equal(files.length, 2)
  assert.ok(existsSync(cache))
  server.kill('SIGTERM')
  await once(server, 'exit')
})
