/** What background work needs to know of a document to read its text, and where it writes what it found. */

import type { Transaction } from '../index/open.ts'
import { fixed, q } from '../index/query.ts'
import { enqueue } from '../index/queue.ts'
import type { Core } from './core.ts'
import { mayHaveText } from './kinds.ts'

export interface TextWork {
  fileNo: number
  vaultNo: number
  version: number
  mimeType: string
  source: string
}

/** After thumbnails, which people look at while they wait. */
const priority = 1
/** Behind everything else. */
const backlogPriority = 9
const backlogAtOnce = 500

/** Has the text of a new version read, in the transaction that names it. */
export function queueText(
  tx: Transaction,
  { mimeType, size, ...payload }: { fileId: string; version: number; mimeType: string; size: number },
  now: number,
): void {
  if (size > 0 && mayHaveText(mimeType)) enqueue(tx, { name: 'text', payload, priority, runAt: now })
}

/** The work on one version; undefined when the file is gone, has a newer version, or was read already. */
export function textWork(core: Core, fileId: string, version: number): TextWork | undefined {
  const row = core.index.read.get(
    q
      .selectFrom('file')
      .innerJoin('version', (join) =>
        join.onRef('version.file_no', '=', 'file.no').onRef('version.number', '=', 'file.version'),
      )
      .innerJoin('vault', 'vault.no', 'file.vault_no')
      .leftJoin('content', 'content.file_no', 'file.no')
      .select(['file.no', 'file.vault_no', 'vault.id as vault_id', 'version.object_id', 'version.mime_type'])
      .where('file.id', '=', fileId)
      .where('file.version', '=', version)
      .where('content.file_no', 'is', null),
  )
  if (!row) return undefined
  return {
    fileNo: row.no,
    vaultNo: row.vault_no,
    version,
    mimeType: row.mime_type,
    source: core.volume.objectPath(row.vault_id, row.object_id),
  }
}

const stillThere = fixed<{ no: number }>('SELECT no FROM file WHERE no = ? AND vault_no = ? AND version = ?')
const forget = fixed('DELETE FROM content WHERE file_no = ?')
const keep = fixed('INSERT INTO content (file_no, vault_no, version, text) VALUES (?, ?, ?, ?)')
const index = fixed('INSERT INTO content_fts (rowid, words) VALUES ((? << 32) + ?, ?)')

/** Keeps what a version says, unless another one came meanwhile. `text` is compressed by zstd. */
export async function recordText(
  core: Core,
  { fileNo, vaultNo, version }: TextWork,
  { text, words }: { text: Uint8Array; words: string },
): Promise<void> {
  await core.index.write((tx) => {
    if (!tx.get(stillThere(fileNo, vaultNo, version))) return
    tx.run(forget(fileNo))
    tx.run(keep(fileNo, vaultNo, version, text))
    tx.run(index(vaultNo, fileNo, words))
  })
}

/**
 * Has the next files read that were there before their text was wanted, `after` a row number; then itself again, once these
 * are done.
 */
export async function queueTextBacklog(core: Core, { after }: { after: number }): Promise<void> {
  await core.index.write((tx) => {
    const now = core.now()
    const rows = tx.all(
      q
        .selectFrom('file')
        .leftJoin('content', 'content.file_no', 'file.no')
        .select(['file.no', 'file.id', 'file.version', 'file.mime_type', 'file.size', 'content.file_no as read'])
        .where('file.no', '>', after)
        .orderBy('file.no')
        .limit(backlogAtOnce),
    )
    for (const { id, version, mime_type: mimeType, size, read } of rows)
      if (read === null) queueText(tx, { fileId: id, version, mimeType, size }, now)
    const last = rows.at(-1)
    if (last) enqueue(tx, { name: 'text-backlog', payload: { after: last.no }, priority: backlogPriority, runAt: now })
  })
}
