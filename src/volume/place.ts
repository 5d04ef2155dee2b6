// Where a volume may lie: in a directory that is there, that is mounted if it should be, on a filesystem that keeps promises.

import { mkdir, realpath, stat, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { Problem } from '../problem.ts'
import { syncDirectory } from './directory.ts'
import { ifThere, onDisk } from './failure.ts'

const network = 'it is on a network filesystem, whose locks and fsync the index cannot rely on.'
const userSpace = 'it is on a FUSE filesystem, whose fsync depends on the program behind it.'
const simple = 'its filesystem (FAT) knows neither hard links nor permissions.'

/** Where the index or the bytes would not be safe: magic numbers of statfs (linux/magic.h) and the reason shown. */
export const unsuitableFileSystems: ReadonlyMap<number, string> = new Map([
  [0x6969, network], // NFS
  [0x517b, network], // SMB
  [0xff534d42, network], // CIFS
  [0xfe534d42, network], // SMB 2 and later
  [0x01021997, network], // 9p
  [0x5346414f, network], // AFS
  [0x6b414653, network], // AFS of the kernel
  [0x00c36400, network], // Ceph
  [0x73757245, network], // Coda
  [0x0bd00bd0, network], // Lustre
  [0x564c, network], // NCP
  [0x786f4256, network], // VirtualBox shared folders
  [0x65735546, userSpace],
  [0x4d44, simple],
  [0x2011bab0, simple], // exFAT
])

/** The real path of the volume's directory. It is made when missing, unless it has to be a mount point. */
export async function findDirectory(path: string, requireMount: boolean): Promise<string> {
  if (!requireMount) await makeMissing(resolve(path))
  const directory = await ifThere(realpath(path))
  const found = directory === undefined ? undefined : await onDisk(stat(directory))
  if (directory === undefined || !found?.isDirectory()) {
    throw new Problem('storage-unavailable', `There is no directory ${path}. Create it and mount the volume there.`)
  }
  const above = await onDisk(stat(dirname(directory)))
  if (requireMount && above.dev === found.dev) {
    throw new Problem(
      'storage-unavailable',
      `Nothing is mounted at ${path}. Mount the volume there, or set require_mount = false to use a plain directory.`,
    )
  }
  return directory
}

/** Refuses a directory whose filesystem is in the table. */
export async function refuseUnsuitable(directory: string, unsuitable: ReadonlyMap<number, string>): Promise<void> {
  const { type } = await onDisk(statfs(directory))
  const reason = unsuitable.get(type)
  if (reason) {
    throw new Problem(
      'storage-unavailable',
      `${directory} cannot hold a File Vault volume: ${reason} Use a local disk.`,
    )
  }
}

// Each directory that was made is a new name in the one above it.
async function makeMissing(path: string): Promise<void> {
  const first = await onDisk(mkdir(path, { recursive: true, mode: 0o700 }))
  if (first === undefined) return
  for (let made = path; made.length >= first.length; made = dirname(made)) await syncDirectory(dirname(made))
}
