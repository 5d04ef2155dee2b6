import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../testing/port.ts'

const main = join(import.meta.dirname, '../main.ts')
const missing = ['systemd-notify', 'python3'].find((name) => spawnSync(name, ['--version']).status !== 0)
const skip = missing !== undefined && `${missing} is not installed`

/** Stands where systemd would: prints each datagram on a line of its own. */
const listener = `import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print("bound", flush=True)
while True: print(s.recv(4096).decode().replace("\\n", " "), flush=True)`

test('systemd hears that the server is ready only when it answers, that it lives, and that it stops', {
  skip,
}, async () => {
  const directory = await mkdtemp(join(tmpdir(), 'filevault-notify-'))
  const socket = join(directory, 'notify')
  const systemd = spawn('python3', ['-c', listener, socket], { stdio: ['ignore', 'pipe', 'inherit'] })
  const url = `http://127.0.0.1:${await freePort()}`
  let heard = ''
  systemd.stdout.setEncoding('utf8').on('data', (text: string) => {
    heard += text
  })
  const hear = async (word: string) => {
    while (!heard.includes(word)) await sleep(20)
  }
  await hear('bound')
  const env = {
    PATH: process.env.PATH,
    FILEVAULT_VOLUME: join(directory, 'volume'),
    FILEVAULT_VOLUME_RESERVE: '1MB',
    FILEVAULT_LISTEN: url.slice('http://'.length),
    FILEVAULT_LOG_LEVEL: 'warn',
    NOTIFY_SOCKET: socket,
    WATCHDOG_USEC: '900000',
  }
  const server = spawn(process.execPath, [main, 'serve'], { env, stdio: ['ignore', 'ignore', 'inherit'] })
  try {
    await hear('READY=1')
    assert.equal((await fetch(`${url}/health`)).status, 200)
    await hear('WATCHDOG=1')
    assert.doesNotMatch(heard, /STOPPING/)
    server.kill('SIGTERM')
    const [code] = await once(server, 'exit')
    await hear('STOPPING=1')
    assert.equal(code, 0)
  } finally {
    server.kill('SIGKILL')
    systemd.kill()
    await rm(directory, { recursive: true, force: true })
  }
})
