/** The end of a resumable upload: its bytes become an object, then one transaction makes that a version. */
import { createHash } from 'node:crypto'
import type { File } from '../api/files.ts'
import type { Metadata } from '../api/schema.ts'
import { encodeBlocks } from '../blocks.ts'
import type { Transaction } from '../index/open.ts'
import { q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import type { Stored } from '../volume/put.ts'
import { type Actor, requireVault, topOf, type VaultProof } from './access.ts'
import type { Core } from './core.ts'
import { readFile } from './files.ts'
import { liveFileAt, walkTo } from './places.ts'
import { requireAllowedType } from './rules.ts'
import { copyKnown, forgetKnown } from './upload-known.ts'
import { forgetBase } from './upload-matching.ts'
import { countStored, outcomeOf } from './upload-outcomes.ts'
import { checkBase, getUpload, replacedGone, requireUpload, type UploadRow } from './uploads.ts'
import { requireWithinQuota } from './vaults.ts'
import { addVersion, insertFile } from './versions.ts'

const completing = new WeakMap<Core, Map<string, Promise<File>>>()

/** Makes a complete upload a file, or the next version of one. Repeated, also at once, it answers the same. */
export async function completeUpload(
  core: Core,
  actor: Actor,
  id: string,
  { onConflict, resumeToken }: { onConflict?: 'fail' | 'rename' | undefined; resumeToken?: string | undefined } = {},
): Promise<File> {
  const row = requireUpload(core, actor, id, resumeToken)
  const underWay = completing.get(core) ?? new Map<string, Promise<File>>()
  completing.set(core, underWay)
  const other = underWay.get(id)
  if (other) return other
  const work = complete(core, actor, row, onConflict ?? row.on_conflict)
    .catch((error: unknown) => {
      core.metrics.uploads.inc({ outcome: outcomeOf(error) })
      throw error
    })
    .finally(() => underWay.delete(id))
  underWay.set(id, work)
  return work
}

async function complete(core: Core, actor: Actor, row: UploadRow, onConflict: 'fail' | 'rename'): Promise<File> {
  const vault = requireVault(core, actor, row.vault_id, 'editor')
  if (row.file_id !== null) return completed(core, actor, row)
  await copyKnown(core, row)
  const { missing, totalChunks } = await getUpload(core, actor, row.id)
  if (missing.length > 0)
    throw new Problem(
      'conflict',
      `${missing.length} of ${totalChunks} chunks are missing; the first is ${missing[0]}. Send them, then complete.`,
    )
  const names = JSON.parse(row.path) as string[]
  const name = names.at(-1) as string
  checkBase(core.index.read, vault.no, names, { baseVersion: row.base_version, onConflict })
  const object = { vaultId: vault.id, objectId: row.object_id }
  const stored = await core.volume.staged.finish(object, { name, declaredType: row.mime_type ?? undefined })
  try {
    const wrong = differs(row, stored)
    if (wrong) {
      await core.index.write((tx) => tx.run(q.deleteFrom('upload_range').where('upload_no', '=', row.no)))
      throw new Problem('bad-input', `${wrong} Nothing was stored; send the chunks again.`)
    }
    const file = await core.index.write((tx) => nameUpload(core, tx, actor, vault, row, stored, onConflict))
    countStored(core, stored.size)
    forgetKnown(core, row.id)
    forgetBase(core, row.id)
    core.afterwards(core.volume.staged.remove(object))
    return file
  } catch (error) {
    if (!(error instanceof Problem) || error.code !== 'storage-unavailable') await core.volume.staged.unfinish(object)
    throw error
  }
}

/** What is wrong with the whole, if it is not what was announced. */
function differs(row: UploadRow, stored: Stored): string | undefined {
  const { sha256, blocks_sha256: blocksSha256 } = row
  if (sha256 && stored.sha256 !== sha256.toString('hex'))
    return `The whole has SHA-256 ${stored.sha256}, not ${sha256.toString('hex')} as announced.`
  const one = stored.size === 0 ? [] : [{ size: stored.size, sha256: Buffer.from(stored.sha256, 'hex') }]
  const list = stored.blocks ?? encodeBlocks(one)
  if (blocksSha256 && !createHash('sha256').update(list).digest().equals(blocksSha256))
    return 'The blocks of the whole are not those that were announced.'
  return undefined
}

function nameUpload(
  core: Core,
  tx: Transaction,
  actor: Actor,
  vault: VaultProof,
  row: UploadRow,
  stored: Stored,
  onConflict: 'fail' | 'rename',
): File {
  const names = JSON.parse(row.path) as string[]
  const name = names.at(-1) as string
  const said = {
    stored,
    tags: row.tags === null ? undefined : (JSON.parse(row.tags) as string[]),
    metadata: row.metadata === null ? undefined : (JSON.parse(row.metadata) as Metadata),
  }
  if (!tx.get(q.selectFrom('upload').select('no').where('no', '=', row.no)))
    throw new Problem('conflict', 'This upload was ended meanwhile.')
  requireAllowedType(core, tx, vault.no, { name, mimeType: stored.mimeType })
  const folderNo = walkTo(core, tx, actor, vault.no, topOf(tx, vault.no).no, names.slice(0, -1))
  const existing = row.base_version === null ? undefined : liveFileAt(tx, folderNo, name)
  if (row.base_version !== null && !existing) throw replacedGone(name)
  if (existing && row.base_version !== null)
    addVersion(core, tx, actor, { ...existing, vault }, { ...said, baseVersion: row.base_version })
  const no = existing?.no ?? insertFile(core, tx, actor, vault, folderNo, { ...said, name, onConflict })
  const file = readFile(tx, actor, no)
  tx.run(q.updateTable('upload').set({ file_id: file.id, file_version: file.version }).where('no', '=', row.no))
  requireWithinQuota(tx, vault.no, stored.size)
  return file
}

function completed(core: Core, actor: Actor, row: UploadRow): File {
  const file = core.index.read.get(
    q
      .selectFrom('file')
      .select('no')
      .where('id', '=', row.file_id ?? ''),
  )
  if (!file) throw new Problem('conflict', 'This upload was completed, and its file has been removed since.')
  return readFile(core.index.read, actor, file.no)
}
