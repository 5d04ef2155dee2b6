/**
 * Resumable uploads. A chunk that was acknowledged is durable and never asked for again: not after a lost connection, not
 * after a restart. The whole is hashed at the end and becomes a version in one transaction, or stays an upload.
 */
import { createHash, randomBytes } from 'node:crypto'
import { type Selectable, sql } from 'kysely'
import type { NewUpload, Upload } from '../api/uploads.ts'
import { newId } from '../index/ids.ts'
import type { Reader } from '../index/open.ts'
import { q } from '../index/query.ts'
import type { Tables } from '../index/tables.ts'
import { Problem } from '../problem.ts'
import { reserveOf } from '../volume/guard.ts'
import { type Actor, requireFolder, requireScope, requireVault, type VaultProof } from './access.ts'
import type { Core } from './core.ts'
import { distinctTags } from './files.ts'
import { cleanName, cleanPath } from './names.ts'
import { findFolder, liveFileAt, pathsOf, requireFreeName } from './places.ts'
import { largestFile, requireAllowedType } from './rules.ts'
import { currentSettings } from './settings.ts'
import { chunksOf, declaredBlocks } from './upload-chunks.ts'
import { forgetKnown, knownRanges } from './upload-known.ts'
import { bytesIn, covering, rangesOf } from './upload-ranges.ts'
import { freeBytes, overQuota } from './vaults.ts'
import { staleVersion } from './versions.ts'

/** How long an upload waits for its next chunk. */
export const expiryMs = 7 * 86_400_000
/** How many uploads one person may have under way. */
const mostUploads = 10_000

/** Begins an upload: checks the name, the conflict, the quota and the disk, and reserves the space. */
export async function createUpload(
  core: Core,
  actor: Actor,
  vaultId: string,
  input: NewUpload,
): Promise<Upload & { resumeToken: string }> {
  const vault = requireVault(core, actor, vaultId, 'editor')
  const names = namesOf(core, actor, vault, input)
  const { chunkBytes } = currentSettings(core)
  const maxFileBytes = largestFile(core, core.index.read, vault.no)
  requireAllowedType(core, core.index.read, vault.no, { name: names.at(-1) ?? '' })
  if (input.size > maxFileBytes)
    throw new Problem('too-large', `A file has at most ${maxFileBytes} bytes here; this one has ${input.size}.`)
  const baseVersion =
    input.baseVersion ?? (input.onConflict === 'replace' ? versionAt(core, vault.no, names) : undefined)
  const onConflict = input.onConflict === 'rename' ? ('rename' as const) : ('fail' as const)
  checkBase(core.index.read, vault.no, names, { baseVersion, onConflict })
  const space = await core.volume.space()
  if (space.freeBytes - reserveOf(core.config.volume.reserveBytes, space.totalBytes) < input.size)
    throw new Problem('disk-full', 'The disk has no room for this file. Ask the administrator for more space.')

  const now = core.now()
  const token = randomBytes(32).toString('base64url')
  const object = { vaultId: vault.id, objectId: randomBytes(16).toString('hex') }
  const row = {
    id: newId(now),
    token_hash: hashOf(token),
    vault_no: vault.no,
    user_no: actor.no,
    object_id: object.objectId,
    path: JSON.stringify(names),
    size: input.size,
    chunk_size: chunkBytes,
    sha256: input.sha256 === undefined ? null : Buffer.from(input.sha256, 'hex'),
    blocks_sha256: input.blocksSha256 === undefined ? null : Buffer.from(input.blocksSha256, 'hex'),
    base_version: baseVersion ?? null,
    on_conflict: onConflict,
    mime_type: input.mimeType ?? null,
    modified_at: input.modifiedAt === undefined ? null : Date.parse(input.modifiedAt),
    tags: input.tags ? JSON.stringify(distinctTags(input.tags)) : null,
    metadata: input.metadata ? JSON.stringify(input.metadata) : null,
    blocks: input.blocks ? declaredBlocks(input.blocks, input.size) : null,
    created_at: now,
    expires_at: now + expiryMs,
  }
  await core.volume.staged.create(object, input.size)
  try {
    await core.index.write((tx) => {
      const open = tx.get(
        q
          .selectFrom('upload')
          .select((eb) => eb.fn.countAll<number>().as('count'))
          .where('user_no', '=', actor.no)
          .where('file_id', 'is', null),
      )
      if ((open?.count ?? 0) >= mostUploads)
        throw new Problem('slow-down', `You have ${mostUploads} uploads under way. Complete or remove some first.`)
      const free = freeBytes(tx, vault.no)
      if (input.size > Math.max(0, free)) throw overQuota(input.size, free)
      tx.run(q.insertInto('upload').values(row))
    })
  } catch (error) {
    await core.volume.staged.remove(object)
    throw error
  }
  return { ...(await getUpload(core, actor, row.id)), resumeToken: token }
}

/** How far an upload has come. `resumeToken`, where it is given, has to be the right one. */
export async function getUpload(core: Core, actor: Actor, id: string, resumeToken?: string): Promise<Upload> {
  const row = requireUpload(core, actor, id, resumeToken)
  const known = covering(await knownRanges(core, row))
  const ranges = row.file_id === null ? rangesOf(core.index.read, row.no) : [{ start: 0, stop: row.size }]
  const isCovered = covering(ranges)
  const chunks = chunksOf(core, row)
  const receivedChunks: number[] = []
  const missing: number[] = []
  for (let index = 0; index < chunks.count; index++) {
    const chunk = chunks.at(index)
    if (isCovered(chunk)) receivedChunks.push(index)
    else if (!known(chunk)) missing.push(index)
  }
  return { ...shortly(core, row, bytesIn(ranges)), receivedChunks, missing }
}

/** The caller's uploads that are under way. */
export function listUploads(core: Core, actor: Actor): Omit<Upload, 'receivedChunks' | 'missing'>[] {
  requireScope(actor, 'read')
  const rows = core.index.read.all(
    q
      .selectFrom('upload')
      .select('id')
      .where('user_no', '=', actor.no)
      .where('file_id', 'is', null)
      .orderBy('created_at', 'desc')
      .limit(1000),
  )
  return rows.map(({ id }) => {
    const row = requireUpload(core, actor, id)
    return shortly(core, row, bytesIn(rangesOf(core.index.read, row.no)))
  })
}

/** Ends an upload; what was received goes. What it became, where it is complete, stays. */
export async function removeUpload(core: Core, actor: Actor, id: string): Promise<void> {
  const row = requireUpload(core, actor, id)
  requireScope(actor, 'write')
  forgetKnown(core, id)
  await endUploads(core, [row])
}

/** Ends uploads that were left alone too long. */
export async function expireUploads(core: Core): Promise<number> {
  const rows = core.index.read.all(
    q
      .selectFrom('upload')
      .innerJoin('vault', 'vault.no', 'upload.vault_no')
      .select(['upload.no', 'upload.object_id', 'vault.id as vault_id'])
      .where('expires_at', '<', core.now())
      .limit(1000),
  )
  await endUploads(core, rows)
  return rows.length
}

async function endUploads(
  core: Core,
  rows: readonly { no: number; object_id: string; vault_id: string }[],
): Promise<void> {
  await core.index.write((tx) => {
    for (const { no } of rows) tx.run(q.deleteFrom('upload').where('no', '=', no))
  })
  for (const row of rows) await core.volume.staged.remove({ vaultId: row.vault_id, objectId: row.object_id })
}

/** What a crash left of uploads: an object that no version names is taken back, bytes without a row go. */
export async function recoverUploads(core: Core): Promise<void> {
  const onDisk = new Set<string>()
  for (const object of await core.volume.staged.list()) {
    const row = core.index.read.get(
      q.selectFrom('upload').select(['no', 'file_id']).where('object_id', '=', object.objectId),
    )
    const named = core.index.read.get(
      q.selectFrom('version').select('no').where('object_id', '=', object.objectId).limit(1),
    )
    if (row && row.file_id === null) onDisk.add(object.objectId)
    if (!named) await core.volume.staged.unfinish(object)
    if (!row || row.file_id !== null) await core.volume.staged.remove(object)
  }
  const open = core.index.read.all(
    q
      .selectFrom('upload')
      .innerJoin('vault', 'vault.no', 'upload.vault_no')
      .select(['upload.no', 'upload.object_id', 'upload.size', 'vault.id as vault_id'])
      .where('file_id', 'is', null),
  )
  for (const row of open.filter(({ object_id }) => !onDisk.has(object_id))) {
    await core.volume.staged.create({ vaultId: row.vault_id, objectId: row.object_id }, row.size)
    await core.index.write((tx) => tx.run(q.deleteFrom('upload_range').where('upload_no', '=', row.no)))
  }
}

/** An upload of the caller's own; somebody else's is not there. */
export function requireUpload(core: Core, actor: Actor, id: string, resumeToken?: string): UploadRow {
  requireScope(actor, 'read')
  const row = selectUpload(core.index.read, actor.no, id)
  const isRight = row && (resumeToken === undefined || hashOf(resumeToken).equals(row.token_hash))
  if (!row || !isRight) throw new Problem('not-found', 'There is no such upload. It may have expired.')
  requireVault(core, actor, row.vault_id, 'viewer')
  return row
}

/** As `requireUpload`, for one that still takes bytes, by somebody who may still write there. */
export function requireOpenUpload(core: Core, actor: Actor, id: string, resumeToken?: string): UploadRow {
  const row = requireUpload(core, actor, id, resumeToken)
  requireVault(core, actor, row.vault_id, 'editor')
  if (row.file_id !== null) throw new Problem('conflict', 'This upload is complete already.')
  return row
}

/** An upload without its list of blocks, which may be large. */
export type UploadRow = Omit<Selectable<Tables['upload']>, 'blocks'> & { vault_id: string; has_blocks: number }

function selectUpload(read: Reader, userNo: number, id: string): UploadRow | undefined {
  return read.get(
    q
      .selectFrom('upload')
      .innerJoin('vault', 'vault.no', 'upload.vault_no')
      .select([
        'upload.no',
        'upload.id',
        'token_hash',
        'vault_no',
        'user_no',
        'object_id',
        'path',
        'size',
        'chunk_size',
        'sha256',
        'blocks_sha256',
        'base_version',
        'on_conflict',
        'mime_type',
        'modified_at',
        'tags',
        'metadata',
        'upload.created_at',
        'expires_at',
        'file_id',
        'file_version',
        'vault.id as vault_id',
        sql<number>`blocks IS NOT NULL`.as('has_blocks'),
      ])
      .where('upload.id', '=', id)
      .where('upload.user_no', '=', userNo),
  )
}

/** The names on the way from the top of the vault, the file's own last. */
function namesOf(core: Core, actor: Actor, vault: VaultProof, { path, folderId }: NewUpload): string[] {
  const given = cleanPath(path)
  const name = given.at(-1)
  if (name === undefined)
    throw new Problem('bad-input', 'The path names no file.', {
      errors: [{ path: 'path', message: 'The path names no file.' }],
    })
  cleanName(name)
  if (folderId === undefined || folderId === null) return given
  const folder = requireFolder(core, actor, folderId, 'editor')
  if (folder.vault.no !== vault.no) throw new Problem('not-found', 'There is no such folder in this vault.')
  if (folder.deletedAt !== null) throw new Problem('conflict', 'That folder is in the trash. Restore it first.')
  return [...cleanPath(pathsOf(core.index.read)(folder.no)), ...given]
}

/** Refuses what would replace something unseen: at the beginning, so that nobody sends 10 GB to be told, and at the end. */
export function checkBase(
  read: Reader,
  vaultNo: number,
  names: readonly string[],
  { baseVersion, onConflict }: { baseVersion?: number | null | undefined; onConflict?: 'fail' | 'rename' | undefined },
): void {
  const name = names.at(-1) as string
  const folderNo = findFolder(read, vaultNo, names.slice(0, -1))
  const existing = folderNo === undefined ? undefined : liveFileAt(read, folderNo, name)
  if (baseVersion === undefined || baseVersion === null) {
    if (onConflict !== 'rename' && folderNo !== undefined) requireFreeName(read, folderNo, name)
  } else if (!existing) throw replacedGone(name)
  else if (existing.version !== baseVersion) throw staleVersion(name, existing.version)
}

/** The newest version of the file at a path, if there is one. */
function versionAt(core: Core, vaultNo: number, names: readonly string[]): number | undefined {
  const folderNo = findFolder(core.index.read, vaultNo, names.slice(0, -1))
  return folderNo === undefined ? undefined : liveFileAt(core.index.read, folderNo, names.at(-1) ?? '')?.version
}

/** What somebody is told whose new version has no file to belong to any more. */
export function replacedGone(name: string): Problem {
  return new Problem(
    'conflict',
    `"${name}" is not there any more: it was moved or thrown away. Send it without a base version to make a new file.`,
  )
}

function shortly(core: Core, row: UploadRow, receivedBytes: number): Omit<Upload, 'receivedChunks' | 'missing'> {
  const chunks = chunksOf(core, row)
  return {
    id: row.id,
    status: row.file_id === null ? 'open' : 'done',
    path: `/${(JSON.parse(row.path) as string[]).join('/')}`,
    size: row.size,
    chunkSize: chunks.largest,
    totalChunks: chunks.count,
    receivedBytes,
    expiresAt: new Date(row.expires_at).toISOString(),
    fileId: row.file_id,
    version: row.file_version,
  }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest()
}
