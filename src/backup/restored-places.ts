/** What a rescued file hangs on: users, vaults with their members, and folders in their tree. */
import type { Connection } from '../index/connection.ts'
import { newId } from '../index/ids.ts'
import { freeName, nameKey, nameSort } from '../vault/names.ts'
import { emailKey } from '../vault/users.ts'
import type { FolderRecord, UserRecord, VaultRecord } from './records.ts'
import { prepared, records, type Staging } from './staging.ts'

/** The rows that what is put into a vault hangs on. */
export interface VaultRow {
  no: number
  id: string
  ownerNo: number
}

/** Every user; answers their row numbers by id. */
export function restoreUsers(db: Connection, staging: Staging): Map<string, number> {
  const users = new Map<string, number>()
  for (const user of records<UserRecord>(staging, 'user')) users.set(user.id, insertUser(db, user))
  return users
}

/** Answers the row number. */
export function insertUser(db: Connection, user: UserRecord): number {
  // Two with one address can only be a damaged record; the later one keeps its files and cannot sign in.
  const key = emailKey(user.email)
  const isTaken = prepared(db, 'SELECT 1 FROM user WHERE email_key = ?').get(key) !== undefined
  return insert(db, 'user', {
    id: user.id,
    email: user.email,
    email_key: isTaken ? `${key} ${user.id}` : key,
    name: user.name,
    password_hash: user.passwordHash,
    admin: Number(user.admin),
    created_at: user.createdAt,
    disabled_at: user.disabledAt,
    last_seen_at: null,
  })
}

/** Who gets what nobody else can have. */
export function firstAdministrator(db: Connection): number {
  return db
    .prepare('SELECT no FROM user ORDER BY admin DESC, disabled_at IS NOT NULL, no LIMIT 1')
    .pluck()
    .get() as number
}

/** The personal vault of a user whose own record was not written when the machine stopped. */
export function vaultOfUser(staging: Staging, id: string): VaultRecord | undefined {
  for (const { id: owner, name, vault, quotaBytes, createdAt } of records<UserRecord>(staging, 'user'))
    if (vault === id) {
      const limits = { quotaBytes: quotaBytes ?? 0, keepVersions: null, keepDays: null }
      return { is: 'vault', id, kind: 'personal', owner, name, ...limits, createdAt, top: '', members: [] }
    }
  return undefined
}

// Its directory was made and nothing was ever said of it: an administrator decides what becomes of it.
export function unknownVault(id: string, now: number): VaultRecord {
  const name = `Recovered ${id}`
  const limits = { quotaBytes: Number.MAX_SAFE_INTEGER, keepVersions: null, keepDays: null }
  return { is: 'vault', id, kind: 'team', owner: '', name, ...limits, createdAt: now, top: '', members: [] }
}

/** A vault with its members; one whose owner is unknown is a team vault of the `first` administrator. */
export function restoreVault(
  db: Connection,
  record: VaultRecord,
  users: Map<string, number>,
  first: number,
  seq: number,
): VaultRow {
  const ownerNo = users.get(record.owner) ?? first
  const has = db.prepare("SELECT 1 FROM vault WHERE owner_no = ? AND kind = 'personal'").get(ownerNo)
  const isPersonal = record.kind === 'personal' && users.has(record.owner) && !has
  const no = insert(db, 'vault', {
    id: record.id,
    kind: isPersonal ? 'personal' : 'team',
    owner_no: ownerNo,
    name: record.name,
    quota_bytes: record.quotaBytes,
    keep_versions: record.keepVersions,
    keep_days: record.keepDays,
    max_file_bytes: record.maxFileBytes ?? null,
    allowed_types: JSON.stringify(record.allowedTypes ?? []),
    forbidden_types: JSON.stringify(record.forbiddenTypes ?? []),
    created_at: record.createdAt,
    seq,
  })
  // A vault that was kept when its user was removed has no members, and waits for an administrator to give it away.
  const isKept = record.kind === 'team' && users.has(record.owner) && record.members.length === 0
  const members = new Map(isKept ? [] : [[ownerNo, 'manager']])
  for (const { user, role } of record.members) {
    const userNo = users.get(user)
    if (userNo !== undefined) members.set(userNo, role)
  }
  for (const [userNo, role] of members) insert(db, 'member', { vault_no: no, user_no: userNo, role })
  return { no, id: record.id, ownerNo }
}

export interface FolderRow {
  no: number
  deletedAt: number | null
  trashedWith: number | null
}

export interface Folders {
  top: FolderRow
  byId: Map<string, FolderRow>
  count: number
  /** Where goes what has lost its place; made when it is needed first. */
  recovered(): FolderRow
}

/** The folders of a vault in their tree; one that has lost its parent goes where `recovered` says, in the trash to the top. */
export function restoreFolders(
  db: Connection,
  vault: VaultRow,
  records: FolderRecord[],
  topId: string | undefined,
  now: () => number,
): Folders {
  const top: FolderRow = {
    no: insertFolder(db, vault, null, topRecord(topId || newId(now()), now())),
    deletedAt: null,
    trashedWith: null,
  }
  const byId = new Map<string, FolderRow>(topId ? [[topId, top]] : [])
  const under = Map.groupBy(records, ({ parent }) => parent)
  const known = new Set(records.map(({ id }) => id))
  let found: FolderRow | undefined
  const folders: Folders = {
    top,
    byId,
    count: 0,
    recovered() {
      found ??= { no: recoveredFolder(db, vault, now), deletedAt: null, trashedWith: null }
      return found
    },
  }
  const place = (record: FolderRecord, parent: FolderRow): void => {
    // What lies in something that was thrown away was thrown away with it.
    const deletedAt = record.deletedAt ?? parent.deletedAt
    const no = insertFolder(db, vault, parent.no, { ...record, deletedAt })
    const trashedWith =
      deletedAt === null
        ? null
        : (byId.get(record.trashedWith ?? '')?.no ?? (record.deletedAt === null ? parent.trashedWith : null) ?? no)
    if (trashedWith !== null) prepared(db, 'UPDATE folder SET trashed_with = ? WHERE no = ?').run(trashedWith, no)
    const row = { no, deletedAt, trashedWith }
    byId.set(record.id, row)
    folders.count++
    known.delete(record.id)
    for (const child of under.get(record.id) ?? []) place(child, row)
  }
  const home = (record: FolderRecord) => (record.deletedAt === null ? folders.recovered() : top)
  for (const record of under.get(topId ?? '') ?? []) place(record, top)
  for (const record of records) if (known.has(record.id) && !known.has(record.parent)) place(record, home(record))
  for (const record of records) if (known.has(record.id)) place(record, home(record)) // they lie in each other
  return folders
}

/** The living folder `Recovered <date>` at the top of a vault; made where it is missing. */
export function recoveredFolder(db: Connection, vault: VaultRow, now: () => number): number {
  const name = `Recovered ${new Date(now()).toISOString().slice(0, 10)}`
  const top = db
    .prepare('SELECT no FROM folder WHERE vault_no = ? AND parent_no IS NULL')
    .pluck()
    .get(vault.no) as number
  const there = db
    .prepare('SELECT no FROM folder WHERE parent_no = ? AND name = ? AND deleted_at IS NULL')
    .pluck()
    .get(top, name) as number | undefined
  if (there !== undefined) return there
  const times = { created_at: now(), updated_at: now(), deleted_at: null, trashed_with: null }
  return insert(db, 'folder', {
    id: newId(now()),
    vault_no: vault.no,
    parent_no: top,
    ...named(freeName(name, taken(db, top))),
    color: null,
    icon: null,
    ...times,
  })
}

function topRecord(id: string, now: number): FolderRecord {
  const none = { color: null, icon: null, deletedAt: null, trashedWith: null }
  return { is: 'folder', id, parent: '', name: '', ...none, createdAt: now, updatedAt: now }
}

function insertFolder(db: Connection, vault: VaultRow, parentNo: number | null, record: FolderRecord): number {
  const name = parentNo === null || record.deletedAt !== null ? record.name : freeName(record.name, taken(db, parentNo))
  return insert(db, 'folder', {
    id: record.id,
    vault_no: vault.no,
    parent_no: parentNo,
    ...named(name),
    color: record.color,
    icon: record.icon,
    created_at: record.createdAt,
    updated_at: record.updatedAt,
    deleted_at: record.deletedAt,
    trashed_with: null,
  })
}

/** Whether a name is taken in a folder, for `freeName`. */
export function taken(db: Connection, folderNo: number): (key: string) => boolean {
  const found = prepared(
    db,
    `SELECT 1 FROM file WHERE folder_no = @no AND name_key = @key AND deleted_at IS NULL
     UNION ALL SELECT 1 FROM folder WHERE parent_no = @no AND name_key = @key AND deleted_at IS NULL`,
  )
  return (key) => found.get({ no: folderNo, key }) !== undefined
}

/** The columns that a name decides. */
export function named(name: string) {
  return { name, name_key: nameKey(name), name_sort: nameSort(name) }
}

/** Inserts one row and answers its number. Table and columns are names in this program. */
export function insert(db: Connection, table: string, row: { [column: string]: unknown }): number {
  const columns = Object.keys(row)
  const text = `INSERT INTO ${table} (${columns}) VALUES (${columns.map(() => '?')})`
  return Number(prepared(db, text).run(...Object.values(row)).lastInsertRowid)
}
