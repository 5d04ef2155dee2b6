// The program that the crash tests kill or whose disk they let fail: `node crash-subject.ts <directory> <names…>`. It says
// what it knows on its standard output, as the index would: an object that was said is one that a row names.

import { writeSync } from 'node:fs'
import { Problem } from '../problem.ts'
import { bytes, chunked } from './testing.ts'
import { openVolume } from './volume.ts'

/** What each object holds: two pieces, so that a kill can come between them. */
export const content = bytes(700_000)

if (import.meta.main) {
  const [directory = '', ...names] = process.argv.slice(2)
  try {
    const volume = await openVolume({ directory, requireMount: false, reserveBytes: 0 })
    for (const name of names) {
      const stored = await volume.put('alice', chunked(content), { name })
      writeSync(1, `${stored.objectId}\n`)
      await volume.settle(stored)
    }
  } catch (error) {
    writeSync(1, `${error instanceof Problem ? error.code : error}\n`)
  }
}
