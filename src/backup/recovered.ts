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
import { prepared, type Staging } from './staging.ts'
import { explain } from './unexplained.ts'

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
  const deltas: Unnamed[] = []
  for (const one of unnamed) {
    const { id, vault: vaultId, form, was } = one
    if (isUsed.get({ id })) continue
    if (was) insert(db, 'garbage', { object_id: id, vault_id: vaultId, since: now() })
    else if (form === 'delta') deltas.push(one)
    else {
      const path = volume.layout.object({ vaultId, objectId: id })
      // What cannot be read stays where it is; the audit at the end names it.
      const found = await hashing.hash(path, { crc32: true }).catch(() => undefined)
      if (!found) continue
      const mimeType = await sniffType(await headOf(path), '')
      recoverOne(db, place(vaultId), { id, mimeType, ...found, crc32: found.crc32 ?? 0, storedBytes: found.size }, now)
      rescued.recovered++
    }
  }
  rescued.recovered += await recoverDeltas(db, volume, deltas, place, now)
  rescued.unexplained = deltas.map(({ id, vault }) => volume.layout.delta({ vaultId: vault, objectId: id }))
}

/** Takes out of `deltas` what can be read; one may be the base of another, so it goes on while any came back. */
async function recoverDeltas(
  db: Connection,
  volume: Volume,
  deltas: Unnamed[],
  place: ReturnType<typeof recoveredFolders>,
  now: () => number,
): Promise<number> {
  let recovered = 0
  for (let isMore = true; isMore; ) {
    isMore = false
    for (const { id, vault: vaultId } of deltas.splice(0)) {
      const found = await explain(db, volume, vaultOf(db, vaultId), id)
      if (!found) deltas.push({ id, vault: vaultId, form: 'delta', was: 0 })
      else {
        const { stored_bytes: storedBytes } = prepared(db, 'SELECT stored_bytes FROM packed WHERE object_id = ?').get(
          id,
        ) as {
          stored_bytes: number
        }
        recoverOne(db, place(vaultId), { id, ...found, storedBytes }, now)
        recovered++
        isMore = true
      }
    }
  }
  return recovered
}

interface Found {
  id: string
  size: number
  sha256: string
  crc32: number
  mimeType: string
  storedBytes: number
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
    stored_bytes: object.storedBytes,
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
    const vault = vaultOf(db, vaultId)
    const folder = { no: recoveredFolder(db, vault, now), deletedAt: null, trashedWith: null }
    known.set(vaultId, { vault, folder })
    return { vault, folder }
  }
}

function vaultOf(db: Connection, id: string): VaultRow {
  return prepared(db, 'SELECT no, id, owner_no AS ownerNo FROM vault WHERE id = ?').get(id) as VaultRow
}

async function headOf(path: string): Promise<Buffer> {
  await using file = await open(path, 'r')
  const { buffer, bytesRead } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
  return buffer.subarray(0, bytesRead)
}
