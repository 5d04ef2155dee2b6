/** A real server on a temporary volume, several people, a clock that the test moves, background work that can be drained. */
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Client, client } from '../api/client.ts'
import { type Recording, startRecording } from '../backup/recording.ts'
import { startTree, type Tree } from '../backup/tree.ts'
import { type Config, loadConfig } from '../config.ts'
import type { LiveOptions } from '../http/live.ts'
import { startServer } from '../http/serve.ts'
import { jobHandlers, recurring } from '../jobs/handlers.ts'
import { type Jobs, startJobs } from '../jobs/runner.ts'
import { createLog } from '../log.ts'
import { openMedia } from '../media/media.ts'
import { type Core, openCore } from '../vault/core.ts'
import { addUser } from '../vault/users.ts'
import { openPerson, type Person } from './person.ts'

export interface Test extends AsyncDisposable {
  readonly url: string
  readonly core: Core
  readonly directory: string
  /** An administrator, and two people who know nothing of each other. */
  readonly admin: Person
  readonly alice: Person
  readonly bob: Person
  /** Somebody without an account. */
  readonly visitor: Client
  readonly clock: Clock
  /** Makes another person. */
  person(name: string, options?: { quotaBytes?: number }): Promise<Person>
  /** Waits until no background job is due. */
  idle(): Promise<void>
  /** Waits until the records on the volume say what the index says. */
  recorded(): Promise<void>
  /** Waits until the readable tree shows what the index says. */
  grown(): Promise<void>
}

export interface Clock {
  now(): number
  advance(ms: number): void
}

export interface TestOptions {
  env?: Record<string, string>
  /** An own volume that stays; else a temporary one that goes with the test. */
  directory?: string
  /** No users are made. */
  empty?: boolean
  /** Serves the built page too. */
  page?: boolean
  /** Keeps the readable tree too. */
  tree?: boolean
  /** How patient sockets are. */
  live?: Partial<LiveOptions>
}

/** Starts the whole server, but for signals: what a test does not dispose of would keep it from ending. */
export async function startTest({
  env = {},
  directory: given,
  empty = false,
  page = false,
  tree: withTree = false,
  live,
}: TestOptions = {}): Promise<Test> {
  // Memory where there is some to be had: a vault makes 512 directories. What a disk adds is tested in volume/.
  const directory = given ?? (await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'filevault-test-')))
  const config: Config = loadConfig({
    env: { FILEVAULT_VOLUME: directory, FILEVAULT_LISTEN: '127.0.0.1:0', FILEVAULT_VOLUME_RESERVE: '1MB', ...env },
    cwd: directory,
  })
  const clock = openClock()
  const stack = new AsyncDisposableStack()
  if (given === undefined) stack.defer(() => rm(directory, { recursive: true, force: true }))
  const core = stack.use(
    await openCore({ config, log: createLog('silent'), now: clock.now, passwordCost: { memoryKiB: 64, passes: 2 } }),
  )
  const media = stack.use(
    openMedia({ ffmpeg: 'ffmpeg', ffprobe: 'ffprobe', memoryMb: 1000, timeoutSeconds: 30, processes: 1 }),
  )
  const jobs: Jobs = stack.use(startJobs(core, jobHandlers(core, media), { atOnce: 2, recurring }))
  const recording: Recording = stack.use(startRecording(core))
  const tree: Tree | undefined = stack.use(withTree ? startTree(core) : undefined)
  const server = stack.use(
    await startServer(core, {
      version: '0.0.0-test',
      ...(live ? { live } : {}),
      pageDirectory: page ? join(import.meta.dirname, '../../dist/ui') : join(directory, 'no-page'),
    }),
  )

  const person = async (name: string, options: { quotaBytes?: number; admin?: boolean } = {}): Promise<Person> => {
    const email = `${name}@example.org`
    const made = await addUser(core, { email, name, password: `${name}s own password`, ...options })
    return openPerson(core, server.url, made)
  }
  const people = empty ? [] : await Promise.all([person('admin', { admin: true }), person('alice'), person('bob')])
  const [admin, alice, bob] = people as [Person, Person, Person]
  return {
    url: server.url,
    core,
    directory,
    admin,
    alice,
    bob,
    visitor: client({ origin: server.url }),
    clock,
    person,
    idle: () => jobs.idle(),
    grown: async () => tree?.caughtUp(),
    recorded: () => recording.caughtUp(),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  }
}

function openClock(): Clock {
  let ahead = 0
  return {
    now: () => Date.now() + ahead,
    advance(ms) {
      ahead += ms
    },
  }
}
