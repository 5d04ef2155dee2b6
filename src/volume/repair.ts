// A damaged or missing object replaced by a copy that is proven right, by the same protocol as a new one. The bad bytes are
// kept in `quarantine`: what looks like damage may be the only thing that is left.

import { randomBytes } from 'node:crypto'
import { constants } from 'node:fs'
import { link, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { Problem } from '../problem.ts'
import { openDirectory, removeName, syncDirectory } from './directory.ts'
import { ifThere, onDisk } from './failure.ts'
import { type Source, takeIn } from './intake.ts'
import type { Layout, ObjectName } from './layout.ts'

/**
 * Writes the copy beside the object, compares its SHA-256, keeps what lies in the place in `quarantine`, and only then puts
 * the copy there, in one step. Throws `conflict` when the copy is not what was stored; then nothing has changed.
 */
export async function replaceObject(
  layout: Layout,
  object: ObjectName,
  copy: Source,
  expected: { size: number; sha256: string },
): Promise<void> {
  // The name of an upload that is under way: a crash on the way leaves what recovery knows how to end.
  const arriving = layout.arriving(object)
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  await using shard = await openDirectory(layout.objectShard(object))
  await using file = await onDisk(open(arriving, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600))
  try {
    const options = { ready: async () => {}, maxBytes: expected.size, signal: new AbortController().signal }
    const { size, sha256 } = await takeIn(arriving, file, copy, options)
    if (size !== expected.size || sha256 !== expected.sha256)
      throw new Problem('conflict', 'The copy is not what was stored either.')
    await onDisk(file.chmod(0o400))
    await onDisk(file.sync())
    const kept = join(layout.quarantine, `${object.vaultId}.${object.objectId}.${randomBytes(4).toString('hex')}`)
    await ifThere(link(layout.object(object), kept))
    await syncDirectory(layout.quarantine)
    await onDisk(rename(arriving, layout.object(object)))
    await onDisk(shard.sync())
  } catch (error) {
    await removeName(arriving)
    throw error
  }
}
