/** What the tests of commands share: the program as a process, and a directory on a disk that is not the volume's. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const main = join(import.meta.dirname, '../main.ts')

export interface Ended {
  code: number | null
  out: string
  err: string
}

/** Starts a command on the volume in `directory`; `ended` resolves with what it printed. */
export function start(directory: string, args: string[]): { process: ChildProcess; ended: Promise<Ended> } {
  const env = { PATH: process.env.PATH, FILEVAULT_VOLUME: directory, FILEVAULT_VOLUME_RESERVE: '1MB' }
  const child = spawn(process.execPath, [main, ...args], { env, cwd: tmpdir() })
  const ended = Promise.all([child.stdout.toArray(), child.stderr.toArray(), once(child, 'exit')]).then(
    ([out, err, [code]]) => ({ code: code as number | null, out: out.join(''), err: err.join('') }),
  )
  return { process: child, ended }
}

/** Runs a command to its end. */
export function run(directory: string, ...args: string[]): Promise<Ended> {
  return start(directory, args).ended
}

/** A directory on the disk of temporary files, which goes with the test. */
export async function makeDirectory() {
  const path = await mkdtemp(join(tmpdir(), 'filevault-cli-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}
