// What the tests of this folder share: two contents written, encoded, and read back.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { makeTemporary } from '../testing.ts'
import { encodeDelta } from './encode.ts'
import type { OpenedDelta, ReadSource } from './open.ts'

/** Answers for a source that is in memory. */
export const fromBuffer =
  (content: Buffer): ReadSource =>
  async (offset, length) =>
    content.subarray(offset, offset + length)

/** A directory for one test, and the two contents written and encoded in it. */
export async function startDeltas(t: TestContext) {
  const temporary = await makeTemporary()
  t.after(() => temporary[Symbol.asyncDispose]())
  let last = 0
  const write = async (content: Buffer) => {
    const path = join(temporary.path, `content-${++last}`)
    await writeFile(path, content)
    return path
  }
  return {
    directory: temporary.path,
    write,
    async encode(target: Buffer, source: Buffer) {
      const output = join(temporary.path, `delta-${++last}`)
      return {
        output,
        ...(await encodeDelta({ target: await write(target), source: await write(source), output })),
      }
    },
  }
}

export async function contentOf(delta: OpenedDelta): Promise<Buffer> {
  return Buffer.concat(await delta.stream().toArray())
}
