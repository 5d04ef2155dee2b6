/** Differences that no record explains: each says itself, by hashes, what it gives back and what it was made against. */
import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import type { Connection } from '../index/connection.ts'
import { readTable } from '../volume/delta/format.ts'
import { HEAD_BYTES, sniffType } from '../volume/type.ts'
import type { Volume } from '../volume/volume.ts'
import { prepared } from './staging.ts'

export interface Explained {
  size: number
  sha256: string
  crc32: number
  mimeType: string
}

/**
 * Reads a difference whose base is among the versions of its vault already, notes it as packed, and answers what it gives
 * back; undefined where the base is not known (yet), or the bytes are not those it claims.
 */
export async function explain(
  db: Connection,
  volume: Volume,
  vault: { no: number; id: string },
  objectId: string,
): Promise<Explained | undefined> {
  const path = volume.layout.delta({ vaultId: vault.id, objectId })
  try {
    await using file = await open(path, 'r')
    const table = await readTable(file)
    const base = table.needsSource ? objectWith(db, vault.no, table.sourceSha256) : null
    if (base === undefined) return undefined
    const chain = [objectId, ...chainOf(db, base)]
    const last = prepared(db, 'SELECT base_id FROM packed WHERE object_id = ?').get(chain.at(-1)) as
      | { base_id: string | null }
      | undefined
    await using opened = await volume.packing.openPacked(vault.id, chain, last ? last.base_id : base)
    const found = await digest(opened.stream())
    if (found.sha256 !== table.targetSha256) return undefined
    prepared(db, 'INSERT INTO packed (object_id, base_id, stored_bytes) VALUES (?, ?, ?)').run(
      objectId,
      base,
      (await file.stat()).size,
    )
    return found
  } catch {
    return undefined // damaged: it stays where it is, and is reported
  }
}

/** The object of a version with this content. */
function objectWith(db: Connection, vaultNo: number, sha256: string): string | undefined {
  const row = prepared(db, 'SELECT object_id FROM version WHERE vault_no = ? AND sha256 = ? LIMIT 1').get(
    vaultNo,
    Buffer.from(sha256, 'hex'),
  ) as { object_id: string } | undefined
  return row?.object_id
}

/** An object and what it is a difference to, as long as they are packed. */
function chainOf(db: Connection, objectId: string | null): string[] {
  const chain: string[] = []
  for (let at = objectId; at !== null; ) {
    const row = prepared(db, 'SELECT base_id FROM packed WHERE object_id = ?').get(at) as
      | { base_id: string | null }
      | undefined
    if (!row) break
    chain.push(at)
    at = row.base_id
  }
  return chain
}

async function digest(chunks: AsyncIterable<Buffer>): Promise<Explained> {
  const hash = createHash('sha256')
  let [size, crc] = [0, 0]
  let head = Buffer.alloc(0)
  for await (const chunk of chunks) {
    hash.update(chunk)
    crc = crc32(chunk, crc)
    if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)])
    size += chunk.length
  }
  return { size, sha256: hash.digest('hex'), crc32: crc, mimeType: await sniffType(head, '') }
}
