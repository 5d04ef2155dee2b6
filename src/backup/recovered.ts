/** Bytes that no record names: they come back as files of their own, under a name made of what they are. */
import { open } from 'node:fs/promises'
import { Mime } from 'mime'
import otherTypes from 'mime/types/other.js'
import standardTypes from 'mime/types/standard.js'
import type { Connection } from '../index/connection.ts'
import { newId } from '../index/ids.ts'
import { isMedia } from '../vault/kinds.ts'
import { HEAD_BYTES, sniffType } from '../volume/type.ts'
import type { Volume } from '../volume/volume.ts'
import type { Hashing } from './hashing.ts'
import type { Rescued } from './rescue.ts'
import { type FolderRow, insert, recoveredFolder, type VaultRow } from './restored-places.ts'
import { insertFile } from './restored-rows.ts'
import type { Staging } from './staging.ts'

const types = new Mime(standardTypes, otherTypes)

interface Unnamed {
  id: string
  vault: string
  form: 'whole' | 'delta'
  /** It was named once, and what named it was removed or replaced since. */
  was: 0 | 1
}

/**
 * Goes through the objects that no version of the new index names. What the records named once, and do not any more, was
 * deleted on purpose and is left to the clean-up; everything else becomes a file in `Recovered <date>` of its vault.
 */
export async function recoverObjects(
  db: Connection,
  volume: Volume,
  { db: staged }: Staging,
  hashing: Hashing,
  rescued: Rescued,
  now: () => number,
): Promise<void> {
  const unnamed = staged
    .prepare(`SELECT id, vault, form, EXISTS (SELECT 1 FROM was WHERE object = id) AS was FROM object
      WHERE form <> 'blocks' AND NOT EXISTS (SELECT 1 FROM current WHERE object = id)
        AND NOT (form = 'delta' AND EXISTS (SELECT 1 FROM object o WHERE o.id = object.id AND o.vault = object.vault AND o.form = 'whole'))
      ORDER BY vault, id`)
    .all() as Unnamed[]
  const isUsed = db.prepare(
    'SELECT 1 FROM version WHERE object_id = @id UNION ALL SELECT 1 FROM packed WHERE object_id = @id OR base_id = @id',
  )
  const place = recoveredFolders(db, now)
  for (const { id, vault: vaultId, form, was } of unnamed) {
    if (isUsed.get({ id })) continue
    if (was) insert(db, 'garbage', { object_id: id, vault_id: vaultId, since: now() })
    else if (form === 'delta') rescued.unexplained.push(volume.layout.delta({ vaultId, objectId: id }))
    else {
      const path = volume.layout.object({ vaultId, objectId: id })
      // What cannot be read stays where it is; the audit at the end names it.
      const found = await hashing.hash(path, { crc32: true }).catch(() => undefined)
      if (!found) continue
      const mimeType = await sniffType(await headOf(path), '')
      recoverOne(db, place(vaultId), { id, mimeType, ...found, crc32: found.crc32 ?? 0 }, now)
      rescued.recovered++
    }
  }
}

interface Found {
  id: string
  size: number
  sha256: string
  crc32: number
  mimeType: string
}

function recoverOne(
  db: Connection,
  { vault, folder }: { vault: VaultRow; folder: FolderRow },
  object: Found,
  now: () => number,
): void {
  const extension = types.getExtension(object.mimeType)
  const newest = { number: 1, size: object.size, sha256: object.sha256, mimeType: object.mimeType, createdAt: now() }
  const no = insertFile(db, vault, folder, {
    id: newId(now()),
    name: extension ? `${object.id.slice(0, 8)}.${extension}` : object.id.slice(0, 8),
    ownerNo: vault.ownerNo,
    newest,
    width: null,
    height: null,
    duration: null,
    thumbnail: isMedia(object.mimeType) ? 'pending' : 'none',
    tags: [],
    metadata: {},
    package: null,
    createdAt: now(),
    updatedAt: now(),
    deletedAt: null,
    trashedWith: null,
  })
  insert(db, 'version', {
    file_no: no,
    vault_no: vault.no,
    number: 1,
    object_id: object.id,
    size: object.size,
    stored_bytes: object.size,
    sha256: Buffer.from(object.sha256, 'hex'),
    crc32: object.crc32,
    mime_type: object.mimeType,
    created_at: now(),
    created_by: vault.ownerNo,
  })
}

/** The folder of a vault in which recovered files go, made with the first one. */
function recoveredFolders(db: Connection, now: () => number) {
  const known = new Map<string, { vault: VaultRow; folder: FolderRow }>()
  return (vaultId: string): { vault: VaultRow; folder: FolderRow } => {
    const before = known.get(vaultId)
    if (before) return before
    const vault = db.prepare('SELECT no, id, owner_no AS ownerNo FROM vault WHERE id = ?').get(vaultId) as VaultRow
    const folder = { no: recoveredFolder(db, vault, now), deletedAt: null, trashedWith: null }
    known.set(vaultId, { vault, folder })
    return { vault, folder }
  }
}

async function headOf(path: string): Promise<Buffer> {
  await using file = await open(path, 'r')
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
  return buffer.subarray(0, bytesRead)
}
