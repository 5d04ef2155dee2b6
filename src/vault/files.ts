/** Files: reading one, renaming, moving, copying, tags, metadata, favourites. */

import * as v from 'valibot'
import type { File, Kind } from '../api/files.ts'
import { Metadata, mostTags } from '../api/schema.ts'
import { newId } from '../index/ids.ts'
import type { Reader, Transaction } from '../index/open.ts'
import { compile, fixed, q } from '../index/query.ts'
import type { Tables } from '../index/tables.ts'
import { Problem } from '../problem.ts'
import {
  type Actor,
  ownerNo,
  requireFile,
  requireLiveFile,
  requirePlace,
  requireScope,
  type VaultProof,
} from './access.ts'
import type { Core } from './core.ts'
import type { Act } from './events.ts'
import { requireStillThere } from './folders.ts'
import { record } from './journal.ts'
import { kindOf } from './kinds.ts'
import { cleanName, extensionOf, freeName, nameKey, nameSort } from './names.ts'
import { nameTaken, pathsOf, requireFreeName } from './places.ts'
import { requireAllowedType } from './rules.ts'
import { queueText } from './text.ts'
import { requireWithinQuota } from './vaults.ts'

export interface FileChange {
  name?: string | undefined
  folderId?: string | null | undefined
  /** Null removes a field; what is not named stays. */
  metadata?: Record<string, unknown> | undefined
  package?: string | null | undefined
}

export function getFile(core: Core, actor: Actor, id: string): File {
  return readFile(core.index.read, actor, requireFile(core, actor, id, 'viewer').no)
}

/** Renames, moves, sets metadata or the package. */
export async function changeFile(core: Core, actor: Actor, id: string, change: FileChange): Promise<File> {
  const file = requireLiveFile(core, actor, id, 'editor')
  const place =
    change.folderId === undefined ? undefined : requirePlace(core, actor, file.vault as VaultProof, change.folderId)
  const name = change.name === undefined ? undefined : cleanName(change.name)
  return core.index.write((tx) => {
    const before = requireRow(tx, file.no)
    const folderNo = place?.no ?? before.folder_no
    if (folderNo !== before.folder_no) requireStillThere(tx, folderNo)
    const newName = name ?? before.name
    requireFreeName(tx, folderNo, newName, { file: file.no })
    if (newName !== before.name)
      requireAllowedType(core, tx, file.vault.no, { name: newName, mimeType: before.mime_type })
    const extension = extensionOf(newName)
    tx.run(
      q
        .updateTable('file')
        .set({
          folder_no: folderNo,
          name: newName,
          name_key: nameKey(newName),
          name_sort: nameSort(newName),
          extension,
          kind: kindOf(before.mime_type, extension),
          metadata: change.metadata ? JSON.stringify(merged(before.metadata, change.metadata)) : before.metadata,
          package: change.package === undefined ? before.package : change.package,
          updated_at: core.now(),
        })
        .where('no', '=', file.no),
    )
    const act = folderNo !== before.folder_no ? 'move' : newName !== before.name ? 'rename' : 'change'
    return changed(core, tx, actor, file, act, newName)
  })
}

/** Copies a file within its vault. The copy shares the bytes on the disk and counts against the quota like any file. */
export async function copyFile(
  core: Core,
  actor: Actor,
  id: string,
  input: { folderId?: string | null | undefined; name?: string | undefined },
): Promise<File> {
  const file = requireLiveFile(core, actor, id, 'editor')
  const place =
    input.folderId === undefined ? undefined : requirePlace(core, actor, file.vault as VaultProof, input.folderId)
  const wanted = cleanName(input.name ?? file.name)
  return core.index.write((tx) => {
    const { no: _, ...original } = requireRow(tx, file.no)
    const version = tx.get(
      q.selectFrom('version').selectAll().where('file_no', '=', file.no).where('number', '=', original.version),
    )
    if (!version) throw new Error(`File ${file.no} has no version ${original.version}.`)
    const folderNo = place?.no ?? original.folder_no
    requireStillThere(tx, folderNo)
    const name = freeName(wanted, (key) => nameTaken(tx, folderNo, key))
    const now = core.now()
    const copy = {
      ...original,
      id: newId(now),
      folder_no: folderNo,
      owner_no: ownerNo(actor),
      ...naming(name, original.mime_type),
      version: 1,
      created_at: now,
      updated_at: now,
      stored_bytes: 0,
    }
    const row = tx.get(q.insertInto('file').values(copy).returning('no'))
    if (!row) throw new Error('The copy was not inserted.')
    const { no: __, ...content } = version
    tx.run(
      q
        .insertInto('version')
        .values({ ...content, file_no: row.no, number: 1, created_at: now, created_by: ownerNo(actor) }),
    )
    queueText(tx, { fileId: copy.id, version: 1, mimeType: content.mime_type, size: content.size }, now)
    requireWithinQuota(tx, file.vault.no, content.stored_bytes)
    record(core, tx, actor, { vaultNo: file.vault.no, kind: 'file_created', subjectId: copy.id, act: 'copy', name })
    return readFile(tx, actor, row.no)
  })
}

/** Replaces the tags, by a list or by what becomes of those that are there; the same tag twice is one. */
export async function setTags(
  core: Core,
  actor: Actor,
  id: string,
  tags: readonly string[] | ((before: string[]) => string[]),
): Promise<File> {
  const file = requireLiveFile(core, actor, id, 'editor')
  return core.index.write((tx) => {
    const before = requireRow(tx, file.no)
    const clean = distinctTags(typeof tags === 'function' ? tags(JSON.parse(before.tags) as string[]) : tags)
    if (clean.length > mostTags) throw new Problem('bad-input', `A file has at most ${mostTags} tags.`)
    tx.run(
      q
        .updateTable('file')
        .set({ tags: JSON.stringify(clean), updated_at: core.now() })
        .where('no', '=', file.no),
    )
    return changed(core, tx, actor, file, 'tag', file.name)
  })
}

/** Marks or unmarks one's own favourite; without a wish it flips. Nobody else sees it, so the journal does not either. */
export async function setFavorite(core: Core, actor: Actor, id: string, wish: boolean | undefined): Promise<File> {
  requireScope(actor, 'write') // a viewer of a vault may; a token that only reads may not
  const file = requireFile(core, actor, id, 'viewer')
  return core.index.write((tx) => {
    const mine = tx.get(
      q.selectFrom('favorite').selectAll().where('user_no', '=', actor.no).where('file_no', '=', file.no),
    )
    const wanted = wish ?? !mine
    if (wanted && !mine) tx.run(q.insertInto('favorite').values({ user_no: actor.no, file_no: file.no }))
    if (!wanted && mine) tx.run(q.deleteFrom('favorite').where('user_no', '=', actor.no).where('file_no', '=', file.no))
    return readFile(tx, actor, file.no)
  })
}

/** What the name of a file decides of its row. */
export function naming(
  name: string,
  mimeType: string,
): Pick<Tables['file'], 'name' | 'name_key' | 'name_sort' | 'extension' | 'kind'> {
  const extension = extensionOf(name)
  return { name, name_key: nameKey(name), name_sort: nameSort(name), extension, kind: kindOf(mimeType, extension) }
}

/** Tags without repeats, in NFC. */
export function distinctTags(tags: readonly string[]): string[] {
  return [...new Set(tags.map((tag) => tag.normalize('NFC').trim()))]
}

/** One file as it is for this person, in or out of a transaction. */
export function readFile(read: Reader, actor: Actor, no: number): File {
  const [file] = readFiles(read, actor, [no])
  if (!file) throw new Problem('not-found', 'There is no such file.')
  return file
}

/** Several files, in the order of their row numbers given; those that are not there are left out. */
export function readFiles(read: Reader, actor: Actor, nos: readonly number[]): File[] {
  const paths = pathsOf(read)
  return nos.flatMap((no) => {
    const row = read.get(oneFile()(actor.no, no))
    return row ? [toFile(row, paths)] : []
  })
}

let readingOne: ReturnType<typeof fixed<FileRow>> | undefined

// With every change of a file: what Kysely makes of it is kept, and takes the person and the row number in this order.
function oneFile(): ReturnType<typeof fixed<FileRow>> {
  readingOne ??= fixed(compile(selectFiles(0).where('file.no', '=', 0)).sql)
  return readingOne
}

/** Every column that the outside sees, with whether it is the user's favourite. */
export function selectFiles(userNo: number) {
  return q
    .selectFrom('file')
    .innerJoin('vault', 'vault.no', 'file.vault_no')
    .innerJoin('folder', 'folder.no', 'file.folder_no')
    .innerJoin('user as owner', 'owner.no', 'file.owner_no')
    .leftJoin('favorite', (join) => join.onRef('favorite.file_no', '=', 'file.no').on('favorite.user_no', '=', userNo))
    .selectAll('file')
    .select([
      'vault.id as vault_id',
      'folder.id as folder_id',
      'folder.parent_no as folder_parent_no',
      'owner.id as owner_id',
      'favorite.user_no as favorite',
    ])
}

type FileRow = Omit<Tables['file'], 'no' | 'thumbnail' | 'tags' | 'metadata' | 'stored_bytes'> & {
  no: number
  thumbnail: File['thumbnail']
  tags: string
  metadata: string
  vault_id: string
  folder_id: string
  folder_parent_no: number | null
  owner_id: string
  favorite: number | null
}

/** A row as the outside sees it. */
export function toFile(row: FileRow, path: (folderNo: number) => string): File {
  return {
    id: row.id,
    vaultId: row.vault_id,
    folderId: row.folder_parent_no === null ? null : row.folder_id,
    name: row.name,
    path: `${path(row.folder_no)}/${row.name}`,
    size: row.size,
    mimeType: row.mime_type,
    kind: row.kind as Kind,
    extension: row.extension,
    // The reading thread hands bytes over as a plain Uint8Array.
    sha256: Buffer.from(row.sha256).toString('hex'),
    version: row.version,
    width: row.width,
    height: row.height,
    duration: row.duration,
    thumbnail: row.thumbnail,
    tags: JSON.parse(row.tags) as string[],
    metadata: JSON.parse(row.metadata) as Metadata,
    favorite: row.favorite !== null,
    package: row.package,
    ownerId: row.owner_id,
    createdAt: new Date(row.created_at).toISOString(),
    updatedAt: new Date(row.updated_at).toISOString(),
    deletedAt: row.deleted_at === null ? null : new Date(row.deleted_at).toISOString(),
  }
}

function requireRow(tx: Reader, no: number) {
  const row = tx.get(q.selectFrom('file').selectAll().where('no', '=', no))
  if (!row || row.deleted_at !== null) throw new Problem('conflict', 'This file was just put in the trash.')
  return row
}

function changed(
  core: Core,
  tx: Transaction,
  actor: Actor,
  file: { no: number; id: string; vault: { no: number } },
  act: Act,
  name: string,
): File {
  record(core, tx, actor, { vaultNo: file.vault.no, kind: 'file_updated', subjectId: file.id, act, name })
  return readFile(tx, actor, file.no)
}

function merged(before: string, change: Record<string, unknown>): Metadata {
  const fields = new Map(Object.entries(JSON.parse(before) as Metadata as Record<string, unknown>))
  for (const [key, value] of Object.entries(change)) {
    if (value === null) fields.delete(key)
    else fields.set(key, value)
  }
  return checkMetadata(Object.fromEntries(fields))
}

/** Metadata that may be stored; throws `bad-input` with the field that is wrong. */
export function checkMetadata(given: unknown): Metadata {
  const result = v.safeParse(Metadata, given)
  if (result.success) return result.output
  const errors = result.issues.map((issue) => ({
    path: `metadata.${v.getDotPath(issue) ?? ''}`,
    message: issue.message,
  }))
  throw new Problem('bad-input', errors[0]?.message ?? 'The metadata is wrong.', { errors })
}
