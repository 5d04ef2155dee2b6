/** The command line and the server as processes of their own: exit codes, output, signals, and kill -9. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import Database from 'better-sqlite3'
import { type Client, client } from '../api/client.ts'
import { download, listMyFiles, uploadFiles } from '../api/files.ts'
import { getUsage } from '../api/storage.ts'
import { formOf } from '../testing/person.ts'
import { listFiles } from '../volume/testing.ts'

const main = join(import.meta.dirname, '../main.ts')

test('a wrong command line ends with 2, a wish that cannot be met with 1, and both say what to do', async () => {
  await using volume = await makeVolume()
  const wrong = [
    ['nothing'],
    ['user'],
    ['user', 'frobnicate'],
    ['user', 'add'],
    ['token', 'create'],
    ['token', 'create', '--user', 'a@b.org', '--name', 'x', '--scope', 'root'],
    ['serve', '--unknown'],
    ['user', 'quota', 'a@b.org'],
  ]
  const ended = await Promise.all(wrong.map(async (args) => ({ args, ...(await volume.run(args)) })))
  for (const { args, code, out, err } of ended) {
    assert.equal(code, 2, `${args.join(' ')}: ${err}`)
    assert.match(err, /filevault|command/, args.join(' '))
    assert.equal(out, '')
    assert.doesNotMatch(err, /\n {4}at /)
  }
  const early = await volume.run(['user', 'list'])
  assert.equal(early.code, 1)
  assert.match(early.err, /Start the server once/)
  for (const args of [[], ['--help'], ['--version']]) assert.equal((await volume.run(args)).code, 0)
})

test('users and tokens are made beside a running server, which knows of them within a second', async () => {
  await using volume = await makeVolume()
  const server = await volume.serve()
  const added = await volume.run(
    ['user', 'add', 'ann@example.org', '--name', 'Ann', '--admin', '--password-stdin'],
    'a long enough password\n',
  )
  assert.equal(added.code, 0, added.err)
  const again = await volume.run(['user', 'add', 'ANN@example.org', '--name', 'Ann'])
  assert.equal(again.code, 1)
  assert.match(again.err, /already/)
  for (const [args, input] of [
    [['user', 'add', 'no address', '--name', 'x'], ''],
    [['user', 'add', 'b@example.org', '--name', 'x', '--password-stdin'], 'short'],
    [['user', 'quota', 'ann@example.org', 'much'], ''],
    [['user', 'disable', 'nobody@example.org'], ''],
    [['user', 'disable', 'ann@example.org'], ''],
  ] as const)
    assert.equal((await volume.run([...args], input)).code, 1, args.join(' '))
  const made = JSON.parse(
    (await volume.run(['user', 'add', 'ben@example.org', '--name', 'Ben', '--quota', '1MB', '--json'])).out,
  ) as { password: string }
  assert.ok(made.password.length >= 20)
  const token = await volume.run(['token', 'create', '--user', 'ben@example.org', '--name', 'script'])
  assert.match(token.out, /^fv_[0-9a-z]{26}_[\w-]{43}\n$/)
  const ben = client({ origin: server.url, token: token.out.trim() })
  assert.equal((await ben.call(getUsage, {})).maxBytes, 1e6)
  assert.equal((await volume.run(['user', 'quota', 'ben@example.org', '2MB'])).code, 0)
  assert.equal((await ben.call(getUsage, {})).maxBytes, 2e6)
  assert.match((await volume.run(['user', 'list'])).out, /ben@example\.org +Ben +member/)
  assert.equal((await volume.run(['user', 'disable', 'ben@example.org'])).code, 0)
  await sleep(1100) // a server reads who somebody is once a second
  await assert.rejects(ben.call(getUsage, {}), { status: 401 })
  const second = await volume.run(['serve'])
  assert.equal(second.code, 1)
  assert.match(second.err, /Another File Vault is running/)
  const began = performance.now()
  server.process.kill('SIGTERM')
  const [code] = await once(server.process, 'exit')
  assert.equal(code, 0)
  assert.ok(performance.now() - began < 10_000)
})

test('memory stays flat while 300 MB arrive, and the bytes are right', async () => {
  await using volume = await makeVolume()
  const server = await volume.serve()
  const { token, person } = await volume.owner(server.url)
  await person.call(uploadFiles, { body: formOf({ 'warm.bin': new Uint8Array(5e6) }) })
  const chunk = Buffer.alloc(1e6, 'File Vault')
  const before = memory(server.process)
  const hash = createHash('sha256')
  let most = 0
  const asked = upload(server.url, token)
  asked.write(partHead)
  for (let i = 0; i < 300; i++) {
    hash.update(chunk)
    if (!asked.write(chunk)) await once(asked, 'drain')
    if (i % 10 === 0) most = Math.max(most, memory(server.process))
  }
  asked.end(partEnd)
  const [answer] = (await once(asked, 'response')) as [import('node:http').IncomingMessage]
  const { files } = JSON.parse(Buffer.concat(await answer.toArray()).toString()) as {
    files: { sha256: string; size: number }[]
  }
  assert.deepEqual([files[0]?.size, files[0]?.sha256], [300e6, hash.digest('hex')])
  assert.ok(most - before < 100e6, `The server grew by ${Math.round((most - before) / 1e6)} MB.`)
})

test('after kill -9 in the middle of uploads nothing is half there, and what was acknowledged is whole', async () => {
  await using volume = await makeVolume()
  let server = await volume.serve()
  const { token } = await volume.owner(server.url)
  const acknowledged = new Map<string, string>()
  for (let round = 0; round < 3; round++) {
    const person = client({ origin: server.url, token })
    const hanging = Array.from({ length: 4 }, (_, i) => {
      const asked = upload(server.url, token)
      asked.on('error', () => {})
      asked.write(partHead.replace('big', `half ${round} ${i}`))
      asked.write(Buffer.alloc(2e6 + i * 1e5, 'x'))
      return asked
    })
    const busy = Promise.allSettled(
      Array.from({ length: 60 }, async (_, i) => {
        await sleep(i * 5)
        const content = `${round}-${i}-`.repeat(2000 + i * 100)
        const { files } = await person.call(uploadFiles, {
          body: formOf({ [`a ${round}-${i}.txt`]: content, [`b ${round}-${i}.txt`]: content }),
        })
        for (const { id } of files) acknowledged.set(id, content)
      }),
    )
    for (let tries = 0; tries < 500 && acknowledged.size < (round + 1) * 8; tries++) await sleep(10)
    server.process.kill('SIGKILL')
    await Promise.all([once(server.process, 'exit'), busy])
    for (const asked of hanging) asked.destroy()
    server = await volume.serve()
    await whole(volume.directory, client({ origin: server.url, token }), acknowledged)
  }
  assert.ok(acknowledged.size >= 24, `Only ${acknowledged.size} files were acknowledged.`)
})

const partHead = '--edge\r\nContent-Disposition: form-data; name="files"; filename="big"\r\n\r\n'
const partEnd = '\r\n--edge--\r\n'

function upload(url: string, token: string) {
  return request(`${url}/api/files/upload`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'multipart/form-data; boundary=edge' },
  })
}

/** Looks at the disk, into the index, and at every acknowledged byte. */
async function whole(directory: string, person: Client, acknowledged: Map<string, string>): Promise<void> {
  for (let tries = 0; tries < 60 && (await incoming(directory)).length > 0; tries++) await sleep(50)
  assert.deepEqual(await incoming(directory), [])
  const index = new Database(join(directory, 'index/filevault.db'), { readonly: true })
  const named = index.prepare('SELECT object_id FROM version ORDER BY object_id').pluck().all()
  const bytes = index.prepare('SELECT coalesce(sum(stored_bytes), 0) FROM version').pluck().get()
  assert.deepEqual(index.pragma('integrity_check'), [{ integrity_check: 'ok' }])
  index.close()
  const onDisk = (await listFiles(directory)).filter((path) => path.includes('/objects/'))
  assert.deepEqual(onDisk.map((path) => path.split('/').at(-1)).sort(), named)
  assert.equal((await person.call(getUsage, {})).totalBytes, bytes)
  const { files } = await person.call(listMyFiles, { query: { limit: 1000 } })
  assert.ok(files.every(({ name }) => !name.startsWith('half')))
  assert.equal(files.filter(({ name }) => name.startsWith('a ')).length, files.length / 2) // pairs, or none of them
  for (const [id, content] of acknowledged) {
    const answer = await person.call(download, { params: { id } })
    assert.equal(await answer.text(), content)
  }
}

async function incoming(directory: string): Promise<string[]> {
  return (await listFiles(directory)).filter((path) => path.startsWith('incoming/'))
}

function memory(process: ChildProcess): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${process.pid}/status`, 'utf8'))?.[1]) * 1024
}

/** A volume of its own, and the program run on it. */
async function makeVolume() {
  const directory = await mkdtemp(join(tmpdir(), 'filevault-cli-'))
  const env = {
    PATH: process.env.PATH,
    FILEVAULT_VOLUME: directory,
    FILEVAULT_LISTEN: '127.0.0.1:0',
    FILEVAULT_VOLUME_RESERVE: '1MB',
    FILEVAULT_LOG_LEVEL: 'error',
  }
  const servers: ChildProcess[] = []
  const start = (args: string[]) => spawn(process.execPath, [main, ...args], { env, cwd: directory })
  const run = async (args: string[], input = '') => {
    const child = start(args)
    child.stdin.end(input)
    const [out, err, [code]] = await Promise.all([child.stdout.toArray(), child.stderr.toArray(), once(child, 'exit')])
    return { code: code as number, out: out.join(''), err: err.join('') }
  }
  return {
    directory,
    run,
    async serve() {
      const child = start(['serve'])
      servers.push(child)
      let said = ''
      child.stderr.on('data', (text) => (said += text))
      child.stdout.on('data', (text) => (said += text))
      for (let tries = 0; tries < 200; tries++) {
        const url = /running at (http:\S+)/.exec(said)?.[1]
        if (url) return { url, process: child }
        await sleep(50)
      }
      return assert.fail(`The server did not start: ${said}`)
    },
    async owner(url: string): Promise<{ token: string; person: Client }> {
      await run(['user', 'add', 'ann@example.org', '--name', 'Ann'])
      const token = (await run(['token', 'create', '--user', 'ann@example.org', '--name', 'x'])).out.trim()
      return { token, person: client({ origin: url, token }) }
    },
    async [Symbol.asyncDispose]() {
      for (const child of servers)
        if (child.exitCode === null && child.signalCode === null) {
          child.kill('SIGKILL')
          await once(child, 'exit')
        }
      await rm(directory, { recursive: true, force: true })
    },
  }
}
