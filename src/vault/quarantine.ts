/** What verification set aside: kept for a month, in which whoever was told of it can look at it, then removed. */
import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Core } from './core.ts'

const keptMs = 30 * 86_400_000

/** Removes what has lain in `quarantine` for thirty days, counted from when it came there. Answers how many went. */
export async function expireQuarantine(core: Core): Promise<number> {
  const directory = core.volume.layout.quarantine
  let removed = 0
  for (const name of await readdir(directory)) {
    const path = join(directory, name)
    // A link made or a name changed moves the time of the inode; the bytes keep theirs.
    const { ctimeMs } = await lstat(path)
    if (core.now() - ctimeMs < keptMs) continue
    await rm(path, { recursive: true, force: true })
    removed++
  }
  return removed
}
