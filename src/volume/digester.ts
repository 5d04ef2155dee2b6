// Everything that is computed of a content, in one pass over its bytes.

import { createHash, hash } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { type Block, encodeBlocks, openCutter } from '../blocks.ts'

export interface Digest {
  size: number
  /** In hex. */
  sha256: string
  crc32: number
  /** The encoded list of its blocks; undefined where there is one at most, as the block is then the content. */
  blocks: Uint8Array<ArrayBuffer> | undefined
}

export interface Digester {
  readonly size: number
  update(bytes: Uint8Array): void
  digest(): Digest
}

/** A digester at the beginning of a content. */
export function openDigester(): Digester {
  const whole = createHash('sha256')
  const cutter = openCutter()
  const blocks: Block[] = []
  let open = createHash('sha256')
  let crc = 0
  let size = 0
  return {
    get size() {
      return size
    },
    update(bytes) {
      whole.update(bytes)
      crc = crc32(bytes, crc)
      size += bytes.length
      let before = cutter.open
      let from = 0
      for (const end of cutter.push(bytes)) {
        const rest = bytes.subarray(from, end)
        const sha256 = before === 0 ? hash('sha256', rest, 'buffer') : open.update(rest).digest()
        if (before > 0) open = createHash('sha256')
        blocks.push({ size: before + rest.length, sha256 })
        from = end
        before = 0
      }
      if (from < bytes.length) open.update(bytes.subarray(from))
    },
    digest() {
      if (cutter.open > 0) blocks.push({ size: cutter.open, sha256: open.digest() })
      const list = blocks.length > 1 ? encodeBlocks(blocks) : undefined
      return { size, sha256: whole.digest('hex'), crc32: crc, blocks: list }
    },
  }
}

/** Of a content that is whole in memory: small ones need no second hash for their only block. */
export function digestOf(bytes: Uint8Array): Digest {
  const cutter = openCutter()
  const isOneBlock = cutter.push(bytes).every((end) => end === bytes.length)
  if (isOneBlock) return { size: bytes.length, sha256: hash('sha256', bytes), crc32: crc32(bytes), blocks: undefined }
  const digester = openDigester()
  digester.update(bytes)
  return digester.digest()
}
