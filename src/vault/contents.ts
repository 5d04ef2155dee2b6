/** The bytes of versions, however they lie on the volume: whole, or packed as differences. */
import { q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import type { OpenedObject } from '../volume/open.ts'
import type { FileProof } from './access.ts'
import type { Core } from './core.ts'

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

/** One version of a file that somebody was found to be allowed to read. */
export function contentOfVersion(core: Core, file: FileProof, number: number): Content {
  const version = core.index.read.get(
    q.selectFrom('version').selectAll().where('file_no', '=', file.no).where('number', '=', number),
  )
  if (!version) throw new Problem('not-found', `This file has no version ${number}, or it is not kept any more.`)
  return {
    name: file.name,
    size: version.size,
    mimeType: version.mime_type,
    sha256: version.sha256.toString('hex'),
    modifiedAt: version.created_at,
    open: () => openContent(core, file.vault.id, version.object_id),
  }
}

/** Opens the bytes of an object. */
export async function openContent(core: Core, vaultId: string, objectId: string): Promise<OpenedObject> {
  return core.volume.open(vaultId, objectId)
}
