/**
 * The proof that a backup can be restored: done, in a temporary directory, with a server's own opening of what came of it.
 * A sample of the contents is read to the last byte, or all of them.
 */
import { createHash } from 'node:crypto'
import { mkdtemp, realpath, rm, stat, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { openConnection } from '../index/connection.ts'
import { Problem } from '../problem.ts'
import { formatSize } from '../sizes.ts'
import { noteBackup } from '../vault/backup-state.ts'
import { openContent } from '../vault/contents.ts'
import { type Core, openCore } from '../vault/core.ts'
import { sizeOf } from '../volume/inventory.ts'
import { auditRows } from './audit-rows.ts'
import { onBackupDisk } from './backup-disk.ts'
import { type Backup, listBackups } from './backups.ts'
import { restoreInto } from './restore-backup.ts'
import { objectsOf, pathOf } from './snapshot.ts'
import { writeTrial } from './trial-notes.ts'

export interface TrialOptions {
  /** Every content instead of a sample. It takes as much room as the vault. */
  isAll: boolean
  /** Where to restore to for the time of the trial; the system's temporary directory unless told. */
  place?: string | undefined
  onProgress?: (doneBytes: number, totalBytes: number, files: number) => void
}

export interface Trial {
  backup: string
  /** The moment that the backup shows, in milliseconds since 1970. */
  at: number
  /** Versions that were read, and their bytes. */
  versions: number
  bytes: number
  /** Paths in the backup that are missing or other bytes than they should be. */
  bad: string[]
  /** What is wrong with the restored volume, a sentence each. */
  findings: string[]
}

const sampleBytes = 1e9
const sampleVersions = 1000
const atOnce = 64

/** Restores the newest backup in `target` on trial and notes what came of it: beside the backups, and for health. */
export async function tryBackup(core: Core, target: string, options: TrialOptions): Promise<Trial> {
  const directory = await onBackupDisk(resolve(target), realpath(target))
  const [backup] = await listBackups(directory)
  if (!backup)
    throw new Problem('not-found', `There is no finished backup in ${target}. Make one with "filevault backup".`)
  if (backup.facts.volume !== core.volume.id)
    throw new Problem('conflict', `The backups in ${target} are of another volume (${backup.facts.volume}).`)
  const place = await mkdtemp(join(resolve(options.place ?? tmpdir()), 'filevault-trial-')).catch((error: unknown) => {
    throw new Problem(
      'bad-input',
      `No temporary directory can be made in ${options.place ?? tmpdir()}. Choose one with --to.`,
      {
        cause: error,
      },
    )
  })
  try {
    const trial = await perform(core, backup, place, options)
    const wrong = [...trial.bad, ...trial.findings]
    await writeTrial(directory, { at: core.now(), backup: backup.name, bad: trial.bad }).catch(() => {}) // read-only is right too
    const failure = `${backup.name}: ${wrong.slice(0, 3).join('; ')}`
    await noteBackup(core, wrong.length === 0 ? { lastProvenAt: core.now(), failure: null } : { failure })
    return trial
  } catch (error) {
    const failure = `${backup.name}: ${error instanceof Error ? error.message : error}`
    await noteBackup(core, { failure })
    throw error
  } finally {
    await rm(place, { recursive: true, force: true })
  }
}

async function perform(core: Core, backup: Backup, place: string, options: TrialOptions): Promise<Trial> {
  const { bavail, bsize } = await statfs(place)
  const indexBytes = (await sizeOf(backup.layout.indexFile)) ?? 0
  const room = bavail * bsize - 2 * indexBytes
  if (room < (options.isAll ? backup.facts.bytes : 0))
    throw new Problem(
      'disk-full',
      `The trial needs more room than the ${formatSize(bavail * bsize)} in ${place}. Choose another place with --to.`,
    )
  const sample = chooseSample(backup, options.isAll ? Number.POSITIVE_INFINITY : Math.min(sampleBytes, room / 2))
  const trial: Trial = {
    backup: backup.name,
    at: backup.facts.at,
    versions: 0,
    bytes: 0,
    bad: await missingIn(backup),
    findings: [],
  }
  const total = sample.versions.reduce((sum, { size }) => sum + size, 0)
  const restored = await restoreInto(place, backup, {
    now: core.now(),
    wants: (path) => sample.paths.has(path),
    onProgress: (done, files) => options.onProgress?.(done / 2, total, files),
  })
  const bad = new Set([...trial.bad, ...restored.bad])
  const volume = { ...core.config.volume, path: place, mustBeMount: false, reserveBytes: 0, readableTree: false }
  const config = { ...core.config, volume, search: { engine: 'fts' as const }, mail: undefined }
  await using opened = await openCore({ config, log: core.log, now: core.now })
  for await (const { message } of auditRows(opened, new AbortController().signal)) trial.findings.push(message)
  for (const { vaultId, objectId, size, sha256 } of sample.versions) {
    const found = await hashOfVersion(opened, vaultId, objectId)
    if (found !== sha256) {
      const name = { vaultId, objectId }
      const isDelta = sample.paths.has(relative(backup.layout.directory, backup.layout.delta(name)))
      bad.add(relative(backup.layout.directory, pathOf(backup.layout, { ...name, isPacked: isDelta })))
    }
    trial.versions++
    trial.bytes += size
    options.onProgress?.(total / 2 + trial.bytes / 2, total, trial.versions)
  }
  trial.bad = [...bad]
  return trial
}

interface Sample {
  versions: { vaultId: string; objectId: string; size: number; sha256: string }[]
  /** Of all files that these versions are made of. */
  paths: Set<string>
}

/** Versions by chance, until so many bytes, with what they are differences to. */
function chooseSample({ layout }: Backup, mostBytes: number): Sample {
  const db = openConnection(layout.indexFile, { readonly: true, busyMs: 0 })
  try {
    const isAll = mostBytes === Number.POSITIVE_INFINITY
    const rows = db
      .prepare(`
        SELECT vault.id AS vaultId, v.object_id AS objectId, v.size, lower(hex(v.sha256)) AS sha256
        FROM version v JOIN vault ON vault.no = v.vault_no GROUP BY v.object_id, v.vault_no ORDER BY random() LIMIT ?`)
      .iterate(isAll ? -1 : sampleVersions) as IterableIterator<Sample['versions'][number]>
    const packedAs = new Map(
      db.prepare('SELECT object_id, base_id FROM packed').raw().all() as [string, string | null][],
    )
    const sample: Sample = { versions: [], paths: new Set() }
    let bytes = 0
    for (const row of rows) {
      if (bytes + row.size > mostBytes && sample.versions.length > 0) continue
      bytes += row.size
      sample.versions.push(row)
      for (let at: string | null = row.objectId; at !== null; at = packedAs.get(at) ?? null) {
        const object = { vaultId: row.vaultId, objectId: at, isPacked: packedAs.has(at) }
        sample.paths.add(relative(layout.directory, pathOf(layout, object)))
      }
    }
    return sample
  } finally {
    db.close()
  }
}

/** Files that the backup should have and that are not there, or not as large as they should be. */
async function missingIn({ layout }: Backup): Promise<string[]> {
  const bad: string[] = []
  let looks: Promise<void>[] = []
  for (const object of objectsOf(layout.indexFile)) {
    const path = pathOf(layout, object)
    looks.push(
      stat(path).then(
        ({ size }) => {
          if (object.size !== null && !object.isPacked && size !== object.size)
            bad.push(relative(layout.directory, path))
        },
        () => void bad.push(relative(layout.directory, path)),
      ),
    )
    if (looks.length < atOnce) continue
    await Promise.all(looks)
    looks = []
  }
  await Promise.all(looks)
  return bad
}

async function hashOfVersion(core: Core, vaultId: string, objectId: string): Promise<string | undefined> {
  try {
    await using opened = await openContent(core, vaultId, objectId)
    const hash = createHash('sha256')
    for await (const chunk of opened.stream()) hash.update(chunk as Buffer)
    return hash.digest('hex')
  } catch {
    return undefined
  }
}
