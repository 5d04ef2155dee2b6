/** Receiving the chunks of a resumable upload. */
import { q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import type { Actor } from './access.ts'
import type { Core } from './core.ts'
import { chunksOf } from './upload-chunks.ts'
import { countFailure } from './upload-outcomes.ts'
import { addRange, covering, isReceived, rangesOf, receivedBytes } from './upload-ranges.ts'
import { expiryMs, requireOpenUpload } from './uploads.ts'

export interface ChunkBody {
  bytes: AsyncIterable<Uint8Array>
  /** As announced. */
  length: number | undefined
  digest: { algorithm: 'sha256' | 'sha512'; value: string } | undefined
  /** Ends the connection that the bytes come from. */
  hangUp(): void
  resumeToken: string | undefined
}

/** Receives one chunk; resolves when it is durable. One that is there already is read and left as it is. */
export async function putChunk(
  core: Core,
  actor: Actor,
  id: string,
  index: number,
  body: ChunkBody,
): Promise<ChunkAnswer> {
  const row = requireOpenUpload(core, actor, id, body.resumeToken)
  const chunks = chunksOf(core, row)
  if (index >= chunks.count)
    throw new Problem(
      'bad-input',
      `This upload has ${chunks.count} chunks, numbered from 0; there is no chunk ${index}.`,
    )
  const { start, stop, sha256 } = chunks.at(index)
  const length = stop - start
  if (body.length !== undefined && body.length !== length)
    throw new Problem('bad-input', `Chunk ${index} has ${length} bytes; ${body.length} were announced.`)
  using turn = await takeTurn(core, `${id}/${index}`, body)
  if (isReceived(core.index.read, row.no, { start, stop })) await drain(body.bytes, length)
  else {
    const object = { vaultId: row.vault_id, objectId: row.object_id }
    const digest =
      body.digest ?? (sha256 ? { algorithm: 'sha256' as const, value: Buffer.from(sha256).toString('hex') } : undefined)
    await core.volume.staged
      .write(object, body.bytes, { start, length, digest, signal: turn.signal })
      .catch((error: unknown) => countFailure(core, error))
    await core.index.write((tx) => {
      const still = tx.get(q.selectFrom('upload').select(['file_id', 'expires_at']).where('no', '=', row.no))
      if (!still || still.file_id !== null) throw new Problem('conflict', 'This upload was ended meanwhile.')
      addRange(tx, row.no, { start, stop })
      if (still.expires_at < core.now() + expiryMs - 3_600_000)
        tx.run(
          q
            .updateTable('upload')
            .set({ expires_at: core.now() + expiryMs })
            .where('no', '=', row.no),
        )
    })
  }
  const answer = { status: 'open' as const, index, receivedBytes: receivedBytes(core.index.read, row.no) }
  if (chunks.count > 1000) return answer
  const isCovered = covering(rangesOf(core.index.read, row.no))
  const receivedChunks = Array.from({ length: chunks.count }, (_, n) => n).filter((n) => isCovered(chunks.at(n)))
  return { ...answer, receivedChunks }
}

export interface ChunkAnswer {
  status: 'open' | 'done'
  index: number
  receivedBytes: number
  receivedChunks?: number[]
}

/** Receives ranges of the file, in order and not overlapping, whose bytes were compared with their digest. Durable when it resolves. */
export async function putRanges(
  core: Core,
  actor: Actor,
  id: string,
  ranges: readonly { start: number; bytes: Uint8Array }[],
): Promise<{ status: 'open' | 'done'; receivedBytes: number }> {
  const row = requireOpenUpload(core, actor, id)
  let at = 0
  for (const { start, bytes } of ranges) {
    if (start < at || start + bytes.length > row.size || bytes.length === 0)
      throw new Problem('bad-input', 'The ranges have to come in order, not overlap, and lie in the file.')
    at = start + bytes.length
  }
  const fresh = ranges.filter(
    ({ start, bytes }) => !isReceived(core.index.read, row.no, { start, stop: start + bytes.length }),
  )
  const object = { vaultId: row.vault_id, objectId: row.object_id }
  await core.volume.staged.fill(object, fresh).catch((error: unknown) => countFailure(core, error))
  await core.index.write((tx) => {
    const still = tx.get(q.selectFrom('upload').select('file_id').where('no', '=', row.no))
    if (!still || still.file_id !== null) throw new Problem('conflict', 'This upload was ended meanwhile.')
    for (const { start, bytes } of fresh) addRange(tx, row.no, { start, stop: start + bytes.length })
    tx.run(
      q
        .updateTable('upload')
        .set({ expires_at: core.now() + expiryMs })
        .where('no', '=', row.no),
    )
  })
  return { status: 'open', receivedBytes: receivedBytes(core.index.read, row.no) }
}

const turns = new WeakMap<Core, Map<string, Turn>>()

interface Turn {
  over: Promise<void>
  giveUp(): void
}

/** One writer for each chunk: a newer request for the same one ends the older, which may hang on a dead connection. */
async function takeTurn(core: Core, key: string, { hangUp }: ChunkBody): Promise<{ signal: AbortSignal } & Disposable> {
  const all = turns.get(core) ?? new Map<string, Turn>()
  turns.set(core, all)
  for (let before = all.get(key); before; before = all.get(key)) {
    before.giveUp()
    await before.over
  }
  const abort = new AbortController()
  const { promise, resolve } = Promise.withResolvers<void>()
  const turn = {
    over: promise,
    giveUp() {
      abort.abort(new Problem('conflict', 'Another request is sending this chunk; this one was given up.'))
      hangUp()
    },
  }
  all.set(key, turn)
  return {
    signal: abort.signal,
    [Symbol.dispose]() {
      all.delete(key)
      resolve()
    },
  }
}

async function drain(bytes: AsyncIterable<Uint8Array>, most: number): Promise<void> {
  let read = 0
  for await (const chunk of bytes) {
    read += chunk.length
    if (read > most) throw new Problem('bad-input', `This chunk has ${most} bytes; more were sent.`)
  }
}
