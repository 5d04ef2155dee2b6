/**
 * A lost index made again from the volume alone: from the records that were kept beside the bytes, and from the bytes
 * themselves where no record names them. The new index takes its place only when it is whole.
 */
import { existsSync } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Config } from '../config.ts'
import { openConnection } from '../index/connection.ts'
import { takeLock } from '../index/lock.ts'
import { knownMigrations, migrate } from '../index/migrate.ts'
import { Problem } from '../problem.ts'
import { makeDirectory, syncDirectory } from '../volume/directory.ts'
import { listStaged } from '../volume/inventory.ts'
import { openVolume, type Volume } from '../volume/volume.ts'
import { openHashing } from './hashing.ts'
import { recoverObjects } from './recovered.ts'
import { restoreRows } from './restored-rows.ts'
import { gather, removeDatabase } from './staging.ts'

/** What came back, and what did not. */
export interface Rescued {
  users: number
  vaults: number
  folders: number
  files: number
  versions: number
  favorites: number
  /** Files made of objects that no record names. */
  recovered: number
  /** Versions that the records name and whose bytes are gone: where they were. */
  missing: { vaultId: string; path: string; version: number }[]
  /** Differences that no record explains, so that they cannot be read. */
  unexplained: string[]
  /** Lines of the records that are damaged. */
  damagedLines: number
  /** Uploads that were under way; their bytes lie in `quarantine` now. */
  uploads: number
  /** Somebody to sign in as, where no user was recorded at all; the only time that the password is seen. */
  administrator: { email: string; password: string } | undefined
}

/**
 * Makes the index of a volume anew. Throws `conflict` where there is one: what is there is for people to move aside. When
 * it throws, or is killed, the volume is as it was.
 */
export async function rescue(config: Config['volume'], now: () => number = Date.now): Promise<Rescued> {
  await using volume = await openVolume({
    directory: config.path,
    requireMount: config.mustBeMount,
    reserveBytes: config.reserveBytes,
  })
  const { layout } = volume
  const index = layout.indexFile
  for (const path of [index, `${index}-wal`])
    if (existsSync(path))
      throw new Problem(
        'conflict',
        `There is an index at ${path}. Rescue makes a new one and never touches one that is there. ` +
          `If it is damaged: stop the server, move ${basename(index)} and what begins with its name to another place, and run this again.`,
      )
  await makeDirectory(layout.index)
  using _lock = holdLock(index)
  const fresh = join(dirname(index), 'rescued.db')
  using staging = await gather(layout, join(dirname(index), 'rescue.db'))
  removeDatabase(fresh)
  const db = openConnection(fresh, { busyMs: 0 })
  let rescued: Rescued
  try {
    migrate(db, knownMigrations())
    db.exec('BEGIN IMMEDIATE')
    rescued = await restoreRows(db, volume, staging, now)
    await using hashing = openHashing(null)
    await recoverObjects(db, volume, staging, hashing, rescued, now)
    // What the index has now is what the records say; that they are behind shows by how far they reach.
    db.exec('DELETE FROM unrecorded')
    // What documents say is read again.
    db.exec(`INSERT INTO job (name, payload, priority, run_at) VALUES ('text-backlog', '{"after":0}', 9, 0)`)
    const broken = db.pragma('foreign_key_check') as unknown[]
    if (broken.length > 0) throw new Error(`The rescued index has ${broken.length} rows that refer to nothing.`)
    db.exec('COMMIT')
    db.pragma('wal_checkpoint(TRUNCATE)')
  } finally {
    db.close()
  }
  rescued.uploads = await setUploadsAside(volume)
  await syncFile(fresh)
  await rename(fresh, index)
  await syncDirectory(layout.index)
  removeDatabase(fresh)
  return rescued
}

function holdLock(index: string): Disposable {
  const lock = takeLock(index)
  return { [Symbol.dispose]: () => void lock.close() }
}

// What an upload may still bring is known to the index alone. Nobody can go on with it; its bytes are kept all the same.
async function setUploadsAside({ layout }: Volume): Promise<number> {
  const { objects, strangers } = await listStaged(layout, 'uploads')
  const paths = [...objects.map(layout.upload), ...strangers.map(({ path }) => path)]
  for (const path of paths) await rename(path, join(layout.quarantine, `${basename(path)}.upload`))
  await syncDirectory(layout.quarantine)
  return objects.length
}

async function syncFile(path: string): Promise<void> {
  await using file = await open(path, 'r')
  await file.sync()
}
