// The marker says that a directory is a volume, and which one. Without it an unmounted disk looks like an empty one, and
// an empty vault is what sync clients would then copy: the classic total loss.

import { randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { link, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '../problem.ts'
import { makeDirectory, removeName, syncDirectory } from './directory.ts'
import { errorCode, ifThere, onDisk } from './failure.ts'
import type { Layout } from './layout.ts'

const FORMAT = 1
const UNFINISHED = /^\.filevault-volume\.[0-9a-f-]{36}$/

/** The id of the volume, or undefined when there is no marker. A marker that cannot be understood is a `Problem`. */
export async function readMarker({ marker, directory }: Layout): Promise<string | undefined> {
  const file = await ifThere(open(marker, constants.O_RDONLY | constants.O_NOFOLLOW))
  if (!file) return undefined
  await using opened = file
  const text = await onDisk(opened.readFile('utf8'))
  const { volume, format } = parse(text)
  if (typeof volume !== 'string' || volume === '' || typeof format !== 'number') {
    throw new Problem(
      'storage-unavailable',
      `The marker of the volume ${directory} is damaged. Restore ${marker} from a backup.`,
    )
  }
  if (format > FORMAT) {
    throw new Problem(
      'storage-unavailable',
      `The volume ${directory} was written by a later File Vault. Start that version, or a newer one.`,
    )
  }
  return volume
}

/**
 * Makes a volume of an empty directory and returns its id. The marker comes last, so that a crash on the way leaves
 * a directory that still counts as empty. Of two processes that start at once, both get the id of the first.
 */
export async function initialise(layout: Layout): Promise<string> {
  const skeleton = [layout.index, layout.incoming, layout.uploads, layout.vaults, layout.quarantine]
  for (const unfinished of await refuseOccupied(layout, skeleton)) await removeName(unfinished)
  for (const directory of skeleton) await makeDirectory(directory)
  for (const directory of skeleton) await syncDirectory(directory)

  const id = randomUUID()
  const temporary = `${layout.marker}.${id}`
  await writeMarker(temporary, id)
  const isFirst = await onDisk(
    link(temporary, layout.marker).then(
      () => true,
      (error) => (errorCode(error) === 'EEXIST' ? false : Promise.reject(error)),
    ),
  )
  await removeName(temporary)
  await syncDirectory(layout.directory)
  return isFirst ? id : ((await readMarker(layout)) ?? id)
}

async function writeMarker(path: string, volume: string): Promise<void> {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  await using file = await onDisk(open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o400))
  await onDisk(file.writeFile(`${JSON.stringify({ volume, format: FORMAT })}\n`))
  await onDisk(file.sync())
}

// Empty means: nothing but what mkfs makes and what a start that was cut short can leave. Returns those left markers.
async function refuseOccupied({ directory }: Layout, skeleton: string[]): Promise<string[]> {
  const names = await onDisk(readdir(directory))
  const unfinished = names.filter((name) => UNFINISHED.test(name))
  for (const name of names) {
    if (name === 'lost+found' || unfinished.includes(name)) continue
    const path = join(directory, name)
    const isEmptySkeleton = skeleton.includes(path) && (await onDisk(readdir(path))).length === 0
    if (!isEmptySkeleton) {
      throw new Problem(
        'storage-unavailable',
        `${directory} is not a File Vault volume: it has no marker and is not empty ("${name}" is there). ` +
          'Mount the volume there, or choose an empty directory.',
      )
    }
  }
  return unfinished.map((name) => join(directory, name))
}

function parse(text: string): { volume?: unknown; format?: unknown } {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}
