// The volume: one mounted directory with the bytes of all files. Deep on purpose: what it takes to keep bytes through
// crashes, full disks and unmounted ones is behind these few verbs. It knows ids and paths, neither users nor names.

import { randomBytes } from 'node:crypto'
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import { Problem } from '../problem.ts'
import { digestFile } from './digest.ts'
import type { Digest } from './digester.ts'
import { makeDirectory, removeName, syncDirectory } from './directory.ts'
import { ifThere, onDisk } from './failure.ts'
import { guardOf, type Reserve, type Space, spaceOf } from './guard.ts'
import type { Source } from './intake.ts'
import { type Layout, layoutOf, type ObjectName, parseArriving, type ThumbnailSize, thumbnailSizes } from './layout.ts'
import { initialise, readMarker } from './marker.ts'
import { type OpenedObject, openIfThere, openObject } from './open.ts'
import { openPacking, type Packing } from './packed.ts'
import { findDirectory, refuseUnsuitable, unsuitableFileSystems } from './place.ts'
import { type PutOptions, type Stored, storeObject, type Wrote } from './put.ts'
import { openStaged, type Staged } from './staged.ts'
import { createVault, removeVault } from './vaults.ts'

export interface VolumeOptions {
  directory: string
  /** Refuse a directory that is not a mount point: it would be the root disk, with the volume missing. */
  requireMount: boolean
  /** Free space below which nothing is stored any more. */
  reserveBytes: Reserve
  /** What is refused, by the magic number of statfs, and why. */
  unsuitable?: ReadonlyMap<number, string>
  /** Milliseconds of a clock; for tests. */
  now?: () => number
  /** Told with each object and chunk how long the disk took to make it durable. */
  wrote?: Wrote
}

export interface Volume extends AsyncDisposable {
  /** From the marker: the same for as long as the volume lives, wherever it is mounted. */
  readonly id: string
  readonly directory: string
  readonly indexPath: string
  /** Where everything lies; for what looks at the volume from outside: audit, rescue, the readable tree. */
  readonly layout: Layout

  /** Makes the directories of a vault, durably. Nothing happens when they are there. */
  createVault(vaultId: string): Promise<void>
  /** Removes the directories of a vault and its thumbnails. A vault that still has objects is a `conflict`. */
  removeVault(vaultId: string): Promise<void>

  /**
   * Stores a stream durably under a name of its own. Nobody sees it until the index names it: then `settle`. When the
   * index refuses it: `discard`. When the outcome of the commit is unknown: neither, recovery decides. When `put` throws,
   * nothing is left on the disk, and the source is as it was.
   */
  put(vaultId: string, source: Source, options: PutOptions): Promise<Stored>
  /** The index names the object now. */
  settle(object: ObjectName): Promise<void>
  /** The index will never name the object: its bytes are removed. */
  discard(object: ObjectName): Promise<void>

  /** Bytes of resumable uploads. */
  readonly staged: Staged

  /** Objects kept as differences. */
  readonly packing: Packing

  /** Opens an object that lies whole. One that is missing or damaged is `storage-unavailable`, never "not found". */
  open(vaultId: string, objectId: string): Promise<OpenedObject>
  /** Computes everything that is known of an object's bytes anew, on a thread of its own. It has to lie whole. */
  digest(object: ObjectName): Promise<Digest>
  /** Keeps the list of an object's blocks beside it. It is derived: written when there is time, made again when missing. */
  writeBlocks(object: ObjectName, blocks: Uint8Array): Promise<void>
  /** The list, or undefined where there is none. Whether it fits the object is for the caller to see. */
  readBlocks(object: ObjectName): Promise<Buffer | undefined>
  /** Removes an object and its thumbnails, durably. The index must have forgotten it before. Repeatable. */
  remove(vaultId: string, objectId: string): Promise<void>
  objectPath(vaultId: string, objectId: string): string
  thumbnailPath(vaultId: string, objectId: string, size: ThumbnailSize): string
  /** The thumbnail, or undefined when there is none. */
  openThumbnail(vaultId: string, objectId: string, size: ThumbnailSize): Promise<OpenedObject | undefined>

  /**
   * What a crash left behind: complete objects that the index may or may not name. Settle those it names, discard the
   * others. Half-received files are removed on the way. Objects of this process are never among them.
   */
  leftovers(): Promise<ObjectName[]>
  space(): Promise<Space>
  /**
   * Throws `storage-unavailable` unless the volume is the one that was opened and can be written to, and `disk-full`
   * when the reserve is reached. An answer is kept for a second.
   */
  guard(): Promise<void>
}

/**
 * Opens the volume in a directory, or makes one of an empty directory. Anything doubtful is refused with a sentence that
 * says what to do: an empty vault that should not be empty is worse than a server that does not start. Disposing of it
 * ends the uploads that are under way.
 */
export async function openVolume(options: VolumeOptions): Promise<Volume> {
  const {
    requireMount,
    reserveBytes,
    unsuitable = unsuitableFileSystems,
    now = () => performance.now(),
    wrote = () => {},
  } = options
  const directory = await findDirectory(options.directory, requireMount)
  await refuseUnsuitable(directory, unsuitable)
  const layout = layoutOf(directory)
  const id = (await readMarker(layout)) ?? (await initialise(layout))
  await makeDirectory(layout.uploads) // volumes of before 0.2 have none
  const { dev: device } = await onDisk(stat(directory))
  const guard = guardOf(layout, { id, device, reserveBytes, now })

  const closing = new AbortController()
  const underWay = new Set<Promise<unknown>>()
  // Objects of this process that are not settled. Recovery must not take an upload that is under way for a crash.
  const unsettled = new Set<string>()

  async function put(vaultId: string, source: Source, options: PutOptions): Promise<Stored> {
    const object = { vaultId, objectId: randomBytes(16).toString('hex') }
    const signal = options.signal ? AbortSignal.any([options.signal, closing.signal]) : closing.signal
    unsettled.add(layout.arriving(object))
    try {
      return await storeObject(layout, guard, object, source, { ...options, signal }, wrote)
    } catch (error) {
      await discard(object).catch(() => {}) // What cannot be removed now is found by the next start; the cause matters more.
      unsettled.delete(layout.arriving(object))
      throw error
    }
  }

  async function settle(object: ObjectName): Promise<void> {
    await removeName(layout.arriving(object))
    unsettled.delete(layout.arriving(object))
  }

  // The temporary name goes last: until the object is gone for good, it leads recovery to it.
  async function discard(object: ObjectName): Promise<void> {
    if (await removeName(layout.object(object))) await syncDirectory(layout.objectShard(object))
    await settle(object)
  }

  return {
    id,
    directory,
    indexPath: layout.indexFile,
    layout,

    async createVault(vaultId) {
      await guard.ready()
      await createVault(layout, vaultId)
    },
    async removeVault(vaultId) {
      await guard.present()
      await removeVault(layout, vaultId)
    },

    async put(vaultId, source, options) {
      const storing = put(vaultId, source, options)
      underWay.add(storing)
      try {
        return await storing
      } finally {
        underWay.delete(storing)
      }
    },
    settle,
    discard,
    staged: openStaged(layout, guard, wrote),
    packing: openPacking(layout, guard),

    open: async (vaultId, objectId) => openObject(layout.object({ vaultId, objectId })),
    async digest(object) {
      const { size } = await onDisk(stat(layout.object(object)))
      return digestFile(layout.object(object), size)
    },
    async writeBlocks(object, blocks) {
      const temporary = `${layout.blocks(object)}.new`
      await onDisk(writeFile(temporary, blocks, { mode: 0o400 }))
      await onDisk(rename(temporary, layout.blocks(object)))
    },
    readBlocks: (object) => ifThere(readFile(layout.blocks(object))),
    async remove(vaultId, objectId) {
      const object = { vaultId, objectId }
      await guard.present()
      for (const size of thumbnailSizes) await removeName(layout.thumbnail(object, size))
      for (const name of [layout.blocks(object), layout.packing(object)]) await removeName(name)
      const [isWhole, isPacked] = [await removeName(layout.object(object)), await removeName(layout.delta(object))]
      if (isWhole || isPacked) await syncDirectory(layout.objectShard(object))
    },
    objectPath: (vaultId, objectId) => layout.object({ vaultId, objectId }),
    thumbnailPath: (vaultId, objectId, size) => layout.thumbnail({ vaultId, objectId }, size),
    openThumbnail: async (vaultId, objectId, size) => openIfThere(layout.thumbnail({ vaultId, objectId }, size)),

    async leftovers() {
      await guard.present()
      return findLeftovers(layout, unsettled)
    },
    space: () => spaceOf(directory),
    guard: guard.ready,

    async [Symbol.asyncDispose]() {
      closing.abort(new Problem('storage-unavailable', 'The server is stopping. Please try again in a moment.'))
      await Promise.allSettled(underWay)
    },
  }
}

async function findLeftovers(layout: Layout, unsettled: ReadonlySet<string>): Promise<ObjectName[]> {
  const found: ObjectName[] = []
  for (const name of await onDisk(readdir(layout.incoming))) {
    const object = parseArriving(name)
    if (!object || unsettled.has(layout.arriving(object))) continue
    // Linked means complete: the link is made only after the bytes are durable.
    const isLinked = (await ifThere(stat(layout.object(object)))) !== undefined
    if (isLinked) found.push(object)
    else await removeName(layout.arriving(object))
  }
  return found
}
