// What the tests of this room share: a volume in a temporary directory, mounts, and what the disk says of it.

import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readlinkSync, realpathSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openVolume, type VolumeOptions } from './volume.ts'

// In memory where that is possible: a vault has 512 directories, and each test makes its own.
const root = existsSync('/dev/shm') ? '/dev/shm' : tmpdir()

/** A directory that is gone at the end of the test. */
export async function makeTemporary() {
  const path = realpathSync(await mkdtemp(join(root, 'filevault-volume-')))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** A fresh volume with the vault `alice`, and eyes for what is left on the disk and open in the process. */
export async function startVolume(options: Partial<VolumeOptions> = {}) {
  const temporary = await makeTemporary()
  const directory = options.directory ?? join(temporary.path, 'volume')
  const volume = await openVolume({ requireMount: false, reserveBytes: 0, ...options, directory })
  await volume.createVault('alice')
  return {
    volume,
    directory,
    files: () => listFiles(directory),
    openFiles: () => openFilesIn(directory),
    async [Symbol.asyncDispose]() {
      await volume[Symbol.asyncDispose]()
      await temporary[Symbol.asyncDispose]()
    },
  }
}

/** The paths of all files below a directory, without the marker of the volume. */
export async function listFiles(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => !entry.isDirectory() && entry.name !== '.filevault-volume')
  return files.map((entry) => join(entry.parentPath, entry.name).slice(directory.length + 1)).sort()
}

/** A small filesystem of its own in memory; only root can mount one. */
export async function mountSmall(size: string) {
  const temporary = await makeTemporary()
  const directory = join(temporary.path, 'mounted')
  await mkdir(directory)
  const mount = () => execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', directory])
  const unmount = () => execFileSync('umount', ['-l', directory])
  mount()
  return {
    directory,
    mount,
    unmount,
    remountReadOnly: () => execFileSync('mount', ['-o', 'remount,ro', directory]),
    async [Symbol.asyncDispose]() {
      if (isMounted(directory)) unmount()
      await temporary[Symbol.asyncDispose]()
    },
  }
}

/** Why a test that mounts cannot run here, or false. */
export const cannotMount = process.getuid?.() === 0 ? false : 'only root can mount a filesystem'

/** Bytes that are the same each time and look like nothing known. */
export function bytes(size: number): Buffer {
  const block = createHash('sha512').update('File Vault').digest()
  return Buffer.alloc(size, block)
}

/** The bytes in chunks, as a socket gives them. */
export async function* chunked(content: Buffer, size = 65_536): AsyncGenerator<Buffer> {
  for (let start = 0; start < content.length; start += size) yield content.subarray(start, start + size)
}

export function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex')
}

/** What `assert.rejects` compares with a Problem. */
export function problem(code: string, message?: RegExp) {
  return { name: 'Problem', code, ...(message && { message }) }
}

function openFilesIn(directory: string): string[] {
  const targets = readdirSync('/proc/self/fd').map((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`)
    } catch {
      return '' // the descriptor of this very listing
    }
  })
  return targets.filter((target) => target.startsWith(directory))
}

function isMounted(directory: string): boolean {
  return execFileSync('cat', ['/proc/self/mounts'], { encoding: 'utf8' }).includes(` ${directory} `)
}
