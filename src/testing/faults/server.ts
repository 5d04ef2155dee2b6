/** The server as a process that can be killed and started again on the same volume. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Client, client } from '../../api/client.ts'
import { freePort } from '../port.ts'

const main = join(import.meta.dirname, '../../main.ts')

export interface Mortal extends AsyncDisposable {
  readonly directory: string
  readonly client: Client
  /** Starts it, with a program before it where one is given (strace), and waits until it answers. */
  start(before?: readonly string[]): Promise<void>
  /** Ends it without a word, as a power cut would end the process; answers when it is gone. */
  kill(): Promise<void>
  /** Resolves when it has ended by itself or by others. */
  gone(): Promise<void>
  /** Runs a command on the volume. */
  run(...args: string[]): { status: number | null; out: string; err: string }
}

/** A server on a volume of its own on a real disk, with one administrator; `PATH` is where programs are found. */
export async function makeMortal(PATH: string | undefined): Promise<Mortal> {
  const directory = await mkdtemp(join(tmpdir(), 'filevault-mortal-'))
  const port = await freePort()
  const env = {
    PATH,
    FILEVAULT_VOLUME: directory,
    FILEVAULT_VOLUME_RESERVE: '1MB',
    FILEVAULT_LISTEN: `127.0.0.1:${port}`,
    FILEVAULT_LOG_LEVEL: 'error',
    FILEVAULT_ADMIN_EMAIL: 'ann@example.org',
    FILEVAULT_ADMIN_PASSWORD: 'a long enough password',
  }
  const url = `http://127.0.0.1:${port}`
  let child: ChildProcess | undefined
  let token = ''

  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [main, ...args], { env, encoding: 'utf8' })
    return { status, out: stdout, err: stderr }
  }
  const gone = async () => {
    if (child && child.exitCode === null && child.signalCode === null) await once(child, 'exit')
  }
  const kill = async () => {
    // The whole group: strace, where there is one, would keep the server alive.
    if (child?.pid !== undefined && child.exitCode === null && child.signalCode === null)
      process.kill(-child.pid, 'SIGKILL')
    await gone()
  }
  const plain = client({ origin: url })
  return {
    directory,
    client: {
      url: plain.url,
      call: (endpoint, input, options) =>
        plain.call(endpoint, input, { ...options, headers: { authorization: `Bearer ${token}`, ...options?.headers } }),
    },
    async start(before = []) {
      const [program = '', ...args] = [...before, process.execPath, main, 'serve']
      child = spawn(program, args, { env, stdio: ['ignore', 'ignore', 'inherit'], detached: true })
      for (let tries = 0; ; tries++) {
        if (child.exitCode !== null || child.signalCode !== null) throw new Error('The server ended while it started.')
        if ((await fetch(`${url}/health`).catch(() => undefined))?.ok) break
        if (tries > 1000) throw new Error('The server does not answer.')
        await sleep(20)
      }
      if (token === '')
        token = run(
          'token',
          'create',
          '--user',
          'ann@example.org',
          '--name',
          'test',
          '--scope',
          'read,write,admin',
        ).out.trim()
    },
    kill,
    gone,
    run,
    async [Symbol.asyncDispose]() {
      await kill()
      await rm(directory, { recursive: true, force: true })
    },
  }
}
