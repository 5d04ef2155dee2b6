/** Versions of a file: what a new content does to its row, the list, and bringing an old one back. */
import { sql } from 'kysely'
import type { File } from '../api/files.ts'
import type { Metadata } from '../api/schema.ts'
import type { Version } from '../api/versions.ts'
import { newId } from '../index/ids.ts'
import type { Reader, Transaction } from '../index/open.ts'
import { fixed, q } from '../index/query.ts'
import { enqueue } from '../index/queue.ts'
import { Problem } from '../problem.ts'
import type { Stored } from '../volume/put.ts'
import { type Actor, type FileProof, ownerNo, requireFile, requireLiveFile, type VaultProof } from './access.ts'
import { learnBlocks } from './blocks.ts'
import { type Content, contentOfVersion, openContent } from './contents.ts'
import type { Core } from './core.ts'
import { naming, readFile } from './files.ts'
import { record } from './journal.ts'
import { isMedia } from './kinds.ts'
import { freeName } from './names.ts'
import { nameTaken, requireFreeName } from './places.ts'
import { currentSettings } from './settings.ts'
import { queueText } from './text.ts'
import { requireWithinQuota } from './vaults.ts'

/** Content whose bytes are durable, and what is to be said of the file that it becomes. */
export interface NewContent {
  stored: Stored
  /** Undefined: as they are, or none. */
  tags?: readonly string[] | undefined
  metadata?: Metadata | undefined
}

// Run with every file that comes: their text is written once.
const insertFileRow = fixed<{ no: number }>(
  `INSERT INTO file (id, vault_no, folder_no, owner_no, name, name_key, name_sort, extension, kind, version, size, sha256,
     mime_type, thumbnail, tags, metadata, created_at, updated_at)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING no`,
)
const insertVersionRow = fixed(
  `INSERT INTO version (file_no, vault_no, number, object_id, size, stored_bytes, sha256, crc32, mime_type, created_at,
     created_by)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
)

/** Names new content as a new file. `fail`: a name that is taken is a `conflict`; `rename`: a free one is found. Answers its row number. */
export function insertFile(
  core: Core,
  tx: Transaction,
  actor: Actor,
  vault: VaultProof,
  folderNo: number,
  input: NewContent & { name: string; onConflict: 'fail' | 'rename' },
): number {
  const { stored, onConflict } = input
  if (onConflict === 'fail') requireFreeName(tx, folderNo, input.name)
  const name = freeName(input.name, (key) => nameTaken(tx, folderNo, key))
  const now = core.now()
  const id = newId(now)
  const named = naming(name, stored.mimeType)
  const facts = factsOf(stored)
  const row = tx.get(
    insertFileRow(
      id,
      vault.no,
      folderNo,
      ownerNo(actor),
      named.name,
      named.name_key,
      named.name_sort,
      named.extension,
      named.kind,
      facts.size,
      facts.sha256,
      facts.mime_type,
      facts.thumbnail,
      JSON.stringify(input.tags ?? []),
      JSON.stringify(input.metadata ?? {}),
      now,
      now,
    ),
  )
  if (!row) throw new Error('The file was not inserted.')
  insertVersion(core, tx, actor, { no: row.no, id, vaultNo: vault.no }, 1, stored)
  record(core, tx, actor, { vaultNo: vault.no, kind: 'file_created', subjectId: id, name, bytes: stored.size })
  return row.no
}

/**
 * Makes new content the next version of a file; the one it replaces is kept, and packed in the background. `baseVersion`
 * is the one that the sender knew: when another came meanwhile, that is a `conflict`, never a silent overwrite.
 */
export function addVersion(
  core: Core,
  tx: Transaction,
  actor: Actor,
  file: Pick<FileProof, 'no' | 'id' | 'vault'>,
  { stored, tags, metadata, baseVersion }: NewContent & { baseVersion?: number | undefined },
): void {
  const before = tx.get(q.selectFrom('file').selectAll().where('no', '=', file.no))
  if (!before || before.deleted_at !== null) throw new Problem('conflict', 'This file was just put in the trash.')
  if (baseVersion !== undefined && before.version !== baseVersion) throw staleVersion(before.name, before.version)
  const now = core.now()
  const number = before.version + 1
  tx.run(
    q
      .updateTable('version')
      .set({ replaced_at: now })
      .where('file_no', '=', file.no)
      .where('number', '=', before.version),
  )
  tx.run(
    q
      .updateTable('file')
      .set({
        version: number,
        ...naming(before.name, stored.mimeType),
        ...factsOf(stored),
        ...(tags ? { tags: JSON.stringify(tags) } : {}),
        ...(metadata ? { metadata: JSON.stringify(metadata) } : {}),
        updated_at: now,
      })
      .where('no', '=', file.no),
  )
  insertVersion(core, tx, actor, { no: file.no, id: file.id, vaultNo: file.vault.no }, number, stored)
  enqueue(tx, { name: 'pack', payload: { fileId: file.id, version: before.version }, priority: 5, runAt: now })
  forgetOldVersions(core, tx, file.no, number)
  record(core, tx, actor, {
    vaultNo: file.vault.no,
    kind: 'file_updated',
    subjectId: file.id,
    act: 'upload',
    name: before.name,
    bytes: stored.size,
  })
}

/** What somebody is told who replaces a version that is not the newest any more. */
export function staleVersion(name: string, newest: number): Problem {
  return new Problem(
    'conflict',
    `"${name}" was changed meanwhile: its newest version is ${newest}. Look at it, then send yours with that as its base, or under another name.`,
  )
}

/** Every version that is kept, newest first. */
export function listVersions(core: Core, actor: Actor, id: string): Version[] {
  const file = requireFile(core, actor, id, 'viewer')
  const rows = core.index.read.all(
    q
      .selectFrom('version')
      .innerJoin('user', 'user.no', 'version.created_by')
      .selectAll('version')
      .select(['user.id as author_id', 'user.name as author_name'])
      .where('file_no', '=', file.no)
      .orderBy('number', 'desc'),
  )
  return rows.map((row) => ({
    number: row.number,
    size: row.size,
    sha256: row.sha256.toString('hex'),
    storedBytes: row.stored_bytes,
    mimeType: row.mime_type,
    createdAt: new Date(row.created_at).toISOString(),
    createdBy: row.author_id,
    createdByName: row.author_name,
  }))
}

/** The bytes of one version. */
export function versionOf(core: Core, actor: Actor, id: string, number: number): Content {
  const file = requireFile(core, actor, id, 'viewer')
  return contentOfVersion(core, file, number)
}

/** Makes the content of an old version the newest one. The versions between stay. */
export async function restoreVersion(core: Core, actor: Actor, id: string, number: number): Promise<File> {
  const file = requireLiveFile(core, actor, id, 'editor')
  const old = requireVersion(core.index.read, file, number)
  if (number === file.version) throw new Problem('conflict', `Version ${number} is the newest one already.`)
  const source = await openContent(core, file.vault.id, old.object_id)
  await using _ = source
  const stored = await core.volume.put(file.vault.id, source.stream(), { name: file.name, declaredType: old.mime_type })
  if (stored.sha256 !== old.sha256.toString('hex')) {
    await core.volume.discard(stored)
    throw new Problem('storage-unavailable', `Version ${number} is damaged. Please tell the administrator.`)
  }
  return settled(core, stored, (tx) => {
    addVersion(core, tx, actor, file, { stored, baseVersion: file.version })
    requireWithinQuota(tx, file.vault.no, stored.size)
    return readFile(tx, actor, file.no)
  })
}

/** Runs the transaction that names stored bytes; when it is refused they go, when its outcome is unknown recovery decides. */
export async function settled<T>(core: Core, stored: Stored, work: (tx: Transaction) => T): Promise<T> {
  let done: T
  try {
    done = await core.index.write(work)
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'storage-unavailable') await core.volume.discard(stored)
    throw error
  }
  core.afterwards(core.volume.settle(stored))
  return done
}

/** Removes versions that retention does not keep: beyond the newest N of a file. The newest always stays. */
function forgetOldVersions(core: Core, tx: Transaction, fileNo: number, newest: number): void {
  const row = tx.get(
    q
      .selectFrom('file')
      .innerJoin('vault', 'vault.no', 'file.vault_no')
      .select(['vault.keep_versions', 'vault.id as vaultId'])
      .where('file.no', '=', fileNo),
  )
  const keep = row?.keep_versions ?? currentSettings(core).keepVersions
  const old = tx.all(
    q
      .selectFrom('version')
      .select(['no'])
      .where('file_no', '=', fileNo)
      .where('number', '<', newest)
      .orderBy('number', 'desc')
      .limit(-1)
      .offset(Math.max(0, keep - 1)),
  )
  forgetVersions(
    core,
    tx,
    row?.vaultId ?? '',
    old.map(({ no }) => no),
  )
}

/** Removes version rows; objects that nothing names any more become garbage. */
export function forgetVersions(core: Core, tx: Transaction, vaultId: string, nos: readonly number[]): void {
  if (nos.length === 0) return
  const list = JSON.stringify(nos)
  tx.run(
    sql`INSERT INTO garbage (object_id, vault_id, since)
        SELECT DISTINCT object_id, ${vaultId}, ${core.now()} FROM version v WHERE no IN (SELECT value FROM json_each(${list}))
        AND NOT EXISTS (SELECT 1 FROM version o WHERE o.object_id = v.object_id AND o.no NOT IN (SELECT value FROM json_each(${list})))
        ON CONFLICT DO UPDATE SET whole_only = 0`,
  )
  tx.run(sql`DELETE FROM version WHERE no IN (SELECT value FROM json_each(${list}))`)
}

/** Removes versions that were replaced longer ago than their vault keeps them. Answers how many. */
export async function expireVersions(core: Core): Promise<number> {
  const { keepVersionDays } = currentSettings(core)
  const dayMs = 86_400_000
  return core.index.write((tx) => {
    const old = tx.all(
      sql<{ no: number; vaultId: string }>`
        SELECT version.no, vault.id AS vaultId FROM version JOIN vault ON vault.no = version.vault_no
        WHERE version.replaced_at IS NOT NULL
          AND version.replaced_at < ${core.now()} - coalesce(vault.keep_days, ${keepVersionDays}) * ${dayMs}
        LIMIT 1000`,
    )
    for (const [vaultId, rows] of Map.groupBy(old, (row) => row.vaultId))
      forgetVersions(
        core,
        tx,
        vaultId,
        rows.map(({ no }) => no),
      )
    return old.length
  })
}

function requireVersion(read: Reader, file: FileProof, number: number) {
  const row = read.get(q.selectFrom('version').selectAll().where('file_no', '=', file.no).where('number', '=', number))
  if (!row) throw new Problem('not-found', `This file has no version ${number}, or it is not kept any more.`)
  return row
}

function insertVersion(
  core: Core,
  tx: Transaction,
  actor: Actor,
  file: { no: number; id: string; vaultNo: number },
  number: number,
  stored: Stored,
): void {
  const now = core.now()
  const { objectId, size, crc32, mimeType } = stored
  const sha256 = Buffer.from(stored.sha256, 'hex')
  tx.run(
    insertVersionRow(file.no, file.vaultNo, number, objectId, size, size, sha256, crc32, mimeType, now, ownerNo(actor)),
  )
  learnBlocks(core, tx, { ...stored, vaultNo: file.vaultNo }, stored.blocks)
  if (isMedia(stored.mimeType))
    enqueue(tx, { name: 'media', payload: { fileId: file.id, version: number }, runAt: now })
  queueText(tx, { fileId: file.id, version: number, mimeType: stored.mimeType, size: stored.size }, now)
}

/** What the row of a file copies from its newest version. */
function factsOf(stored: Stored) {
  return {
    size: stored.size,
    sha256: Buffer.from(stored.sha256, 'hex'),
    mime_type: stored.mimeType,
    width: null,
    height: null,
    duration: null,
    thumbnail: isMedia(stored.mimeType) ? ('pending' as const) : ('none' as const),
  }
}
