// Names in directories, made and removed so that a power cut does not undo it: on ext4 and xfs a name is durable only
// after an fsync of the directory that holds it.

import { constants } from 'node:fs'
import { lstat, mkdir, open, unlink } from 'node:fs/promises'
import { errorCode, ifThere, onDisk } from './failure.ts'

/** Makes a directory for our eyes alone; one that is there already is kept, anything else in its place is refused. */
export async function makeDirectory(path: string): Promise<void> {
  try {
    await mkdir(path, 0o700)
  } catch (error) {
    const isThere = errorCode(error) === 'EEXIST' && (await lstat(path)).isDirectory()
    if (!isThere) await onDisk(Promise.reject(error))
  }
}

/** Opens a directory in order to sync it. */
export function openDirectory(path: string) {
  return onDisk(open(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW))
}

/** Makes the names in a directory, and the absence of names, durable. */
export async function syncDirectory(path: string): Promise<void> {
  await using directory = await openDirectory(path)
  await onDisk(directory.sync())
}

/** Removes a name and says whether it was there. */
export async function removeName(path: string): Promise<boolean> {
  return (await ifThere(unlink(path).then(() => true))) ?? false
}
