/**
 * Blocks that a vault has. A content that is sent again, changed or not, needs only the blocks that are new to its vault;
 * blocks of any version of any file count. Nobody gets bytes by naming a hash: a block becomes part of an upload into the
 * same vault, by somebody who may write there.
 */
import { sql } from 'kysely'
import type { Block as ApiBlock } from '../api/uploads.ts'
import { type Block, decodeBlocks, encodeBlocks } from '../blocks.ts'
import type { Transaction } from '../index/open.ts'
import { q } from '../index/query.ts'
import { enqueue } from '../index/queue.ts'
import { type Digest, openDigester } from '../volume/digester.ts'
import { type Actor, requireFile } from './access.ts'
import { isWhole, openContent } from './contents.ts'
import type { Core } from './core.ts'

/** Rows that one transaction inserts at most: a few milliseconds. */
const rowsAtOnce = 1000

/** The list of a smaller file is made anew each time: that is quicker than a file of its own for each. */
const leastListed = 1024 * 1024

/** Where the bytes of a block can be read. */
export interface Source {
  objectId: string
  start: number
}

/** Makes the blocks of new content known, in the transaction that names it; long lists follow in the background. */
export function learnBlocks(
  core: Core,
  tx: Transaction,
  object: { vaultNo: number; vaultId: string; objectId: string; size: number },
  list: Uint8Array | undefined,
): void {
  if (!list) return // one block: the content itself is found by its hash
  if (object.size >= leastListed) keepList(core, object, list)
  const blocks = decodeBlocks(list, object.size)
  if (blocks.length > rowsAtOnce)
    enqueue(tx, { name: 'blocks', payload: { objectId: object.objectId }, priority: 4, runAt: core.now() })
  else insertBlocks(tx, object.vaultNo, sourceNo(tx, object), blocks, 0)
}

/** Makes the blocks of a stored object known, a thousand at a time. May be repeated. */
export async function learnBlocksOf(core: Core, objectId: string): Promise<void> {
  const version = core.index.read.get(
    q
      .selectFrom('version')
      .innerJoin('vault', 'vault.no', 'version.vault_no')
      .select(['version.size', 'vault.no as vaultNo', 'vault.id as vaultId'])
      .where('object_id', '=', objectId)
      .limit(1),
  )
  if (!version) return
  const object = { ...version, objectId }
  const blocks = await blocksOf(core, object)
  const no = await core.index.write((tx) => sourceNo(tx, object))
  for (let first = 0, start = 0; first < blocks.length; first += rowsAtOnce) {
    const some = blocks.slice(first, first + rowsAtOnce)
    const from = start
    await core.index.write((tx) => insertBlocks(tx, version.vaultNo, no, some, from))
    start += some.reduce((sum, { size }) => sum + size, 0)
  }
}

/** Forgets the blocks of an object that goes. Called before its list of blocks is removed. */
export async function forgetBlocks(core: Core, object: { vaultId: string; objectId: string }): Promise<void> {
  const source = core.index.read.get(q.selectFrom('block_source').selectAll().where('object_id', '=', object.objectId))
  if (!source) return
  const blocks = listed(await keptList(core, object)) ?? (await cutAgain(core, object).catch(() => []))
  const hashes = blocks.map(({ sha256 }) => hash48(sha256))
  for (let first = 0; first < hashes.length; first += rowsAtOnce) {
    const some = JSON.stringify(hashes.slice(first, first + rowsAtOnce))
    await core.index.write((tx) =>
      tx.run(
        sql`DELETE FROM block WHERE vault_no = ${source.vault_no} AND source_no = ${source.no}
            AND hash48 IN (SELECT value FROM json_each(${some}))`,
      ),
    )
  }
  // Without its list nobody knows which rows are its own; they lead nowhere, as its number is not used again.
  await core.index.write((tx) => tx.run(q.deleteFrom('block_source').where('no', '=', source.no)))
}

/** Where each of the blocks lies in the vault, by index; those that the vault lacks are not in the map. */
export async function findBlocks(core: Core, vaultNo: number, blocks: readonly Block[]): Promise<Map<number, Source>> {
  const found = new Map<number, Source>()
  const pageBlocks = 5000
  for (let first = 0; first < blocks.length; first += pageBlocks) {
    const some = blocks.slice(first, first + pageBlocks)
    const wanted = JSON.stringify(
      some.map(({ sha256 }, i) => [first + i, hash48(sha256), Buffer.from(sha256).toString('hex')]),
    )
    const rows = await core.index.readAway(
      sql<{ i: number; objectId: string; start: number }>`
        SELECT w.value ->> 0 AS i, s.object_id AS objectId, b.start
        FROM json_each(${wanted}) w CROSS JOIN block b ON b.vault_no = ${vaultNo} AND b.hash48 = w.value ->> 1
        JOIN block_source s ON s.no = b.source_no
        WHERE EXISTS (SELECT 1 FROM version v WHERE v.object_id = s.object_id)
        UNION ALL
        SELECT w.value ->> 0, v.object_id, 0
        FROM json_each(${wanted}) w CROSS JOIN version v ON v.vault_no = ${vaultNo} AND v.sha256 = unhex(w.value ->> 2)`,
    )
    for (const { i, objectId, start } of rows) {
      const before = found.get(i - 1)
      const continues = before?.objectId === objectId && before.start + (blocks[i - 1]?.size ?? 0) === start
      if (continues || !found.has(i)) found.set(i, { objectId, start })
    }
  }
  return found
}

/** The blocks of the newest version of a file. */
export async function blocksOfFile(
  core: Core,
  actor: Actor,
  id: string,
): Promise<{ size: number; sha256: string; version: number; blocks: ApiBlock[] }> {
  const file = requireFile(core, actor, id, 'viewer')
  const version = core.index.read.get(
    q.selectFrom('version').selectAll().where('file_no', '=', file.no).where('number', '=', file.version),
  )
  if (!version) throw new Error(`File ${file.id} has no version ${file.version}.`)
  const object = { vaultId: file.vault.id, objectId: version.object_id, size: version.size }
  const blocks = await blocksOf(core, object)
  let offset = 0
  return {
    size: version.size,
    sha256: version.sha256.toString('hex'),
    version: version.number,
    blocks: blocks.map(({ size, sha256 }) => {
      const block = { offset, size, sha256: Buffer.from(sha256).toString('hex') }
      offset += size
      return block
    }),
  }
}

/** The blocks of an object: from the list beside it, or, where that is missing or does not fit, from its bytes. */
export async function blocksOf(
  core: Core,
  object: { vaultId: string; objectId: string; size: number },
): Promise<Block[]> {
  const kept = listed(await keptList(core, object), object.size)
  if (kept) return kept
  return cutAgain(core, object)
}

async function cutAgain(core: Core, object: { vaultId: string; objectId: string }): Promise<Block[]> {
  const { blocks, sha256, size } = isWhole(core, object.objectId)
    ? await core.volume.digest(object)
    : await digestPacked(core, object)
  if (blocks && size >= leastListed) keepList(core, object, blocks)
  if (blocks) return decodeBlocks(blocks, size)
  return size === 0 ? [] : [{ size, sha256: Buffer.from(sha256, 'hex') }]
}

async function digestPacked(core: Core, object: { vaultId: string; objectId: string }): Promise<Digest> {
  await using content = await openContent(core, object.vaultId, object.objectId)
  const digester = openDigester()
  for await (const bytes of content.stream()) digester.update(bytes as Buffer)
  return digester.digest()
}

const fresh = new WeakMap<Core, Map<string, Uint8Array>>()

/** Writes a list beside its object. Until it is there it is known all the same, to the job that comes right after. */
function keepList(core: Core, object: { vaultId: string; objectId: string }, list: Uint8Array): void {
  const lists = fresh.get(core) ?? new Map<string, Uint8Array>()
  fresh.set(core, lists)
  lists.set(object.objectId, list)
  core.afterwards(core.volume.writeBlocks(object, list).finally(() => lists.delete(object.objectId)))
}

async function keptList(core: Core, object: { vaultId: string; objectId: string }): Promise<Uint8Array | undefined> {
  return fresh.get(core)?.get(object.objectId) ?? (await core.volume.readBlocks(object))
}

/** The list that a client declared, as it is kept with its upload. */
export function encodeDeclared(blocks: readonly { size: number; sha256: string }[]): Buffer {
  return Buffer.from(encodeBlocks(blocks.map(({ size, sha256 }) => ({ size, sha256: Buffer.from(sha256, 'hex') }))))
}

function listed(bytes: Uint8Array | undefined, size?: number): Block[] | undefined {
  if (!bytes) return undefined
  try {
    return decodeBlocks(bytes, size)
  } catch {
    return undefined
  }
}

function sourceNo(tx: Transaction, { vaultNo, objectId }: { vaultNo: number; objectId: string }): number {
  tx.run(sql`INSERT OR IGNORE INTO block_source (vault_no, object_id) VALUES (${vaultNo}, ${objectId})`)
  const row = tx.get(q.selectFrom('block_source').select('no').where('object_id', '=', objectId))
  if (!row) throw new Error(`The object ${objectId} has no number.`)
  return row.no
}

function insertBlocks(tx: Transaction, vaultNo: number, source: number, blocks: readonly Block[], from: number): void {
  let start = from
  const rows = blocks.map(({ size, sha256 }) => {
    const row = [hash48(sha256), start]
    start += size
    return row
  })
  tx.run(
    sql`INSERT OR IGNORE INTO block (vault_no, hash48, source_no, start)
        SELECT ${vaultNo}, value ->> 0, ${source}, value ->> 1 FROM json_each(${JSON.stringify(rows)})`,
  )
}

function hash48(sha256: Uint8Array): number {
  return Buffer.from(sha256.buffer, sha256.byteOffset, 6).readUIntBE(0, 6)
}
