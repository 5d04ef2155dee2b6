import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Config, defaultFile, loadConfig } from './config.ts'
import { Problem } from './problem.ts'

async function load(toml: string, env: Record<string, string> = {}): Promise<Config> {
  const directory = await mkdtemp(join(tmpdir(), 'filevault-config-'))
  try {
    await writeFile(join(directory, 'own.toml'), toml)
    return loadConfig({ file: 'own.toml', env, cwd: directory })
  } finally {
    await rm(directory, { recursive: true })
  }
}

function says(...parts: RegExp[]): (error: unknown) => true {
  return (error) => {
    assert.ok(error instanceof Problem && error.code === 'bad-input', String(error))
    for (const part of parts) assert.match(error.message, part)
    return true
  }
}

test('an unknown key or section stops the start and names the nearest right one', async () => {
  await assert.rejects(load('[server]\nlisten_on = "x"'), says(/listen_on/, /\[server\]/, /Did you mean "listen"/))
  await assert.rejects(load('[volum]\npath = "x"'), says(/\[volum\]/, /Did you mean "volume"/))
  await assert.rejects(load('[server]\n__proto__ = 1'), says(/__proto__/))
  await assert.rejects(load('', { FILEVAULT_LISTN: ':1' }), says(/FILEVAULT_LISTN/, /FILEVAULT_LISTEN/))
})

test('a wrong value stops the start, says where it stands and what is needed', async () => {
  for (const [toml, need] of [
    ['[server]\nlisten = "nowhere"', /listen.*127\.0\.0\.1:8080/],
    ['[server]\nlisten = "127.0.0.1:99999"', /listen/],
    ['[server]\ntrusted_proxies = ["10.0.0.0/99"]', /10\.0\.0\.0\/99/],
    ['[server]\npublic_url = "files.example.org"', /https:\/\//],
    ['[volume]\nreserve = "lots"', /reserve.*lots.*10GB/],
    ['[volume]\nmust_be_mount = "perhaps"', /must_be_mount.*true or false/],
    ['[media]\nprocesses = 0', /processes.*at least 1/],
    ['[media]\ntimeout = "60"', /timeout.*30s/],
    ['[log]\nlevel = "loud"', /level.*debug/],
    ['server = 3', /\[server\] is a section/],
    ['[server', /not valid TOML \(line 1\)/],
  ] as const)
    await assert.rejects(load(toml), says(need), toml)
  assert.throws(() => loadConfig({ file: 'missing.toml', env: {}, cwd: '/' }), says(/missing\.toml/))
  assert.throws(
    () => loadConfig({ env: { FILEVAULT_ADMIN_EMAIL: 'a@b.c' }, cwd: '/nowhere' }),
    says(/FILEVAULT_ADMIN_PASSWORD/),
  )
})

test('two names of one setting are refused, whichever comes first', async () => {
  const [short, long] = [{ FILEVAULT_VOLUME: '/a' }, { FILEVAULT_VOLUME_PATH: '/b' }]
  for (const env of [
    { ...short, ...long },
    { ...long, ...short },
  ])
    await assert.rejects(load('', env), says(/FILEVAULT_VOLUME\b/, /FILEVAULT_VOLUME_PATH/))
})

test('settings of a search server are accepted, with a note that they do nothing yet', async () => {
  const { notes } = await load('', { FILEVAULT_MEILISEARCH_KEY: 'k' })
  assert.equal(notes.length, 1)
  assert.match(notes[0] ?? '', /FILEVAULT_MEILISEARCH_KEY.*embedded/)
})

test('the environment goes before the file, the file before the defaults', async () => {
  const config = await load('[server]\nlisten = "0.0.0.0:1"\n[media]\ntimeout = "2m"', {
    FILEVAULT_LISTEN: '[::1]:9000',
    FILEVAULT_SERVER_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
  })
  assert.deepEqual(config.server.listen, { host: '::1', port: 9000 })
  assert.deepEqual(config.server.trustedProxies, ['10.0.0.0/8', '::1'])
  assert.equal(config.media.timeoutMs, 120_000)
  assert.equal(config.volume.reserveBytes, 'auto')
  assert.ok(Object.isFrozen(config.server.listen))
})

test('the commented file in config/ says every key with its default', async () => {
  const file = new URL('../config/filevault.toml', import.meta.url)
  assert.equal(await readFile(file, 'utf8'), defaultFile())
  const { notes, ...written } = loadConfig({ file: file.pathname, env: {}, cwd: '/' })
  const { notes: _, ...builtIn } = loadConfig({ env: {}, cwd: '/' })
  assert.deepEqual(notes, [])
  assert.deepEqual(written, builtIn)
})
