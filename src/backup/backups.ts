/**
 * A directory of backups: each is a directory by itself, named by its moment, laid out like a volume, with `manifest.sha256`
 * (which `sha256sum -c` reads as well) and, written last, `backup.json`. Files that did not change are one file with
 * several names.
 */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Problem } from '../problem.ts'
import { type Layout, layoutOf } from '../volume/layout.ts'
import { onBackupDisk } from './backup-disk.ts'

/** What `backup.json` says. */
export interface BackupFacts {
  format: 1
  /** The id of the volume that this is a backup of. */
  volume: string
  /** The moment that the backup shows, in milliseconds since 1970. */
  at: number
  /** How long it took. */
  seconds: number
  files: number
  bytes: number
  /** What was not there in the backup before. */
  copiedFiles: number
  copiedBytes: number
  /** The backup and the volume are the same bytes on the same disk. */
  isSameDisk: boolean
  manifestSha256: string
  /** Files that were not right on the volume: not there, or other bytes than were stored. */
  missing: string[]
  damaged: string[]
}

export interface Backup {
  name: string
  layout: Layout
  facts: BackupFacts
}

/** Says of a directory that it holds backups, and of which volume. */
const ownerFile = '.filevault-backups'
const NAME = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z$/
const UNFINISHED = /^\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z\.(?:partial|removing)$/

export const manifestOf = (directory: string) => join(directory, 'manifest.sha256')
export const factsOf = (directory: string) => join(directory, 'backup.json')
export const ownerOf = (directory: string) => join(directory, ownerFile)

/** The name of a backup of this moment. */
export function nameAt(ms: number): string {
  return new Date(ms).toISOString().replaceAll(':', '-')
}

/** All finished backups in a directory, newest first. What is half there, or none of ours, is passed over. */
export async function listBackups(directory: string): Promise<Backup[]> {
  const names = (await onBackupDisk(directory, readdir(directory))).filter((name) => NAME.test(name)).sort()
  const found: Backup[] = []
  for (const name of names.reverse()) {
    const facts = await readFacts(join(directory, name))
    if (facts) found.push({ name, layout: layoutOf(join(directory, name)), facts })
  }
  return found
}

/** The names that a backup or a removal which was cut short left. */
export async function listUnfinished(directory: string): Promise<string[]> {
  return (await onBackupDisk(directory, readdir(directory))).filter((name) => UNFINISHED.test(name))
}

/** The backup in `path`, or the newest of those in it. Throws `not-found` where there is none. */
export async function findBackup(path: string): Promise<Backup> {
  const directory = resolve(path)
  const facts = await readFacts(directory)
  if (facts) return { name: directory.slice(directory.lastIndexOf('/') + 1), layout: layoutOf(directory), facts }
  const isThere = await readdir(directory).then(
    () => true,
    () => false,
  )
  const newest = isThere ? (await listBackups(directory))[0] : undefined
  if (newest) return newest
  throw new Problem(
    'not-found',
    isThere
      ? `There is no finished backup in ${path}. Name the directory that "filevault backup" wrote to, or one backup in it.`
      : `There is no directory ${path}. Mount the disk that has the backups.`,
  )
}

/** The lines of a manifest in their order; throws `conflict` when it is not the one that was written. */
export async function* readManifest({ name, layout, facts }: Backup): AsyncGenerator<{ sha256: string; path: string }> {
  const hash = createHash('sha256')
  let rest = ''
  const chunks = createReadStream(manifestOf(layout.directory))
  // Ids and our own names alone: plain ASCII, so that no character lies across two pieces.
  for await (const chunk of chunks as AsyncIterable<Buffer>) {
    hash.update(chunk)
    const lines = (rest + chunk.toString('latin1')).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) yield { sha256: line.slice(0, 64), path: line.slice(66) }
  }
  if (rest !== '' || hash.digest('hex') !== facts.manifestSha256)
    throw new Problem('conflict', `The manifest of the backup ${name} is damaged. Use an earlier backup.`)
}

/** Removes a backup or what is left of one. */
export async function removeDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true })
}

async function readFacts(directory: string): Promise<BackupFacts | undefined> {
  try {
    const facts = JSON.parse(await readFile(factsOf(directory), 'utf8')) as BackupFacts
    return facts.format === 1 && typeof facts.volume === 'string' ? facts : undefined
  } catch {
    return undefined
  }
}
