/**
 * Receiving files in one request. Bytes, then the row, then the news: every file of a request reaches its final place first, one
 * transaction then names them all or none, and what was refused leaves nothing behind.
 */
import type { Readable } from 'node:stream'
import type { File } from '../api/files.ts'
import type { Metadata } from '../api/schema.ts'
import type { Transaction } from '../index/open.ts'
import { Problem } from '../problem.ts'
import type { Stored } from '../volume/put.ts'
import {
  type Actor,
  type FolderProof,
  requireDrop,
  requirePersonalVault,
  requirePlace,
  requireVault,
  type VaultProof,
} from './access.ts'
import type { Core } from './core.ts'
import { distinctTags, readFiles } from './files.ts'
import { requireStillThere } from './folders.ts'
import { cleanName, cleanPath } from './names.ts'
import { liveFileAt, walkTo } from './places.ts'
import { largestFile, requireAllowedType } from './rules.ts'
import { countedOnce, countStored, outcomeOf } from './upload-outcomes.ts'
import { freeBytes, overQuota, requireWithinQuota } from './vaults.ts'
import { addVersion, insertFile } from './versions.ts'

/** Where uploaded files go and what they are given. */
export interface UploadTarget {
  vaultId?: string | undefined
  folderId?: string | undefined
  path?: string | undefined
  tags: string[]
  metadata: Metadata
  fileType?: string | undefined
  onConflict: 'fail' | 'rename' | 'replace'
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
  const place = placeOf(core, actor, target)
  const vault = place.vault as VaultProof
  const below = target.path === undefined ? [] : cleanPath(target.path)
  const tags = distinctTags(target.tags)
  const free = freeBytes(core.index.read, vault.no)
  if (announcedBytes !== undefined && announcedBytes > Math.max(0, free)) throw overQuota(announcedBytes, free)
  let received: Received[] = []
  const count = countedOnce(core)

  // When the outcome of the commit is unknown the bytes stay: after its restart the server finds out.
  const named = <T>(work: (tx: Transaction) => T): Promise<T> =>
    core.index.write(work).catch((error: unknown) => {
      if (error instanceof Problem && error.code === 'storage-unavailable') received = []
      throw error
    })

  return {
    async receive({ name: given, declaredType, bytes }) {
      const name = cleanName(given, 'files')
      requireAllowedType(core, core.index.read, vault.no, { name })
      const stored = store(core, vault, { name, declaredType: declaredType ?? target.fileType, bytes, signal })
      received.push({ name, stored })
      await stored.catch((error: unknown) => {
        count(!(error instanceof Problem) && isCut(bytes) ? 'interrupted' : outcomeOf(error))
        throw error
      })
    },
    async complete() {
      const files = await Promise.all(received.map(async ({ name, stored }) => ({ name, stored: await stored })))
      if (files.length === 0)
        throw new Problem('bad-input', 'There are no files in this request. Add at least one part called "files".', {
          errors: [{ path: 'files', message: 'At least one file is needed.' }],
        })
      const made = await named((tx) => {
        requireStillThere(tx, place.no)
        const folderNo = walkTo(core, tx, actor, vault.no, place.no, below)
        const rows = files.map((file) => nameContent(core, tx, actor, vault, folderNo, target, { ...file, tags }))
        requireWithinQuota(
          tx,
          vault.no,
          files.reduce((sum, { stored }) => sum + stored.size, 0),
        )
        return readFiles(tx, actor, rows)
      }).catch((error: unknown) => {
        count(outcomeOf(error), files.length)
        throw error
      })
      for (const { stored } of files) countStored(core, stored.size)
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

function placeOf(core: Core, actor: Actor, { vaultId, folderId }: UploadTarget): FolderProof {
  if (actor.by.kind === 'link' && folderId !== undefined) return requireDrop(core, actor, folderId)
  const vault =
    vaultId === undefined ? requirePersonalVault(core, actor, 'editor') : requireVault(core, actor, vaultId, 'editor')
  return requirePlace(core, actor, vault, folderId)
}

function isCut(bytes: Readable): boolean {
  return bytes.errored !== null || (bytes.destroyed && !bytes.readableEnded)
}

interface Incoming {
  name: string
  declaredType: string | undefined
  bytes: Readable
  signal: AbortSignal
}

async function store(core: Core, vault: VaultProof, { name, declaredType, bytes, signal }: Incoming): Promise<Stored> {
  const free = Math.max(0, freeBytes(core.index.read, vault.no))
  const maxFileBytes = largestFile(core, core.index.read, vault.no)
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

/** A new file, or with `replace` the next version of the one that has the name. Answers its row number. */
function nameContent(
  core: Core,
  tx: Transaction,
  actor: Actor,
  vault: VaultProof,
  folderNo: FolderProof['no'],
  { onConflict, metadata }: UploadTarget,
  { name, stored, tags }: { name: string; stored: Stored; tags: string[] },
): number {
  requireAllowedType(core, tx, vault.no, { name, mimeType: stored.mimeType })
  const there = onConflict === 'replace' ? liveFileAt(tx, folderNo, name) : undefined
  if (there) {
    const said = {
      tags: tags.length > 0 ? tags : undefined,
      metadata: Object.keys(metadata).length > 0 ? metadata : undefined,
    }
    addVersion(core, tx, actor, { ...there, vault }, { stored, ...said })
    return there.no
  }
  return insertFile(core, tx, actor, vault, folderNo, {
    name,
    stored,
    tags,
    metadata,
    onConflict: onConflict === 'rename' ? 'rename' : 'fail',
  })
}
