// Damaged or missing bytes replaced by a copy that is proven right, by the same protocol as new ones. The bad ones are kept
// in `quarantine`: what looks like damage may be the only thing that is left.

import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { link, open, rename } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { Problem } from '../problem.ts'
import { openDirectory, removeName, syncDirectory } from './directory.ts'
import { ifThere, onDisk } from './failure.ts'
import { type Source, takeIn } from './intake.ts'
import type { Layout, ObjectName } from './layout.ts'

/**
 * Writes the copy beside the object, compares it, keeps what lies in the place in `quarantine`, and only then puts the copy
 * there, in one step. `isRight` says whether what was written is what was stored; where not this throws `conflict`, and
 * nothing has changed.
 */
export async function replaceObject(
  layout: Layout,
  object: ObjectName,
  form: 'whole' | 'delta',
  copy: Source,
  isRight: (path: string, sha256: string) => boolean | Promise<boolean>,
): Promise<void> {
  const place = form === 'whole' ? layout.object(object) : layout.delta(object)
  // Names of what is under way: a crash leaves what recovery, or the next packing, knows how to end.
  const arriving = form === 'whole' ? layout.arriving(object) : layout.packing(object)
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  await using shard = await openDirectory(layout.objectShard(object))
  await using file = await onDisk(open(arriving, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600))
  try {
    const limits = { ready: async () => {}, maxBytes: Number.MAX_SAFE_INTEGER, signal: new AbortController().signal }
    const { sha256 } = await takeIn(arriving, file, copy, limits)
    await onDisk(file.chmod(0o400))
    await onDisk(file.sync())
    if (!(await isRight(arriving, sha256))) throw new Problem('conflict', 'The copy is not what was stored either.')
    const kept = `${object.vaultId}.${basename(place)}.${randomBytes(4).toString('hex')}`
    await ifThere(link(place, join(layout.quarantine, kept)))
    await syncDirectory(layout.quarantine)
    await onDisk(rename(arriving, place))
    await onDisk(shard.sync())
  } catch (error) {
    await removeName(arriving)
    throw error
  }
}
