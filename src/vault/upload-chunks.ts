/** How an upload is cut into chunks: pieces of one size, or the blocks that its client declared. */
import type { UploadRow } from './uploads.ts'

export interface Chunks {
  count: number
  /** Bytes of the largest chunk. */
  largest: number
  /** `stop` is the first byte behind it; `sha256`, in hex, where it is known. */
  at(index: number): { start: number; stop: number; sha256?: string }
}

/** The chunks of an upload. */
export function chunksOf({ size, chunk_size }: Pick<UploadRow, 'size' | 'chunk_size' | 'blocks'>): Chunks {
  return {
    count: Math.ceil(size / chunk_size),
    largest: chunk_size,
    at: (index) => ({ start: index * chunk_size, stop: Math.min(size, (index + 1) * chunk_size) }),
  }
}
