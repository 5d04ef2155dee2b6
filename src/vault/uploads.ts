/**
 * Receiving files. Bytes, then the row, then the news: every file of a request reaches its final place first, one
 * transaction then names them all or none, and what was refused leaves nothing behind.
 */
import type { Readable } from 'node:stream'
import type { File } from '../api/files.ts'
import type { Metadata } from '../api/schema.ts'
import { newId } from '../index/ids.ts'
import type { Transaction } from '../index/open.ts'
import { q } from '../index/query.ts'
import { enqueue } from '../index/queue.ts'
import { Problem } from '../problem.ts'
import type { Stored } from '../volume/put.ts'
import {
  type Actor,
  type FolderProof,
  requirePersonalVault,
  requirePlace,
  requireVault,
  type VaultProof,
} from './access.ts'
import type { Core } from './core.ts'
import { distinctTags, naming, readFile } from './files.ts'
import { requireStillThere } from './folders.ts'
import { record } from './journal.ts'
import { isMedia } from './kinds.ts'
import { cleanName, cleanPath, freeName } from './names.ts'
import { nameTaken, requireFreeName, walkTo } from './places.ts'
import { currentSettings } from './settings.ts'
import { freeBytes, overQuota, requireWithinQuota } from './vaults.ts'

/** Where uploaded files go and what they are given. */
export interface UploadTarget {
  vaultId?: string | undefined
  folderId?: string | undefined
  path?: string | undefined
  tags: string[]
  metadata: Metadata
  fileType?: string | undefined
  onConflict: 'fail' | 'rename'
}

/** A file on its way in. `bytes` has to be read to its end before the next one comes. */
export interface Part {
  name: string
  declaredType: string | undefined
  bytes: Readable
}

export interface Upload {
  /** Takes in one file; its bytes are durable when this resolves, and nobody sees them yet. */
  receive(part: Part): Promise<void>
  /** Names everything that was received, in one transaction. */
  complete(): Promise<File[]>
  /** Removes everything that was received. */
  abandon(): Promise<void>
}

interface Received {
  name: string
  stored: Promise<Stored>
}

/** Begins an upload: who may, where to, and (from `announcedBytes`) whether it can fit at all. */
export function beginUpload(
  core: Core,
  actor: Actor,
  target: UploadTarget,
  announcedBytes: number | undefined,
  signal: AbortSignal,
): Upload {
  const vault =
    target.vaultId === undefined
      ? requirePersonalVault(core, actor, 'editor')
      : requireVault(core, actor, target.vaultId, 'editor')
  const place = requirePlace(core, actor, vault, target.folderId)
  const below = target.path === undefined ? [] : cleanPath(target.path)
  const tags = distinctTags(target.tags)
  const free = freeBytes(core.index.read, vault.no)
  if (announcedBytes !== undefined && announcedBytes > Math.max(0, free)) throw overQuota(announcedBytes, free)
  const received: Received[] = []

  return {
    async receive({ name: given, declaredType, bytes }) {
      const name = cleanName(given, 'files')
      const stored = store(core, vault, { name, declaredType: declaredType ?? target.fileType, bytes, signal })
      received.push({ name, stored })
      await stored
    },
    async complete() {
      const files = await Promise.all(received.map(async ({ name, stored }) => ({ name, stored: await stored })))
      if (files.length === 0)
        throw new Problem('bad-input', 'There are no files in this request. Add at least one part called "files".', {
          errors: [{ path: 'files', message: 'At least one file is needed.' }],
        })
      const made = await core.index.write((tx) => {
        requireStillThere(tx, place.no)
        const folderNo = walkTo(core, tx, actor.no, vault.no, place.no, below)
        const rows = files.map((file) =>
          insertFile(core, tx, actor, vault, folderNo, {
            ...file,
            tags,
            metadata: target.metadata,
            onConflict: target.onConflict,
          }),
        )
        requireWithinQuota(
          tx,
          vault.no,
          files.reduce((sum, { stored }) => sum + stored.size, 0),
        )
        return rows.map((no) => readFile(tx, actor, no))
      })
      for (const { stored } of files) core.afterwards(core.volume.settle(stored))
      return made
    },
    async abandon() {
      for (const { stored } of received) {
        const kept = await stored.catch(() => undefined) // what failed removed itself
        if (kept) await core.volume.discard(kept)
      }
    },
  }
}

interface Incoming {
  name: string
  declaredType: string | undefined
  bytes: Readable
  signal: AbortSignal
}

async function store(core: Core, vault: VaultProof, { name, declaredType, bytes, signal }: Incoming): Promise<Stored> {
  const free = Math.max(0, freeBytes(core.index.read, vault.no))
  const { maxFileBytes } = currentSettings(core)
  const maxBytes = Math.min(free, maxFileBytes)
  try {
    return await core.volume.put(vault.id, bytes, {
      name,
      ...(declaredType === undefined ? {} : { declaredType }),
      maxBytes,
      signal,
    })
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'too-large') throw error
    if (free < maxFileBytes)
      throw new Problem(
        'over-quota',
        `"${name}" does not fit: ${free} bytes are free in this vault. Empty the trash, or ask an administrator for more space.`,
      )
    throw new Problem('too-large', `"${name}" is larger than the ${maxFileBytes} bytes that one file may have here.`)
  }
}

interface NewFile {
  name: string
  stored: Stored
  tags: string[]
  metadata: Metadata
  onConflict: 'fail' | 'rename'
}

function insertFile(
  core: Core,
  tx: Transaction,
  actor: Actor,
  vault: VaultProof,
  folderNo: FolderProof['no'],
  input: NewFile,
): number {
  const { stored, onConflict } = input
  if (onConflict === 'fail') requireFreeName(tx, folderNo, input.name)
  const name = freeName(input.name, (key) => nameTaken(tx, folderNo, key))
  const now = core.now()
  const id = newId(now)
  const sha256 = Buffer.from(stored.sha256, 'hex')
  const row = tx.get(
    q
      .insertInto('file')
      .values({
        id,
        vault_no: vault.no,
        folder_no: folderNo,
        owner_no: actor.no,
        ...naming(name, stored.mimeType),
        version: 1,
        size: stored.size,
        sha256,
        mime_type: stored.mimeType,
        width: null,
        height: null,
        duration: null,
        thumbnail: isMedia(stored.mimeType) ? 'pending' : 'none',
        tags: JSON.stringify(input.tags),
        metadata: JSON.stringify(input.metadata),
        package: null,
        created_at: now,
        updated_at: now,
        deleted_at: null,
        trashed_with: null,
      })
      .returning('no'),
  )
  if (!row) throw new Error('The file was not inserted.')
  tx.run(
    q.insertInto('version').values({
      file_no: row.no,
      vault_no: vault.no,
      number: 1,
      object_id: stored.objectId,
      size: stored.size,
      stored_bytes: stored.size,
      sha256,
      crc32: stored.crc32,
      mime_type: stored.mimeType,
      created_at: now,
      created_by: actor.no,
    }),
  )
  if (isMedia(stored.mimeType)) enqueue(tx, { name: 'media', payload: { fileId: id, version: 1 }, runAt: now })
  record(core, tx, { vaultNo: vault.no, kind: 'file_created', subjectId: id, userNo: actor.no })
  return row.no
}
