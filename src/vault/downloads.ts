/** Opening the bytes of a file for somebody who may read them. */
import { q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import type { OpenedObject } from '../volume/open.ts'
import { type Actor, requireFile } from './access.ts'
import type { Core } from './core.ts'

export type { OpenedObject }

/** What a download needs to know before any byte is read. */
export interface Content {
  name: string
  size: number
  mimeType: string
  /** Hexadecimal. */
  sha256: string
  modifiedAt: number
  /** Opens the bytes; whoever calls it closes what it answers. */
  open(): Promise<OpenedObject>
}

/** The newest version of a file. A file in the trash can still be looked at. */
export function contentOf(core: Core, actor: Actor, id: string): Content {
  const file = requireFile(core, actor, id, 'viewer')
  const version = core.index.read.get(
    q.selectFrom('version').selectAll().where('file_no', '=', file.no).where('number', '=', file.version),
  )
  if (!version) throw new Error(`File ${file.id} has no version ${file.version}.`)
  return {
    name: file.name,
    size: version.size,
    mimeType: version.mime_type,
    sha256: version.sha256.toString('hex'),
    modifiedAt: version.created_at,
    open: () => core.volume.open(file.vault.id, version.object_id),
  }
}

/** A thumbnail; `not-found` says whether there will be one. */
export async function thumbnailOf(
  core: Core,
  actor: Actor,
  id: string,
  size: 'small' | 'medium' | 'large',
): Promise<{ sha256: string; object: OpenedObject }> {
  const file = requireFile(core, actor, id, 'viewer')
  const row = core.index.read.get(
    q
      .selectFrom('file')
      .innerJoin('version', (join) =>
        join.onRef('version.file_no', '=', 'file.no').onRef('version.number', '=', 'file.version'),
      )
      .select(['file.thumbnail', 'version.object_id', 'version.sha256'])
      .where('file.no', '=', file.no),
  )
  if (row?.thumbnail === 'pending')
    throw new Problem('not-found', 'The picture is still being made. Ask again in a moment.', { retryAfter: 2 })
  const object =
    row?.thumbnail === 'ready' ? await core.volume.openThumbnail(file.vault.id, row.object_id, size) : undefined
  if (!row || !object) throw new Problem('not-found', 'There is no picture of this file.')
  return { sha256: row.sha256.toString('hex'), object }
}
