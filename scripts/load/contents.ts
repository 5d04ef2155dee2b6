/**
 * The few small contents that the files of a load share: real objects on the volume, so that every download, audit and
 * quota is right, and few enough that a million files take a minute and not a day.
 */
import { Readable } from 'node:stream'
import type { Stored } from '../../src/volume/put.ts'
import type { Volume } from '../../src/volume/volume.ts'

/** ext4 gives a file 65,000 names, and the readable tree makes one for each file that shares an object. */
const mostUses = 50_000
/** Sizes rise by a quarter of a power of two, up to 2^20 bytes. */
const stepsPerDoubling = 4
const lastStep = 20 * stepsPerDoubling

/** The size of the content that a file of so many bytes gets: the nearest there is, 1 MiB at most. */
export function nearestSize(bytes: number): number {
  if (bytes < 1) return 0
  return Math.round(2 ** (Math.min(lastStep, Math.round(Math.log2(bytes) * stepsPerDoubling)) / stepsPerDoubling))
}

export interface Contents {
  /** Stores what is missing, so that `take` has something for each of these. */
  provide(bytes: Iterable<number>): Promise<void>
  /** A content of the nearest size; works within a transaction. */
  take(bytes: number): Stored
  /** The index names what was taken now; what nothing took is removed. Not called after a failure: recovery does the same. */
  settle(): Promise<void>
}

/** Contents for one vault, stored as they are needed. */
export function openContents(volume: Volume, vaultId: string): Contents {
  const bySize = new Map<number, { stored: Stored; left: number }>()
  const all: { stored: Stored; left: number }[] = []

  return {
    async provide(bytes) {
      const needed = new Map<number, number>()
      for (const one of bytes) {
        const size = nearestSize(one)
        needed.set(size, (needed.get(size) ?? 0) + 1)
      }
      for (const [size, count] of needed) {
        if ((bySize.get(size)?.left ?? 0) >= count) continue
        const source = Readable.from([Buffer.alloc(size, 'File Vault, a file that stands for another.\n')])
        const one = { stored: await volume.put(vaultId, source, { name: 'load.txt' }), left: mostUses }
        bySize.set(size, one)
        all.push(one)
      }
    },
    take(bytes) {
      const one = bySize.get(nearestSize(bytes))
      if (!one || one.left === 0) throw new Error(`There is no content for ${bytes} bytes.`)
      one.left--
      return one.stored
    },
    async settle() {
      for (const { stored, left } of all.splice(0))
        await (left < mostUses ? volume.settle(stored) : volume.discard(stored))
      bySize.clear()
    },
  }
}
