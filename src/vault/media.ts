/** What background work needs to know of a file to look into it, and where it writes what it found. */
import type { thumbnailSizes } from '../api/files.ts'
import { q } from '../index/query.ts'
import type { Core } from './core.ts'
import { record } from './journal.ts'

export interface MediaWork {
  fileNo: number
  vaultNo: number
  fileId: string
  version: number
  mimeType: string
  source: string
  targets: Record<(typeof thumbnailSizes)[number], string>
}

export interface MediaFacts {
  width: number | null
  height: number | null
  duration: number | null
  thumbnails: boolean
}

/** The work on one version; undefined when the file is gone or has a newer version: then there is nothing to do. */
export function mediaWork(core: Core, fileId: string, version: number): MediaWork | undefined {
  const row = core.index.read.get(
    q
      .selectFrom('file')
      .innerJoin('version', (join) =>
        join.onRef('version.file_no', '=', 'file.no').onRef('version.number', '=', 'file.version'),
      )
      .innerJoin('vault', 'vault.no', 'file.vault_no')
      .select(['file.no', 'file.vault_no', 'vault.id as vault_id', 'version.object_id', 'version.mime_type'])
      .where('file.id', '=', fileId)
      .where('file.version', '=', version),
  )
  if (!row) return undefined
  const target = (size: (typeof thumbnailSizes)[number]) => core.volume.thumbnailPath(row.vault_id, row.object_id, size)
  return {
    fileNo: row.no,
    vaultNo: row.vault_no,
    fileId,
    version,
    mimeType: row.mime_type,
    source: core.volume.objectPath(row.vault_id, row.object_id),
    targets: { small: target('small'), medium: target('medium'), large: target('large') },
  }
}

/** Records what was found; copies that share the bytes get it too. Undefined: there is nothing to be had. */
export async function recordMedia(core: Core, work: MediaWork, facts: MediaFacts | undefined): Promise<void> {
  const found = {
    width: facts?.width ?? null,
    height: facts?.height ?? null,
    duration: facts?.duration ?? null,
    thumbnail: facts?.thumbnails ? ('ready' as const) : ('none' as const),
  }
  await core.index.write((tx) => {
    const object = tx.get(
      q.selectFrom('version').select('object_id').where('file_no', '=', work.fileNo).where('number', '=', work.version),
    )
    if (!object) return
    const files = tx.all(
      q
        .selectFrom('file')
        .innerJoin('version', (join) =>
          join.onRef('version.file_no', '=', 'file.no').onRef('version.number', '=', 'file.version'),
        )
        .select(['file.no', 'file.id', 'file.vault_no'])
        .where('version.object_id', '=', object.object_id),
    )
    for (const file of files) {
      tx.run(q.updateTable('file').set(found).where('no', '=', file.no))
      record(core, tx, null, { vaultNo: file.vault_no, kind: 'file_updated', subjectId: file.id })
    }
  })
}
