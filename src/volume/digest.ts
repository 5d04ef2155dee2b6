// What the index writes down of stored bytes, computed from a file on the disk.

import { createHash } from 'node:crypto'
import { open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { onDisk } from './failure.ts'

const PIECE_BYTES = 1024 * 1024

export interface Digest {
  size: number
  /** In hex. */
  sha256: string
  crc32: number
}

/** Reads a file from its beginning to its end. */
export async function digestFile(path: string): Promise<Digest> {
  await using file = await onDisk(open(path))
  const hash = createHash('sha256')
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
  let crc = 0
  let size = 0
  for (;;) {
    const { bytesRead } = await onDisk(file.read(piece, 0, PIECE_BYTES, size))
    if (bytesRead === 0) return { size, sha256: hash.digest('hex'), crc32: crc }
    const bytes = piece.subarray(0, bytesRead)
    hash.update(bytes)
    crc = crc32(bytes, crc)
    size += bytesRead
  }
}
