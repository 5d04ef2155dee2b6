/**
 * The records: every row that a lost index is made again from, as one JSON object each. They are whole states, not steps,
 * so that writing one twice, or reading an old one and then a new one, comes to the same.
 */
import { type RawBuilder, sql } from 'kysely'
import type { Index } from '../index/open.ts'

export interface UserRecord {
  is: 'user'
  id: string
  email: string
  name: string
  passwordHash: string
  admin: boolean
  createdAt: number
  disabledAt: number | null
  /** So that a vault whose own record was not written yet finds its owner. */
  vault: string | null
  quotaBytes: number | null
}

export interface SettingRecord {
  is: 'setting'
  id: string
  value: string
}

export interface VaultRecord {
  is: 'vault'
  id: string
  kind: 'personal' | 'team'
  owner: string
  name: string
  quotaBytes: number
  keepVersions: number | null
  keepDays: number | null
  /** Absent in records of versions before 0.2. */
  maxFileBytes?: number | null
  allowedTypes?: string[]
  forbiddenTypes?: string[]
  createdAt: number
  /** The folder that is its top. */
  top: string
  members: { user: string; role: 'viewer' | 'editor' | 'manager' }[]
}

export interface FolderRecord {
  is: 'folder'
  id: string
  parent: string
  name: string
  color: string | null
  icon: string | null
  createdAt: number
  updatedAt: number
  deletedAt: number | null
  trashedWith: string | null
}

export interface VersionRecord {
  number: number
  object: string
  size: number
  storedBytes: number
  sha256: string
  crc32: number
  mimeType: string
  createdAt: number
  createdBy: string
  replacedAt: number | null
  packed: { base: string | null; storedBytes: number } | null
}

export interface FileRecord {
  is: 'file'
  id: string
  folder: string
  owner: string
  name: string
  width: number | null
  height: number | null
  duration: number | null
  thumbnail: string
  tags: string[]
  metadata: { [field: string]: unknown }
  package: string | null
  createdAt: number
  updatedAt: number
  deletedAt: number | null
  trashedWith: string | null
  versions: VersionRecord[]
}

/** A user's favourite: `on` or not any more. */
export interface FavoriteRecord {
  is: 'favorite'
  id: string
  user: string
  on: boolean
}

/** What was there and is not any more. */
export interface GoneRecord {
  is: 'gone'
  what: 'user' | 'setting' | 'folder' | 'file'
  id: string
}

/** A place in an order: the key, and the row number among those with the same key. */
export type Place = readonly [key: number, no: number]

export const beginning: Place = [-1, -1]

/** Which rows: of these ids, or the next page of what lives, or of what is in the trash. */
export type Which = { ids: readonly string[] } | { from: 'living' | 'trash'; after: Place; limit: number }

/** A record as it is written: its text is made by SQLite and never taken apart on the way. */
export interface Line {
  id: string
  json: string
}

export interface Page {
  lines: Line[]
  /** Where the next page goes on; undefined where there was nothing. */
  last: Place | undefined
}

export async function readUsers(
  index: Index,
  which: { ids: readonly string[] } | { after: Place; limit: number },
): Promise<Page> {
  const condition =
    'ids' in which ? sql`id IN ${list(which.ids)}` : sql`no > ${which.after[1]} ORDER BY no LIMIT ${which.limit}`
  return page(
    index,
    sql`SELECT 0 AS key, no, id, json_object('is', 'user', 'id', id, 'email', email, 'name', name, 'passwordHash', password_hash,
        'admin', json(iif(admin, 'true', 'false')), 'createdAt', created_at, 'disabledAt', disabled_at, 'vault', vault_id, 'quotaBytes', quota_bytes) AS json
      FROM (SELECT user.*, v.id AS vault_id, v.quota_bytes FROM user LEFT JOIN vault v ON v.owner_no = user.no AND v.kind = 'personal') WHERE ${condition}`,
  )
}

/** Every setting but the volume's own id. */
export async function readSettings(index: Index): Promise<Line[]> {
  const { lines } = await page(
    index,
    sql`SELECT 0 AS key, 0 AS no, key AS id, json_object('is', 'setting', 'id', key, 'value', value) AS json FROM setting WHERE key <> 'volume'`,
  )
  return lines
}

export async function readVault(index: Index, vaultNo: number): Promise<Line | undefined> {
  const { lines } = await page(
    index,
    sql`SELECT 0 AS key, v.no, v.id, json_object('is', 'vault', 'id', v.id, 'kind', v.kind, 'owner', u.id, 'name', v.name, 'quotaBytes', v.quota_bytes,
        'keepVersions', v.keep_versions, 'keepDays', v.keep_days,
        'maxFileBytes', v.max_file_bytes, 'allowedTypes', json(v.allowed_types), 'forbiddenTypes', json(v.forbidden_types), 'createdAt', v.created_at,
        'top', (SELECT id FROM folder WHERE vault_no = v.no AND parent_no IS NULL),
        'members', json((SELECT json_group_array(json_object('user', m.id, 'role', member.role))
          FROM member JOIN user m ON m.no = member.user_no WHERE member.vault_no = v.no))) AS json
      FROM vault v JOIN user u ON u.no = v.owner_no WHERE v.no = ${vaultNo}`,
  )
  return lines[0]
}

/** Folders of a vault, its top left out. */
export function readFolders(index: Index, vaultNo: number, which: Which): Promise<Page> {
  return page(
    index,
    sql`SELECT coalesce(f.deleted_at, f.created_at) AS key, f.no, f.id, json_object('is', 'folder', 'id', f.id, 'parent', p.id, 'name', f.name, 'color', f.color, 'icon', f.icon,
        'createdAt', f.created_at, 'updatedAt', f.updated_at, 'deletedAt', f.deleted_at, 'trashedWith', t.id) AS json
      FROM folder f JOIN folder p ON p.no = f.parent_no LEFT JOIN folder t ON t.no = f.trashed_with
      WHERE f.vault_no = ${vaultNo} AND ${chosen('f', which)}`,
  )
}

/** Files of a vault with all their versions. */
export function readFiles(index: Index, vaultNo: number, which: Which): Promise<Page> {
  return page(
    index,
    sql`SELECT coalesce(f.deleted_at, f.created_at) AS key, f.no, f.id, json_object('is', 'file', 'id', f.id, 'folder', d.id, 'owner', o.id, 'name', f.name,
        'width', f.width, 'height', f.height, 'duration', f.duration, 'thumbnail', f.thumbnail,
        'tags', json(f.tags), 'metadata', json(f.metadata), 'package', f.package, 'createdAt', f.created_at,
        'updatedAt', f.updated_at, 'deletedAt', f.deleted_at, 'trashedWith', t.id,
        'versions', json((SELECT json_group_array(json_object('number', v.number, 'object', v.object_id, 'size', v.size,
            'storedBytes', v.stored_bytes, 'sha256', lower(hex(v.sha256)), 'crc32', v.crc32, 'mimeType', v.mime_type,
            'createdAt', v.created_at, 'createdBy', c.id, 'replacedAt', v.replaced_at, 'packed', json(iif(k.object_id IS NULL, NULL,
              json_object('base', k.base_id, 'storedBytes', k.stored_bytes)))) ORDER BY v.number)
          FROM version v JOIN user c ON c.no = v.created_by LEFT JOIN packed k ON k.object_id = v.object_id
          WHERE v.file_no = f.no))) AS json
      FROM file f JOIN folder d ON d.no = f.folder_no JOIN user o ON o.no = f.owner_no LEFT JOIN folder t ON t.no = f.trashed_with
      WHERE f.vault_no = ${vaultNo} AND ${chosen('f', which)}`,
  )
}

/** The favourites of the members of a vault in it. */
export async function readFavorites(index: Index, vaultNo: number): Promise<Line[]> {
  const { lines } = await page(
    index,
    sql`SELECT 0 AS key, f.no, f.id, json_object('is', 'favorite', 'id', f.id, 'user', u.id, 'on', json('true')) AS json
      FROM member m JOIN favorite x ON x.user_no = m.user_no JOIN file f ON f.no = x.file_no JOIN user u ON u.no = x.user_no
      WHERE m.vault_no = ${vaultNo} AND f.vault_no = ${vaultNo}`,
  )
  return lines
}

async function page(index: Index, query: RawBuilder<unknown>): Promise<Page> {
  const lines = await index.readAway(query as RawBuilder<Line & { key: number; no: number }>)
  const last = lines.at(-1)
  return { lines, last: last && [last.key, last.no] }
}

// Each page is one range of an index that is there anyway.
function chosen(table: string, which: Which): RawBuilder<unknown> {
  const [id, no] = [sql.ref(`${table}.id`), sql.ref(`${table}.no`)]
  if ('ids' in which) return sql`${id} IN ${list(which.ids)}`
  const deletedAt = sql.ref(`${table}.deleted_at`)
  const key = which.from === 'trash' ? deletedAt : sql.ref(`${table}.created_at`)
  const where = which.from === 'trash' ? sql`${deletedAt} IS NOT NULL` : sql`${deletedAt} IS NULL`
  const [afterKey, afterNo] = which.after
  return sql`${where} AND (${key}, ${no}) > (${afterKey}, ${afterNo}) ORDER BY ${key}, ${no} LIMIT ${which.limit}`
}

function list(ids: readonly string[]): RawBuilder<unknown> {
  return sql`(SELECT value FROM json_each(${JSON.stringify(ids)}))`
}
