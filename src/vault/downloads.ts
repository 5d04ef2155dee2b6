/** Opening the bytes of a file for somebody who may read them. */
import { q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import type { OpenedObject } from '../volume/open.ts'
import { type Actor, requireFile } from './access.ts'
import { type Content, contentOfVersion } from './contents.ts'
import type { Core } from './core.ts'

export type { Content, OpenedObject }

/** The newest version of a file. A file in the trash can still be looked at. */
export function contentOf(core: Core, actor: Actor, id: string): Content {
  const file = requireFile(core, actor, id, 'viewer')
  return contentOfVersion(core, file, file.version)
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
