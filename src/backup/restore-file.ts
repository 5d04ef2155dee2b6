/** One version of one file taken out of a backup, without a volume: its bytes are held against their hash on the way. */
import { createHash, randomBytes } from 'node:crypto'
import { link, open, rm, stat } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { type Connection, openConnection } from '../index/connection.ts'
import { Problem } from '../problem.ts'
import { nameKey } from '../vault/names.ts'
import { type OpenedObject, openObject } from '../volume/open.ts'
import { openPacking } from '../volume/packed.ts'
import { hashOf, syncName } from './backup-disk.ts'
import { type Backup, readManifest } from './backups.ts'

export interface TakenFile {
  path: string
  version: number
  size: number
  sha256: string
  /** Where it lies now. */
  to: string
}

interface VersionRow {
  vaultId: string
  objectId: string
  number: number
  size: number
  sha256: Buffer
}

/**
 * Writes a version (the newest unless told) of the file called `file`, `VAULT:/path`, to `to`: a name that nothing has yet, or
 * a directory. What lies in the trash is found when no living file has the name.
 */
export async function restoreFile(
  backup: Backup,
  { file, version, to }: { file: string; version: number | undefined; to: string },
): Promise<TakenFile> {
  const [, vault, path] = /^([^:]+):\/*(.+)$/.exec(file) ?? []
  if (vault === undefined || path === undefined)
    throw new Problem(
      'bad-input',
      `"${file}" names no file. Write it like VAULT:/folder/name, with the name or id of the vault.`,
    )
  await refuseDamagedIndex(backup)
  const db = openConnection(backup.layout.indexFile, { readonly: true, busyMs: 0 })
  try {
    const found = findVersion(db, backup.name, vault, path.split('/'), version)
    const target = await targetOf(resolve(to), path)
    const sha256 = found.sha256.toString('hex')
    await using opened = await openVersion(db, backup, found).catch((error: unknown) => {
      throw damaged(backup.name, error)
    })
    await write(opened, target, sha256, backup.name)
    return { path: `/${path}`, version: found.number, size: found.size, sha256, to: target }
  } finally {
    db.close()
  }
}

async function refuseDamagedIndex(backup: Backup): Promise<void> {
  for await (const { path, sha256 } of readManifest(backup)) {
    if (path !== 'index/filevault.db') continue
    if ((await hashOf(backup.layout.indexFile)).sha256 === sha256) return
    break
  }
  throw new Problem('conflict', `The index in the backup ${backup.name} is damaged. Use an earlier backup.`)
}

function findVersion(db: Connection, backup: string, vault: string, names: string[], version?: number): VersionRow {
  const vaults = db
    .prepare(
      "SELECT v.no, v.id, u.email FROM vault v JOIN user u ON u.no = v.owner_no WHERE v.id = :vault OR v.name = :vault OR (u.email = :vault AND v.kind = 'personal')",
    )
    .all({ vault }) as { no: number; id: string; email: string }[]
  const [one, ...more] = vaults
  if (!one) throw new Problem('not-found', `There is no vault "${vault}" in the backup ${backup}.`)
  if (more.length > 0)
    throw new Problem(
      'conflict',
      `Several vaults are called "${vault}". Name one by its id: ${vaults.map(({ id, email }) => `${id} (${email})`).join(', ')}.`,
    )
  const folderNamed = db
    .prepare(
      'SELECT no FROM folder WHERE parent_no = ? AND name_key = ? ORDER BY deleted_at IS NOT NULL, deleted_at DESC',
    )
    .pluck()
  let folder = db.prepare('SELECT no FROM folder WHERE vault_no = ? AND parent_no IS NULL').pluck().get(one.no)
  for (const name of names.slice(0, -1)) folder = folder && folderNamed.get(folder, nameKey(name))
  const file = db
    .prepare(
      'SELECT no, version FROM file WHERE folder_no = ? AND name_key = ? ORDER BY deleted_at IS NOT NULL, deleted_at DESC',
    )
    .get(folder ?? -1, nameKey(names.at(-1) ?? '')) as { no: number; version: number } | undefined
  if (!file)
    throw new Problem(
      'not-found',
      `There is no file /${names.join('/')} in the vault "${vault}" of the backup ${backup}.`,
    )
  const row = db
    .prepare('SELECT object_id AS objectId, number, size, sha256 FROM version WHERE file_no = ? AND number = ?')
    .get(file.no, version ?? file.version) as Omit<VersionRow, 'vaultId'> | undefined
  if (row) return { ...row, vaultId: one.id }
  const kept = db.prepare('SELECT number FROM version WHERE file_no = ? ORDER BY number').pluck().all(file.no)
  throw new Problem('not-found', `The backup ${backup} has no version ${version} of it, but ${kept.join(', ')}.`)
}

/** Opens a version in a backup, however it lies there. */
function openVersion(db: Connection, { layout }: Backup, { vaultId, objectId }: VersionRow): Promise<OpenedObject> {
  const packedAs = db.prepare('SELECT base_id FROM packed WHERE object_id = ?')
  const chain: string[] = []
  let base: string | null = objectId
  while (base !== null) {
    const packed = packedAs.get(base) as { base_id: string | null } | undefined
    if (!packed) break
    chain.push(base)
    base = packed.base_id
  }
  if (chain.length === 0) return openObject(layout.object({ vaultId, objectId }))
  const noWrites = async () => {
    throw new Error('A backup is never written to.')
  }
  return openPacking(layout, { present: noWrites, ready: noWrites }).openPacked(vaultId, chain, base)
}

async function targetOf(to: string, path: string): Promise<string> {
  const found = await stat(to).catch(() => undefined)
  const target = found?.isDirectory() ? join(to, basename(path)) : to
  if (await stat(target).catch(() => undefined))
    throw new Problem('conflict', `There is something at ${target} already. Choose another name with --to.`)
  return target
}

/** Under another name until every byte is there and right. */
async function write(opened: OpenedObject, target: string, wanted: string, backup: string): Promise<void> {
  const temporary = join(dirname(target), `.${basename(target)}.${randomBytes(4).toString('hex')}`)
  try {
    await using file = await open(temporary, 'wx', 0o600)
    const hash = createHash('sha256')
    for await (const chunk of opened.stream()) {
      hash.update(chunk as Buffer)
      await file.writeFile(chunk as Buffer)
    }
    if (hash.digest('hex') !== wanted) throw damaged(backup)
    await file.sync()
    await link(temporary, target)
    await syncName(dirname(target))
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (code === 'EEXIST') throw new Problem('conflict', `There is something at ${target} already.`)
    if (/^E[A-Z]+$/.test(code))
      throw new Problem('bad-input', `${target} cannot be written (${code}). Choose another place with --to.`)
    throw code === 'storage-unavailable' ? damaged(backup, error) : error
  } finally {
    await rm(temporary, { force: true }).catch(() => {})
  }
}

function damaged(backup: string, cause?: unknown): Problem {
  return new Problem(
    'conflict',
    `What the backup ${backup} has of it is damaged, and nothing was written. Try an earlier backup.`,
    { cause },
  )
}
