// Is the volume still the one that was opened, and is there room? Asked before each write and by the health check, so
// the answer is kept for a second. A disk that was unmounted, swapped or has gone read-only stops writes within that time.

import { constants } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import { Problem } from '../problem.ts'
import { ifThere, onDisk } from './failure.ts'
import type { Layout } from './layout.ts'
import { readMarker } from './marker.ts'

const KEPT_FOR_MS = 1000
// The index needs a few names of its own (journal, temporary files) to accept so much as a deletion.
const RESERVED_INODES = 64

export interface Guard {
  /** The volume is the one that was opened and can be written to; otherwise `storage-unavailable`. */
  present(): Promise<void>
  /** As `present`, and the free space is above the reserve; otherwise `disk-full`. */
  ready(): Promise<void>
}

/** Free space that is kept, in bytes; `auto`: the larger of 2 GiB and a twentieth of the disk. */
export type Reserve = number | 'auto'

export interface Space {
  totalBytes: number
  /** What we may use: blocks that the filesystem keeps for root are not counted. */
  freeBytes: number
}

/** Watches over the volume `id`, which was found on the device `device`. */
export function guardOf(
  layout: Layout,
  { id, device, reserveBytes, now }: { id: string; device: number; reserveBytes: Reserve; now: () => number },
): Guard {
  async function checkPresent(): Promise<void> {
    const directory = await ifThere(stat(layout.directory))
    const isSame = directory?.dev === device && (await readMarker(layout)) === id
    if (!isSame) {
      throw new Problem(
        'storage-unavailable',
        'The storage volume is not mounted, or another one is in its place. Nothing was changed; please tell the administrator.',
      )
    }
    await onDisk(access(layout.directory, constants.W_OK)) // EROFS after a remount, for root as well
  }

  async function checkRoom(): Promise<void> {
    const { totalBytes, freeBytes, hasInodes } = await roomOf(layout.directory)
    if (freeBytes < reserveOf(reserveBytes, totalBytes) || !hasInodes) {
      throw new Problem('disk-full', 'The storage is full. Empty the trash, or ask the administrator for more space.')
    }
  }

  const present = kept(checkPresent, now)
  const room = kept(checkRoom, now)
  return {
    present,
    async ready() {
      await present()
      await room()
    },
  }
}

/** The reserve in bytes on a disk of this size. */
export function reserveOf(reserve: Reserve, totalBytes: number): number {
  return reserve === 'auto' ? Math.max(2 * 2 ** 30, totalBytes / 20) : reserve
}

/** How large the volume is, and how much of it is free. */
export async function spaceOf(directory: string): Promise<Space> {
  const { totalBytes, freeBytes } = await roomOf(directory)
  return { totalBytes, freeBytes }
}

async function roomOf(directory: string) {
  const { blocks, bavail, bsize, files, ffree } = await onDisk(statfs(directory))
  // Filesystems without a fixed number of inodes (btrfs) report none at all.
  return { totalBytes: blocks * bsize, freeBytes: bavail * bsize, hasInodes: files === 0 || ffree > RESERVED_INODES }
}

// One check at a time, whose outcome is good or bad for everyone for a while. A clock that steps back ends the while.
function kept(check: () => Promise<void>, now: () => number): () => Promise<void> {
  let outcome: Promise<void> | undefined
  let askedAt = 0
  let isUnderWay = false
  return () => {
    const age = now() - askedAt
    if (outcome && (isUnderWay || (age >= 0 && age < KEPT_FOR_MS))) return outcome
    askedAt = now()
    isUnderWay = true
    outcome = check().finally(() => {
      isUnderWay = false
    })
    return outcome
  }
}
