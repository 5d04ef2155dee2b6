/** A backup made into a volume again: every file copied, each held against its hash, the index and the marker last. */
import { chmod, mkdir, rename, rm } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { openConnection } from '../index/connection.ts'
import { knownMigrations, migrate } from '../index/migrate.ts'
import { Problem } from '../problem.ts'
import { syncDirectory } from '../volume/directory.ts'
import { type Layout, layoutOf } from '../volume/layout.ts'
import { createVault } from '../volume/vaults.ts'
import { syncName } from './backup-disk.ts'
import { type Backup, readManifest } from './backups.ts'
import { type CopyJob, openCopying } from './copying.ts'
import { removeDatabase } from './staging.ts'

export interface RestoreOptions {
  now: number
  /** Which files, by their path in the backup; all unless told. Index and marker always are. */
  wants?: (path: string) => boolean
  onProgress?: (doneBytes: number, files: number) => void
}

export interface Restored {
  files: number
  bytes: number
  /** Paths in the backup of what is not there or not what was stored: it was left out. */
  bad: string[]
}

const atOnce = 128
/**
 * Devices and other servers may have seen more of the journal than the backup knows. No number of a change is given twice,
 * however much happened since.
 */
const seqGap = 1e9

/**
 * Restores into an empty directory. Throws `conflict` when the index in the backup is damaged; single objects that are do
 * not keep the others from coming back. Until the end the directory is no volume.
 */
export async function restoreInto(directory: string, backup: Backup, options: RestoreOptions): Promise<Restored> {
  const from = backup.layout
  const to = layoutOf(directory)
  const { wants = () => true, onProgress = () => {} } = options
  for (const path of [to.index, to.incoming, to.uploads, to.vaults, to.quarantine]) await mkdir(path, { mode: 0o700 })
  await using copying = openCopying(null)
  const restored: Restored = { files: 0, bytes: 0, bad: [] }
  const index = join(to.index, 'restored.db')
  const marker = `${to.marker}.restored`
  const apart = new Map([
    [relative(from.directory, from.indexFile), index],
    [relative(from.directory, from.marker), marker],
  ])
  const touched = new Set<string>()
  let isIndexThere = false

  let jobs: (CopyJob & { path: string })[] = []
  async function put(): Promise<void> {
    const done = await copying.put(jobs)
    for (const [i, { how, bytes }] of done.entries()) {
      const job = jobs[i] as (typeof jobs)[number]
      if (how === 'copied') {
        restored.files++
        restored.bytes += bytes
        continue
      }
      if (apart.has(job.path))
        throw new Problem(
          'conflict',
          `${job.path} in the backup ${backup.name} is damaged. Use an earlier backup; nothing was restored.`,
        )
      if (how === 'damaged') await rm(job.to)
      restored.bad.push(job.path)
    }
    onProgress(restored.bytes, restored.files)
    jobs = []
  }

  for await (const { path, sha256 } of readManifest(backup)) {
    const target = apart.get(path) ?? placeOf(to, path)
    if (target === undefined)
      throw new Problem('conflict', `The manifest of the backup ${backup.name} names "${path}". Use another backup.`)
    if (!apart.has(path)) {
      if (!wants(path)) continue
      if (!isIndexThere) {
        await put()
        await makeVaults(to, index, options.now)
        isIndexThere = true
      }
      touched.add(dirname(target))
    }
    jobs.push({ from: join(from.directory, path), to: target, links: [], sha256, path })
    if (jobs.length === atOnce) await put()
  }
  await put()
  if (!isIndexThere) await makeVaults(to, index, options.now)
  for (const shard of touched) await syncDirectory(shard)
  await rename(index, to.indexFile)
  removeDatabase(index)
  await syncName(to.index)
  await rename(marker, to.marker)
  await syncName(directory)
  return restored
}

const OBJECT = /^vaults\/([0-9a-z]{1,64})\/objects\/([0-9a-f]{2})\/(\2[0-9a-f]{30})(\.delta)?$/

/** Where a path of a backup lies on a volume; undefined for one that no backup has. */
function placeOf(layout: Layout, path: string): string | undefined {
  const [, vaultId, , objectId, delta] = OBJECT.exec(path) ?? []
  if (vaultId === undefined || objectId === undefined) return undefined
  return delta ? layout.delta({ vaultId, objectId }) : layout.object({ vaultId, objectId })
}

/** Brings the index to where the restored volume begins, and makes the directories of its vaults. */
async function makeVaults(to: Layout, index: string, now: number): Promise<void> {
  await chmod(index, 0o600)
  const db = openConnection(index, { busyMs: 0 })
  try {
    migrate(db, knownMigrations())
    db.transaction(() => {
      db.exec('DELETE FROM change')
      db.prepare('UPDATE vault SET seq = seq + ?').run(seqGap)
      // Thumbnails are made again, and so are the records that a lost index is made from.
      db.prepare(`
        INSERT INTO job (name, payload, priority, run_at)
        SELECT 'media', json_object('fileId', id, 'version', version), 5, ? FROM file WHERE thumbnail = 'ready'`).run(
        now,
      )
      db.exec("UPDATE file SET thumbnail = 'pending' WHERE thumbnail = 'ready'")
      db.exec('DELETE FROM unrecorded')
    }).immediate()
    db.pragma('wal_checkpoint(TRUNCATE)')
    for (const id of db.prepare('SELECT id FROM vault').pluck().iterate() as IterableIterator<string>)
      await createVault(to, id)
  } finally {
    db.close()
  }
}
