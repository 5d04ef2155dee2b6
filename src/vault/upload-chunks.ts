/** How an upload is cut into chunks: pieces of one size, or the blocks that its client declared. */
import { LRUCache } from 'lru-cache'
import type { NewUpload } from '../api/uploads.ts'
import { type Block, decodeBlocks } from '../blocks.ts'
import { q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import { encodeDeclared } from './blocks.ts'
import type { Core } from './core.ts'
import type { Range } from './upload-ranges.ts'
import type { UploadRow } from './uploads.ts'

export interface Chunks {
  count: number
  /** Bytes of the largest chunk. */
  largest: number
  /** The declared blocks; undefined for chunks of one size. */
  blocks: readonly Block[] | undefined
  at(index: number): Range & { sha256?: Uint8Array }
}

const declared = new WeakMap<Core, LRUCache<string, Chunks>>()

/** The chunks of an upload. A declared list is read once, not with each of its chunks. */
export function chunksOf(core: Core, { id, no, size, chunk_size, has_blocks }: UploadRow): Chunks {
  if (has_blocks === 0)
    return {
      count: Math.ceil(size / chunk_size),
      largest: chunk_size,
      blocks: undefined,
      at: (index) => ({ start: index * chunk_size, stop: Math.min(size, (index + 1) * chunk_size) }),
    }
  const known = declared.get(core) ?? new LRUCache<string, Chunks>({ max: 50 })
  declared.set(core, known)
  const before = known.get(id)
  const asked = core.metrics.cache('declared-blocks')
  if (before) asked.hits++
  else asked.misses++
  if (before) return before
  const row = core.index.read.get(q.selectFrom('upload').select('blocks').where('no', '=', no))
  const chunks = blockChunks(row?.blocks ? decodeBlocks(row.blocks, size) : [])
  known.set(id, chunks)
  return chunks
}

function blockChunks(blocks: readonly Block[]): Chunks {
  const starts = new Float64Array(blocks.length)
  let start = 0
  let largest = 0
  for (const [i, { size }] of blocks.entries()) {
    starts[i] = start
    start += size
    largest = Math.max(largest, size)
  }
  return {
    count: blocks.length,
    largest,
    blocks,
    at(index) {
      const from = starts[index] as number
      const { size, sha256 } = blocks[index] as Block
      return { start: from, stop: from + size, sha256 }
    },
  }
}

const mostBlockBytes = 64 * 1024 * 1024

/** The list of blocks that a client declared; it has to make the whole, without holes. */
export function declaredBlocks(blocks: NonNullable<NewUpload['blocks']>, size: number): Buffer {
  let at = 0
  for (const [i, block] of blocks.entries()) {
    const wrong =
      block.offset !== undefined && block.offset !== at
        ? `Block ${i} begins at ${block.offset}; the one before ends at ${at}.`
        : block.size > mostBlockBytes
          ? `Block ${i} has more than ${mostBlockBytes} bytes.`
          : undefined
    if (wrong) throw new Problem('bad-input', wrong, { errors: [{ path: `blocks.${i}`, message: wrong }] })
    at += block.size
  }
  const message = `The blocks make ${at} bytes; the file has ${size}.`
  if (at !== size) throw new Problem('bad-input', message, { errors: [{ path: 'blocks', message }] })
  return encodeDeclared(blocks)
}
