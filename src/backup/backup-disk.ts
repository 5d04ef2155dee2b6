/** What the codes of a disk that takes backups mean to people. */
import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { Problem } from '../problem.ts'
import { errorCode } from '../volume/failure.ts'

const reasons: Record<string, string> = {
  ENOSPC: 'it is full. Make room there, or keep fewer backups with --keep',
  EDQUOT: 'the quota there is used up. Make room there, or keep fewer backups with --keep',
  EROFS: 'it can only be read. Mount it so that it can be written',
  EACCES: 'this user may not write there. Change who owns it',
  EPERM: 'this user may not write there. Change who owns it',
  ENOENT: 'it is not there any more. Mount the disk and try again',
  ENOTDIR: 'it is no directory. Choose another one',
  ENODEV: 'its disk is gone. Connect it and try again',
  ENXIO: 'its disk is gone. Connect it and try again',
  ESTALE: 'its disk is gone. Connect it and try again',
  EIO: 'its disk fails. Look into the system log, and use another disk',
}

/** Says what a failed step in a directory of backups means; undefined for a code that says nothing about the disk. */
export function backupDiskProblem(directory: string, code: string | undefined, cause?: unknown): Problem | undefined {
  const reason = reasons[code ?? '']
  return reason
    ? new Problem(
        code === 'ENOSPC' || code === 'EDQUOT' ? 'disk-full' : 'storage-unavailable',
        `The backup directory ${directory} cannot be used: ${reason}. The earlier backups are as they were.`,
        { cause },
      )
    : undefined
}

/** Waits for work in a directory of backups and turns its failure into a sentence. */
export async function onBackupDisk<T>(directory: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw backupDiskProblem(directory, errorCode(error), error) ?? error
  }
}

/** The SHA-256 of a file, in hex, and its size. */
export async function hashOf(path: string): Promise<{ sha256: string; bytes: number }> {
  await using file = await open(path, 'r')
  const hash = createHash('sha256')
  let bytes = 0
  for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1 << 20 })) {
    hash.update(chunk as Buffer)
    bytes += (chunk as Buffer).length
  }
  return { sha256: hash.digest('hex'), bytes }
}

/** Writes a small file so that it is there whole or not at all. */
export async function writeWhole(path: string, text: string): Promise<void> {
  const temporary = `${path}.new`
  {
    await using file = await open(temporary, 'w', 0o600)
    await file.writeFile(text)
    await file.sync()
  }
  await rename(temporary, path)
}

/** Makes the names in a directory durable. */
export async function syncName(path: string): Promise<void> {
  await using directory = await open(path, constants.O_RDONLY | constants.O_DIRECTORY)
  await directory.sync()
}
