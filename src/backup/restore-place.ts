/**
 * The directory that a backup is restored into: empty, or emptied by moving what is there aside. A note at its top says how
 * far that is, so that a restore which was cut short is begun again and never taken for a volume.
 */
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, realpath, rename, rm, statfs } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { takeLock } from '../index/lock.ts'
import { Problem } from '../problem.ts'
import { formatSize } from '../sizes.ts'
import { layoutOf } from '../volume/layout.ts'
import { findDirectory, refuseUnsuitable, unsuitableFileSystems } from '../volume/place.ts'
import { syncName, writeWhole } from './backup-disk.ts'

export interface Place {
  directory: string
  /** Where what was there lies now; null where nothing was. */
  aside: string | null
  /** What was made is a volume now. */
  finish(): Promise<void>
}

interface Note {
  /** The directory at the top that takes what was there. */
  aside: string | null
  /** What was there is still being moved. */
  isMoving: boolean
}

const noteName = '.filevault-restoring'
/** What may stay: what mkfs makes, our note, and what earlier restores moved aside. */
const isOurs = (name: string) => name === 'lost+found' || name.startsWith(noteName) || /^replaced-[\dTZ.-]+$/.test(name)

/**
 * Prepares a directory. Throws `conflict` where something is in it, unless `moveAside`: then that goes into a directory
 * `replaced-…` beside the new volume, without a byte being copied; `busy` while a server runs on it.
 */
export async function preparePlace(
  path: string,
  {
    mustBeMount,
    moveAside,
    backup,
    now,
  }: { mustBeMount: boolean; moveAside: boolean /** Where the backup lies. */; backup: string; now: number },
): Promise<Place> {
  const directory = await findDirectory(path, mustBeMount)
  if (`${await realpath(backup)}/`.startsWith(`${directory}/`))
    throw new Problem('bad-input', `The backup lies inside the volume ${directory}. Move it to another place first.`)
  await refuseUnsuitable(directory, unsuitableFileSystems)
  const notePath = join(directory, noteName)
  let note = await readNote(notePath)
  if (note && existsSync(layoutOf(directory).marker)) {
    // It had not begun to move what is there, or it was all but done: either way this is a volume.
    await rm(notePath)
    note = undefined
  }
  if (!note) {
    const there = (await readdir(directory)).filter((name) => !isOurs(name))
    if (there.length > 0 && !moveAside)
      throw new Problem(
        'conflict',
        `${directory} is not empty ("${there[0]}" is there), and nothing in it was touched. Choose an empty volume with ` +
          'FILEVAULT_VOLUME, or say --move-aside to keep what is there in a directory beside what is restored.',
      )
    refuseRunning(directory)
    note = { aside: there.length > 0 ? `replaced-${asideName(now)}` : null, isMoving: there.length > 0 }
    await writeNote(directory, note)
  } else refuseRunning(directory)
  if (note.isMoving && note.aside !== null) {
    await moveAll(directory, join(directory, note.aside))
    note = { ...note, isMoving: false }
    await writeNote(directory, note)
  }
  // What is there now was made by a restore that was cut short.
  for (const name of await readdir(directory))
    if (!isOurs(name)) await rm(join(directory, name), { recursive: true, force: true })
  return {
    directory,
    aside: note.aside === null ? null : join(directory, note.aside),
    async finish() {
      await rm(notePath)
      await syncName(directory)
    },
  }
}

/** Refuses a disk that does not have room for so many bytes. */
export async function refuseTooSmall(directory: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(directory)
  if (bytes > bavail * bsize)
    throw new Problem(
      'disk-full',
      `The backup has ${formatSize(bytes)}, and the disk of ${directory} has ${formatSize(bavail * bsize)} left. Use a larger one.`,
    )
}

async function moveAll(directory: string, aside: string): Promise<void> {
  await mkdir(aside, { recursive: true, mode: 0o700 })
  const marker = basename(layoutOf(directory).marker)
  const names = (await readdir(directory)).filter((name) => !isOurs(name))
  // The marker first: without it nobody takes what is left for a volume.
  for (const name of names.sort((a, b) => Number(b === marker) - Number(a === marker)))
    await rename(join(directory, name), join(aside, name))
  await syncName(aside)
  await syncName(directory)
}

function refuseRunning(directory: string): void {
  const { indexFile } = layoutOf(directory)
  if (existsSync(indexFile)) takeLock(indexFile).close()
}

async function readNote(path: string): Promise<Note | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Note
  } catch {
    return undefined
  }
}

async function writeNote(directory: string, note: Note): Promise<void> {
  await writeWhole(join(directory, noteName), `${JSON.stringify(note)}\n`)
  await syncName(directory)
}

function asideName(now: number): string {
  return new Date(now).toISOString().replaceAll(':', '-')
}
