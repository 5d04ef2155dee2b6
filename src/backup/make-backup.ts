/**
 * A backup of the whole volume while others write: the index at one moment first, then the objects that it names, which
 * never change. Nothing that was there is written to, and what is being made has another name until it is whole.
 */
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, open, readFile, realpath, rename, stat, statfs } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { takeBackupLock } from '../index/lock.ts'
import { Problem } from '../problem.ts'
import { formatSize } from '../sizes.ts'
import { backupState, noteBackup } from '../vault/backup-state.ts'
import type { Core } from '../vault/core.ts'
import { type Layout, layoutOf } from '../volume/layout.ts'
import { backupDiskProblem, hashOf, onBackupDisk, syncName, writeWhole } from './backup-disk.ts'
import {
  type Backup,
  type BackupFacts,
  factsOf,
  listBackups,
  listUnfinished,
  manifestOf,
  nameAt,
  ownerOf,
  readManifest,
  removeDirectory,
} from './backups.ts'
import { type CopyDone, CopyTargetError, openCopying } from './copying.ts'
import { objectsOf, pathOf, type SnapshotObject, takeSnapshot } from './snapshot.ts'
import { readTrial } from './trial-notes.ts'

export interface BackupOptions {
  /** How many finished backups stay, this one counted. */
  keep: number
  /** Bytes a second that are copied at most; null: as fast as possible. */
  rate: number | null
  /** The disk is new: that nothing is on it, where there were backups before, is as it should be. */
  isNewDisk: boolean
  onProgress?: (doneBytes: number, totalBytes: number, files: number) => void
}

export interface Made {
  name: string
  directory: string
  facts: BackupFacts
  /** The names of backups that were removed because there are newer ones enough. */
  removed: string[]
}

const atOnce = 256
/** A few objects that are gone are damage; many are a volume that is. */
const mostMissing = 100

/**
 * Makes a backup below `target`. When it throws, the earlier backups are as they were. A backup of a volume where something
 * was missing or damaged is kept and says so; then no older one is removed, for it may be the last that has the bytes.
 */
export async function makeBackup(core: Core, target: string, options: BackupOptions): Promise<Made> {
  using _lock = held(core)
  await refuseLostVolume(core)
  const directory = await findTarget(core, target, options.isNewDisk)
  for (const name of await listUnfinished(directory)) await removeDirectory(join(directory, name))
  const earlier = await listBackups(directory)
  // Names are moments, and newer ones sort behind: also where a clock was set back.
  const at = core.now()
  const last = earlier[0]
  const name = nameAt(last ? Math.max(at, Date.parse(timeOf(last.name)) + 1) : at)
  const partial = join(directory, `${name}.partial`)
  const began = performance.now()
  let facts: BackupFacts
  try {
    facts = await fill(core, { directory, partial, at, last, options })
    facts.seconds = Math.round((performance.now() - began) / 100) / 10
    await writeWhole(factsOf(partial), `${JSON.stringify(facts, null, 2)}\n`)
    await syncName(partial)
    await rename(partial, join(directory, name))
    await syncName(directory)
  } catch (error) {
    await removeDirectory(partial).catch(() => {}) // room for the others; what cannot be removed now is by the next backup
    throw understood(directory, error)
  }
  const isFlawless = facts.missing.length === 0 && facts.damaged.length === 0
  // A volume too full to take a note is backed up all the same; health then counts from the one before.
  if (isFlawless) await noteBackup(core, { lastGoodAt: at, directory: resolve(target) }).catch(() => {})
  const names = [name, ...earlier.map((one) => one.name)]
  const removed = isFlawless ? await onBackupDisk(directory, removeOld(directory, names, options.keep)) : []
  return { name, directory: join(directory, name), facts, removed }
}

interface Filling {
  directory: string
  partial: string
  at: number
  last: Backup | undefined
  options: BackupOptions
}

async function fill(core: Core, { directory, partial, at, last, options }: Filling): Promise<BackupFacts> {
  const to = layoutOf(partial)
  for (const path of [partial, to.index, to.vaults]) await mkdir(path, { mode: 0o700 })
  await takeSnapshot(core.index.path, to.indexFile)
  const total = await measure(to, last)
  const { bavail, bsize } = await statfs(directory)
  const isSameDisk = (await stat(partial)).dev === (await stat(core.volume.directory)).dev
  if (!isSameDisk && total.newBytes > bavail * bsize)
    throw new Problem(
      'disk-full',
      `The backup needs ${formatSize(total.newBytes)}, and the disk of ${directory} has ${formatSize(bavail * bsize)}. ` +
        'Make room there, or keep fewer backups with --keep. The earlier backups are as they were.',
    )

  const facts: BackupFacts = {
    format: 1,
    volume: core.volume.id,
    at,
    seconds: 0,
    files: 0,
    bytes: 0,
    copiedFiles: 0,
    copiedBytes: 0,
    isSameDisk,
    manifestSha256: '',
    missing: [],
    damaged: [],
  }
  await using copying = openCopying(options.rate)
  await using manifest = await openManifest(partial)
  const note = async (path: string, done: CopyDone, size: number) => {
    facts.files++
    facts.bytes += size
    if (done.how === 'copied' || done.how === 'damaged') {
      facts.copiedFiles++
      facts.copiedBytes += done.bytes
    }
    if (done.how === 'missing' || done.how === 'unreadable') facts.missing.push(path)
    if (done.how === 'damaged') facts.damaged.push(path)
    await manifest.line(done.sha256, path)
  }

  const marker = { from: core.volume.layout.marker, to: to.marker, links: [], sha256: undefined }
  const [markerDone] = await copying.put([marker])
  if (markerDone) await note(inBackup(to, to.marker), markerDone, markerDone.bytes)
  // Copied onto nothing: hashed alone.
  const indexHash = await hashOf(to.indexFile)
  await note(inBackup(to, to.indexFile), { how: 'copied', ...indexHash }, indexHash.bytes)

  const suspect = await suspects(directory, last)
  const before = last ? hashesIn(last) : undefined
  const directories = new Set<string>()
  for (const batch of batches(objectsOf(to.indexFile))) {
    const jobs = []
    for (const object of batch) {
      await makeShard(to, object, directories)
      const path = pathOf(to, object)
      const known = inBackup(to, path)
      const there = await before?.(known)
      const isSuspect = suspect.has(known)
      const isTrusted = there !== undefined && !isSuspect && there === (object.sha256 ?? there)
      const source = pathOf(core.volume.layout, object)
      jobs.push({
        from: source,
        to: path,
        links: [
          ...(last && isTrusted ? [pathOf(last.layout, object)] : []),
          ...(isSameDisk && !isSuspect ? [source] : []),
        ],
        sha256: object.sha256 ?? (isTrusted ? there : undefined),
      })
    }
    const done = await copying.put(jobs)
    for (const [i, one] of done.entries()) {
      const object = batch[i] as SnapshotObject
      await note(inBackup(to, pathOf(to, object)), one, object.size ?? one.bytes)
    }
    if (facts.missing.length > 0) await stillThere(core, facts.missing.length)
    options.onProgress?.(facts.bytes, total.bytes, facts.files)
  }
  facts.manifestSha256 = await manifest.end()
  for (const path of [...directories, to.vaults, to.index]) await syncName(path)
  return facts
}

/** A path as the manifest has it. Asked for every object, where `relative` of the system costs more than the link. */
const inBackup = (to: Layout, path: string) => path.slice(to.directory.length + 1)

/** What of it all is new: an upper bound, as what lies in the backup before under its name is not copied. */
async function measure(to: Layout, last: Backup | undefined) {
  let bytes = 0
  let newBytes = 0
  const before = last ? hashesIn(last) : undefined
  for (const object of objectsOf(to.indexFile)) {
    bytes += object.size ?? 0
    if ((await before?.(inBackup(to, pathOf(to, object)))) === undefined) newBytes += object.size ?? 0
  }
  return { bytes, newBytes }
}

/** Looks up paths in the manifest of a backup, which have to be asked for in their order: nothing is held in memory. */
function hashesIn(backup: Backup): (path: string) => Promise<string | undefined> {
  const lines = readManifest(backup)
  let at: { sha256: string; path: string } | undefined
  let isOver = false
  return async (path) => {
    while (!isOver && (at === undefined || !at.path.startsWith('vaults/') || at.path < path)) {
      const next = await lines.next().catch(() => ({ done: true, value: undefined }) as const) // then all is copied anew
      if (next.done) isOver = true
      else at = next.value
    }
    return !isOver && at?.path === path ? at.sha256 : undefined
  }
}

/** Files of the backup before that were found wrong: they are copied again, not linked. */
async function suspects(directory: string, last: Backup | undefined): Promise<Set<string>> {
  return new Set([...(last?.facts.damaged ?? []), ...(last?.facts.missing ?? []), ...(await readTrial(directory)).bad])
}

async function makeShard(to: Layout, object: SnapshotObject, known: Set<string>): Promise<void> {
  const shard = to.objectShard(object)
  if (known.has(shard)) return
  // Each by itself: where the disk has gone, nothing may be made in its place.
  for (const path of [to.vault(object.vaultId), dirname(shard), shard]) {
    if (known.has(path)) continue
    await mkdir(path, { mode: 0o700 })
    known.add(path)
  }
}

function* batches<T>(items: Iterable<T>): Generator<T[]> {
  let batch: T[] = []
  for (const item of items) {
    batch.push(item)
    if (batch.length < atOnce) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}

/** A volume that is full can be backed up; one that is not there would be written down as the state of things. */
async function refuseLostVolume(core: Core): Promise<void> {
  await core.volume.guard().catch((error: unknown) => {
    if (!(error instanceof Problem && error.code === 'disk-full')) throw error
  })
}

/** Ends a backup of a volume that was emptied. */
async function stillThere(core: Core, missing: number): Promise<void> {
  await refuseLostVolume(core)
  if (missing > mostMissing)
    throw new Problem(
      'storage-unavailable',
      `More than ${mostMissing} objects are missing on the volume. Nothing was backed up; "filevault verify" says which.`,
    )
}

/** The real path of the target: outside of the volume, of this volume alone, and not a mount point without its disk. */
async function findTarget(core: Core, target: string, isNewDisk: boolean): Promise<string> {
  const wanted = resolve(target)
  if (backupState(core).directory === wanted && !isNewDisk && !existsSync(ownerOf(wanted)))
    throw new Problem(
      'storage-unavailable',
      `The backups that were in ${wanted} are not there. Mount their disk; if this is a new one, say --new-disk.`,
    )
  await onBackupDisk(wanted, mkdir(wanted, { mode: 0o700 }).catch(ifThere))
  const directory = await onBackupDisk(wanted, realpath(wanted))
  const volume = await realpath(core.volume.directory)
  if (`${directory}/`.startsWith(`${volume}/`))
    throw new Problem(
      'bad-input',
      `The backup directory ${wanted} lies inside the volume ${volume}. Choose one on another disk.`,
    )
  const owner = await readFile(ownerOf(directory), 'utf8').catch(() => undefined)
  if (owner === undefined) {
    await onBackupDisk(directory, writeWhole(ownerOf(directory), `${core.volume.id}\n`))
    await syncName(directory)
  } else if (owner.trim() !== core.volume.id)
    throw new Problem(
      'conflict',
      `The backups in ${wanted} are of another volume (${owner.trim()}). Choose another directory for this one.`,
    )
  return directory
}

function ifThere(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
}

async function removeOld(directory: string, names: string[], keep: number): Promise<string[]> {
  const old = names.sort().reverse().slice(keep)
  for (const name of old) {
    // Another name first: half of a backup must not be taken for one.
    await rename(join(directory, name), join(directory, `${name}.removing`))
    await removeDirectory(join(directory, `${name}.removing`))
  }
  return old
}

async function openManifest(partial: string) {
  const file = await open(manifestOf(partial), 'wx', 0o600)
  const hash = createHash('sha256')
  let waiting = ''
  const flush = async () => {
    hash.update(waiting)
    await file.writeFile(waiting)
    waiting = ''
  }
  return {
    /** One file, as `sha256sum` writes it. */
    async line(sha256: string, path: string) {
      waiting += `${sha256}  ${path}\n`
      if (waiting.length > 1 << 16) await flush()
    },
    /** Makes it durable and answers the hash of all of it. */
    async end() {
      await flush()
      await file.sync()
      return hash.digest('hex')
    },
    [Symbol.asyncDispose]: () => file.close(),
  }
}

function held(core: Core): Disposable {
  const lock = takeBackupLock(core.index.path)
  return { [Symbol.dispose]: () => void lock.close() }
}

/** `2026-11-21T10-20-30.123Z` as the moment that it was made of. */
function timeOf(name: string): string {
  return name.replace(/T(\d\d)-(\d\d)-/, 'T$1:$2:')
}

function understood(directory: string, error: unknown): unknown {
  if (error instanceof Problem) return error
  if (error instanceof CopyTargetError) return backupDiskProblem(directory, error.code, error) ?? error
  const code = error instanceof Error && 'code' in error ? String(error.code) : undefined
  const sqlite: Record<string, string> = { SQLITE_FULL: 'ENOSPC', SQLITE_READONLY: 'EROFS', SQLITE_CANTOPEN: 'ENOENT' }
  const system = sqlite[code ?? ''] ?? (code?.startsWith('SQLITE_IOERR') ? 'EIO' : code)
  return backupDiskProblem(directory, system, error) ?? error
}
