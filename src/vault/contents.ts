/** The bytes of versions, however they lie on the volume: whole, or packed as differences. */
import { fixed, q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import type { OpenedObject } from '../volume/open.ts'
import type { FileProof } from './access.ts'
import type { Core } from './core.ts'

/** What a download needs to know before any byte is read. */
export interface Content {
  /** Of the file. */
  id: string
  vaultNo: number
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
    id: file.id,
    vaultNo: file.vault.no,
    name: file.name,
    size: version.size,
    mimeType: version.mime_type,
    sha256: version.sha256.toString('hex'),
    modifiedAt: version.created_at,
    open: () => openContent(core, file.vault.id, version.object_id),
  }
}

/** Opens the bytes of an object, however it lies on the volume. */
export async function openContent(core: Core, vaultId: string, objectId: string): Promise<OpenedObject> {
  const place = placeOf(core, objectId)
  try {
    return await openAt(core, vaultId, objectId, place)
  } catch (error) {
    // It may have been packed between the look into the index and that on the disk.
    const now = placeOf(core, objectId)
    if (now.chain.join() === place.chain.join() && now.base === place.base) throw error
    return openAt(core, vaultId, objectId, now)
  }
}

/** Whether an object lies as it is, not as a difference. */
export function isWhole(core: Core, objectId: string): boolean {
  return core.index.read.get(packedAs(objectId)) === undefined
}

interface Place {
  /** The object and what it is a difference to, as long as that is packed too. */
  chain: string[]
  /** What stands whole at the end; null where the last of the chain stands for itself. */
  base: string | null
}

function placeOf(core: Core, objectId: string): Place {
  const chain: string[] = []
  let base: string | null = objectId
  while (base !== null) {
    const packed: { base_id: string | null } | undefined = core.index.read.get(packedAs(base))
    if (!packed) break
    chain.push(base)
    base = packed.base_id
  }
  return { chain, base }
}

const packedAs = fixed<{ base_id: string | null }>('SELECT base_id FROM packed WHERE object_id = ?')

function openAt(core: Core, vaultId: string, objectId: string, { chain, base }: Place): Promise<OpenedObject> {
  return chain.length === 0 ? core.volume.open(vaultId, objectId) : core.volume.packing.openPacked(vaultId, chain, base)
}
