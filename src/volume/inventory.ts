// What lies on the disk, listed without opening anything: for the audit, and for making a lost index anew.

import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ifThere, onDisk } from './failure.ts'
import { type Layout, type ObjectName, parseArriving } from './layout.ts'

/** A name in a directory of objects: `whole` the bytes themselves, `delta` a difference, `blocks` a derived list. */
export interface FoundObject extends ObjectName {
  form: 'whole' | 'delta' | 'blocks'
}

/** Another name where only objects may lie. */
export interface Stranger {
  path: string
  /** It is ours: a difference or a list that is being made, or was when the machine stopped. */
  isUnfinished: boolean
}

const UNFINISHED = /^[0-9a-f]{32}(?:\.packing|\.blocks\.new)$/
const OBJECT = /^([0-9a-f]{32})(?:\.(delta|blocks))?$/
const VAULT_ID = /^[0-9a-z]{1,64}$/

/** The ids of all vaults that have a directory. */
export async function listVaults(layout: Layout): Promise<string[]> {
  const entries = await onDisk(readdir(layout.vaults, { withFileTypes: true }))
  return entries.filter((entry) => entry.isDirectory() && VAULT_ID.test(entry.name)).map(({ name }) => name)
}

/** What lies in one of the 256 shards (`00` to `ff`) of a vault; a shard that is not there is empty. */
export async function listShard(
  layout: Layout,
  vaultId: string,
  shard: string,
): Promise<{ objects: FoundObject[]; strangers: Stranger[] }> {
  const directory = join(layout.vault(vaultId), 'objects', shard)
  const objects: FoundObject[] = []
  const strangers: Stranger[] = []
  for (const name of (await ifThere(readdir(directory))) ?? []) {
    const [, objectId, form = 'whole'] = OBJECT.exec(name) ?? []
    if (objectId?.startsWith(shard)) objects.push({ vaultId, objectId, form: form as FoundObject['form'] })
    else strangers.push({ path: join(directory, name), isUnfinished: UNFINISHED.test(name) })
  }
  return { objects, strangers }
}

/** The objects that have a name in `incoming` or `uploads`, and the names there that are none of ours. */
export async function listStaged(
  layout: Layout,
  where: 'incoming' | 'uploads',
): Promise<{ objects: ObjectName[]; strangers: Stranger[] }> {
  const objects: ObjectName[] = []
  const strangers: Stranger[] = []
  for (const name of (await ifThere(readdir(layout[where]))) ?? []) {
    const object = parseArriving(name)
    if (object) objects.push(object)
    else strangers.push({ path: join(layout[where], name), isUnfinished: false })
  }
  return { objects, strangers }
}

/** The size of a file; undefined when nothing is there, and -1 when it is no file. */
export async function sizeOf(path: string): Promise<number | undefined> {
  const found = await ifThere(lstat(path))
  return found === undefined ? undefined : found.isFile() ? found.size : -1
}
