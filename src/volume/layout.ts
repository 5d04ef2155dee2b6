// Every path on the volume, and why it lies there. Names on the disk are made of our own ids alone: no name that a user
// chose ever reaches it, which rules out traversal, case, Unicode and length trouble as a class.

import { join } from 'node:path'

/** Which object is meant: the vault whose folder it lies in, and the name that `put` gave it. */
export interface ObjectName {
  vaultId: string
  objectId: string
}

export const thumbnailSizes = ['small', 'medium', 'large'] as const
export type ThumbnailSize = (typeof thumbnailSizes)[number]

// The names of the 256 shards, `00` to `ff`: no directory grows so large that listing it hurts.
export const shards = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, '0'))

const VAULT_ID = /^[0-9a-z]{1,64}$/
const OBJECT_ID = /^[0-9a-f]{32}$/
const ARRIVING = /^([0-9a-z]{1,64})\.([0-9a-f]{32})$/

export type Layout = ReturnType<typeof layoutOf>

/** The paths of the volume in `directory`. Everything is on one filesystem, so that a link is enough to move bytes. */
export function layoutOf(directory: string) {
  const incoming = join(directory, 'incoming')
  const vaults = join(directory, 'vaults')
  const vault = (vaultId: string) => join(vaults, checked(vaultId, VAULT_ID))
  const shard = (kind: 'objects' | 'thumbnails', { vaultId, objectId }: ObjectName) =>
    join(vault(vaultId), kind, checked(objectId, OBJECT_ID).slice(0, 2))

  return {
    directory,
    /** Says that this is a volume, and which one. Written last: a directory without it was never finished. */
    marker: join(directory, '.filevault-volume'),
    /** The index lies beside the bytes, so that one snapshot of the volume holds both at the same moment. */
    index: join(directory, 'index'),
    indexFile: join(directory, 'index', 'filevault.db'),
    /** Bytes on their way in. A name stays until the index names the object: start-up looks here for what a crash left. */
    incoming,
    /** Bytes of resumable uploads, by the object they are to become. Kept through restarts, unlike what is in `incoming`. */
    uploads: join(directory, 'uploads'),
    vaults,
    /** What verification found damaged or unknown. Moved here, never deleted on suspicion. */
    quarantine: join(directory, 'quarantine'),

    vault,
    /** What a lost index is made again from: users and settings here, each vault's own beside its bytes. */
    records: join(directory, 'records'),
    vaultRecords: (vaultId: string) => join(vault(vaultId), 'records'),
    /** Hard links to the newest versions under the names that people gave; made by us, read by others. */
    vaultTree: (vaultId: string) => join(vault(vaultId), 'files'),
    /** Made whole with the vault, so that storing an object never adds a directory that would have to be synced as well. */
    vaultDirectories(vaultId: string) {
      const [objects, thumbnails] = [join(vault(vaultId), 'objects'), join(vault(vaultId), 'thumbnails')]
      return {
        parents: [vault(vaultId), objects, thumbnails],
        objectShards: shards.map((name) => join(objects, name)),
        thumbnailShards: shards.map((name) => join(thumbnails, name)),
      }
    },

    objectShard: (name: ObjectName) => shard('objects', name),
    object: (name: ObjectName) => join(shard('objects', name), name.objectId),
    /** The object as a difference to another one; then it does not lie whole any more. */
    delta: (name: ObjectName) => join(shard('objects', name), `${name.objectId}.delta`),
    /** A difference that is being made. */
    packing: (name: ObjectName) => join(shard('objects', name), `${name.objectId}.packing`),
    /** The list of its blocks, derived from its bytes: made again where it is missing. */
    blocks: (name: ObjectName) => join(shard('objects', name), `${name.objectId}.blocks`),
    upload: ({ vaultId, objectId }: ObjectName) =>
      join(directory, 'uploads', `${checked(vaultId, VAULT_ID)}.${checked(objectId, OBJECT_ID)}`),
    thumbnail: (name: ObjectName, size: ThumbnailSize) =>
      join(shard('thumbnails', name), `${name.objectId}.${checkedSize(size)}.webp`),
    arriving: ({ vaultId, objectId }: ObjectName) =>
      join(incoming, `${checked(vaultId, VAULT_ID)}.${checked(objectId, OBJECT_ID)}`),
  }
}

/** The object that a file name in `incoming` belongs to; undefined for a name that is none of ours. */
export function parseArriving(fileName: string): ObjectName | undefined {
  const [, vaultId, objectId] = ARRIVING.exec(fileName) ?? []
  return vaultId !== undefined && objectId !== undefined ? { vaultId, objectId } : undefined
}

// A wrong id is no mistake of a person but a bug of ours, possibly with an attacker behind it: no Problem, a TypeError.
function checked(id: string, pattern: RegExp): string {
  if (!pattern.test(id)) throw new TypeError(`Not an id of the volume: ${JSON.stringify(id)}`)
  return id
}

function checkedSize(size: ThumbnailSize): ThumbnailSize {
  if (!thumbnailSizes.includes(size)) throw new TypeError(`Not a thumbnail size: ${JSON.stringify(size)}`)
  return size
}
