/** Rows of a new index from what the records say: users, vaults, folders, files with their versions, favourites. */
import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import type { Connection } from '../index/connection.ts'
import { newId } from '../index/ids.ts'
import { isMedia, kindOf } from '../vault/kinds.ts'
import { extensionOf, freeName } from '../vault/names.ts'
import { openPasswords } from '../vault/passwords.ts'
import type { Volume } from '../volume/volume.ts'
import type { FavoriteRecord, FileRecord, FolderRecord, SettingRecord, VaultRecord, VersionRecord } from './records.ts'
import type { Rescued } from './rescue.ts'
import {
  type FolderRow,
  type Folders,
  firstAdministrator,
  insert,
  insertUser,
  named,
  restoreFolders,
  restoreUsers,
  restoreVault,
  taken,
  unknownVault,
  type VaultRow,
  vaultOfUser,
} from './restored-places.ts'
import { prepared, records, type Staging } from './staging.ts'

/** A device that followed the journal must never meet a number again that meant something else. */
const seqGap = 1000
const defaultQuotaBytes = 10e9

/** Inserts everything that the records know. Called inside a transaction. */
export async function restoreRows(
  db: Connection,
  volume: Volume,
  staging: Staging,
  now: () => number,
): Promise<Rescued> {
  const rescued: Rescued = {
    users: 0,
    vaults: 0,
    folders: 0,
    files: 0,
    versions: 0,
    favorites: 0,
    recovered: 0,
    missing: [],
    unexplained: [],
    damagedLines: staging.damagedLines,
    uploads: 0,
    administrator: undefined,
  }
  insert(db, 'setting', { key: 'volume', value: JSON.stringify(volume.id) })
  for (const { id, value } of records<SettingRecord>(staging, 'setting')) insert(db, 'setting', { key: id, value })
  const users = restoreUsers(db, staging)
  rescued.users = users.size
  if (users.size === 0) {
    const [email, password, id] = ['recovered@localhost', randomBytes(15).toString('base64url'), newId(now())]
    const passwordHash = await openPasswords().hash(password)
    const user = { id, email, name: 'Administrator', passwordHash, admin: true, createdAt: now(), disabledAt: null }

    users.set(id, insertUser(db, { is: 'user', vault: null, quotaBytes: null, ...user }))
    rescued.administrator = { email, password }
  }
  const first = firstAdministrator(db)
  for (const id of staging.vaults) {
    const [record] = records<VaultRecord>(staging, 'vault', id)
    const vault = restoreVault(
      db,
      record ?? vaultOfUser(staging, id) ?? unknownVault(id, now()),
      users,
      first,
      (staging.reached.get(id) ?? 0) + seqGap,
    )
    rescued.vaults++
    const folders = restoreFolders(db, vault, [...records<FolderRecord>(staging, 'folder', id)], record?.top, now)
    rescued.folders += folders.count
    for (const file of records<FileRecord>(staging, 'file', id))
      restoreFile(db, volume, staging, vault, folders, users, file, rescued)
    for (const { id: file, user, on } of records<FavoriteRecord>(staging, 'favorite', id)) {
      const userNo = users.get(user)
      const fileNo = noOf(db, 'file', file)
      if (!on || userNo === undefined || fileNo === undefined) continue
      insert(db, 'favorite', { user_no: userNo, file_no: fileNo })
      rescued.favorites++
    }
  }
  // Triggers count what goes into the trash, not what was born there.
  db.exec(
    'UPDATE vault SET trash_count = (SELECT count(*) FROM file WHERE vault_no = vault.no AND deleted_at IS NOT NULL)',
  )
  await givePersonalVaults(db, volume, users, now, rescued)
  return rescued
}

function restoreFile(
  db: Connection,
  volume: Volume,
  staging: Staging,
  vault: VaultRow,
  folders: Folders,
  users: Map<string, number>,
  record: FileRecord,
  rescued: Rescued,
): void {
  const versions = record.versions.filter((version) => isKept(staging, vault.id, version))
  for (const { number } of record.versions.filter((version) => !versions.includes(version)))
    rescued.missing.push({ vaultId: vault.id, path: record.name, version: number })
  const newest = versions.at(-1)
  if (!newest) return
  const known = folders.byId.get(record.folder)
  const folder = known ?? (record.deletedAt === null ? folders.recovered() : folders.top)
  const deletedAt = record.deletedAt ?? folder.deletedAt
  const trashedWith =
    deletedAt === null
      ? null
      : (folders.byId.get(record.trashedWith ?? '')?.no ?? (record.deletedAt === null ? folder.trashedWith : null))
  const no = insertFile(db, vault, folder, {
    ...record,
    deletedAt,
    trashedWith,
    ownerNo: users.get(record.owner) ?? vault.ownerNo,
    newest,
    thumbnail: thumbnailOf(volume, vault.id, record.thumbnail, newest),
  })
  rescued.files++
  for (const version of versions) {
    insertVersion(db, staging, vault, no, version, users.get(version.createdBy) ?? vault.ownerNo)
    rescued.versions++
  }
}

/** A version can be read: it lies whole, or as a difference to one that can be read. */
function isKept(
  staging: Staging,
  vaultId: string,
  { object, packed }: Pick<VersionRecord, 'object' | 'packed'>,
): boolean {
  if (liesAs(staging, vaultId, object, 'whole')) return true
  if (!packed || !liesAs(staging, vaultId, object, 'delta')) return false
  return (
    packed.base === null ||
    liesAs(staging, vaultId, packed.base, 'whole') ||
    liesAs(staging, vaultId, packed.base, 'delta')
  )
}

function liesAs(staging: Staging, vaultId: string, object: string, form: 'whole' | 'delta'): boolean {
  return (
    prepared(staging.db, 'SELECT 1 FROM object WHERE id = ? AND vault = ? AND form = ?').get(object, vaultId, form) !==
    undefined
  )
}

function insertVersion(
  db: Connection,
  staging: Staging,
  vault: VaultRow,
  fileNo: number,
  version: VersionRecord,
  createdBy: number,
): void {
  const isWhole = liesAs(staging, vault.id, version.object, 'whole')
  if (!isWhole && version.packed) {
    const { base, storedBytes } = version.packed
    prepared(db, 'INSERT OR IGNORE INTO packed (object_id, base_id, stored_bytes) VALUES (?, ?, ?)').run(
      version.object,
      base,
      storedBytes,
    )
  }
  insert(db, 'version', {
    file_no: fileNo,
    vault_no: vault.no,
    number: version.number,
    object_id: version.object,
    size: version.size,
    stored_bytes: isWhole ? version.size : version.storedBytes,
    sha256: Buffer.from(version.sha256, 'hex'),
    crc32: version.crc32,
    mime_type: version.mimeType,
    created_at: version.createdAt,
    created_by: createdBy,
    replaced_at: version.replacedAt,
  })
}

export interface NewFile extends Omit<FileRecord, 'is' | 'folder' | 'owner' | 'trashedWith' | 'versions'> {
  trashedWith: number | null
  ownerNo: number
  newest: Pick<VersionRecord, 'number' | 'size' | 'sha256' | 'mimeType' | 'createdAt'>
}

/** Inserts a file under its name, or one beside it where that is taken; what has no thumbnail yet gets a job for one. */
export function insertFile(db: Connection, vault: VaultRow, folder: FolderRow, file: NewFile): number {
  const { newest } = file
  const name = file.deletedAt === null ? freeName(file.name, taken(db, folder.no)) : file.name
  const extension = extensionOf(name)
  if (file.thumbnail === 'pending')
    insert(db, 'job', {
      name: 'media',
      payload: JSON.stringify({ fileId: file.id, version: newest.number }),
      run_at: newest.createdAt,
      attempts: 0,
    })
  return insert(db, 'file', {
    id: file.id,
    vault_no: vault.no,
    folder_no: folder.no,
    owner_no: file.ownerNo,
    ...named(name),
    extension,
    version: newest.number,
    size: newest.size,
    sha256: Buffer.from(newest.sha256, 'hex'),
    mime_type: newest.mimeType,
    kind: kindOf(newest.mimeType, extension),
    width: file.width,
    height: file.height,
    duration: file.duration,
    thumbnail: file.thumbnail,
    tags: JSON.stringify(file.tags),
    metadata: JSON.stringify(file.metadata),
    package: file.package,
    created_at: file.createdAt,
    updated_at: file.updatedAt,
    deleted_at: file.deletedAt,
    trashed_with: file.trashedWith,
  })
}

function thumbnailOf(volume: Volume, vaultId: string, recorded: string, { object, mimeType }: VersionRecord): string {
  if (recorded === 'none' || !isMedia(mimeType)) return 'none'
  return recorded === 'ready' && existsSync(volume.thumbnailPath(vaultId, object, 'small')) ? 'ready' : 'pending'
}

// A user whose vault has lost its record, or never had one: without a personal vault nobody is listed.
async function givePersonalVaults(
  db: Connection,
  volume: Volume,
  users: Map<string, number>,
  now: () => number,
  rescued: Rescued,
): Promise<void> {
  const without = db.prepare(
    "SELECT no, id, name FROM user WHERE no NOT IN (SELECT owner_no FROM vault WHERE kind = 'personal') AND email NOT LIKE '%@removed.invalid'",
  )
  for (const { id, name } of without.all() as { id: string; name: string }[]) {
    const vaultId = newId(now())
    await volume.createVault(vaultId)
    const limits = { quotaBytes: defaultQuotaBytes, keepVersions: null, keepDays: null }
    const record: VaultRecord = {
      is: 'vault',
      id: vaultId,
      kind: 'personal',
      owner: id,
      name,
      ...limits,
      createdAt: now(),
      top: '',
      members: [],
    }
    const vault = restoreVault(db, record, users, 0, 0)
    restoreFolders(db, vault, [], undefined, now)
    rescued.vaults++
  }
}

function noOf(db: Connection, table: 'file', id: string): number | undefined {
  const row = prepared(db, `SELECT no FROM ${table} WHERE id = ?`).get(id) as { no: number } | undefined
  return row?.no
}
