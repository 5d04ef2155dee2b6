// A delta is worth having when the old content came out of it once.

import { createHash } from 'node:crypto'
import { openDelta } from './open.ts'
import { readFully } from './source.ts'

/** Rebuilds the target of a delta file and throws unless it has the SHA-256 that the file claims. */
export async function verifyDelta(path: string, sourceFd: number): Promise<void> {
  await using delta = await openDelta(path, async (offset, length) => {
    const bytes = Buffer.allocUnsafe(length)
    readFully(sourceFd, bytes, offset)
    return bytes
  })
  const hash = createHash('sha256')
  for await (const chunk of delta.stream()) hash.update(chunk)
  if (hash.digest('hex') !== delta.info.targetSha256) throw new Error(`A delta does not give back its target: ${path}`)
}
