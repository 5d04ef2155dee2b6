// Bytes of resumable uploads: files of full length with holes, filled in any order. What a caller is told is written has
// been synced. The name in `uploads` stays until the index names the object, so that a crash at any moment leaves either
// an upload that goes on or a file that is complete.

import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, link, open, readdir, stat } from 'node:fs/promises'
import { Problem } from '../problem.ts'
import { digestFile } from './digest.ts'
import { openDirectory, removeName, syncDirectory } from './directory.ts'
import { errorCode, ifThere, onDisk } from './failure.ts'
import type { Guard } from './guard.ts'
import { type Layout, type ObjectName, parseArriving } from './layout.ts'
import type { Stored, Wrote } from './put.ts'
import { HEAD_BYTES, sniffType } from './type.ts'

const PIECE_BYTES = 1024 * 1024

export interface Writing {
  /** Where in the file the bytes go, and how many there have to be. */
  start: number
  length: number
  /** What the bytes have to hash to, in hex. */
  digest?: { algorithm: 'sha256' | 'sha512'; value: string } | undefined
  signal: AbortSignal
}

/** Staged uploads of a volume. Names are the objects that they are to become. */
export interface Staged {
  /** Makes the file, durably. One that is there already is emptied. */
  create(object: ObjectName, size: number): Promise<void>
  /**
   * Writes bytes in their place and syncs them. Too few, too many or others than the digest says is `bad-input`; what lies
   * in that place is then undefined, and the caller must not have promised it to anybody.
   */
  write(object: ObjectName, source: AsyncIterable<Uint8Array>, writing: Writing): Promise<void>
  /** Writes bytes that are known to be right, each run in its place, and syncs them together. */
  fill(object: ObjectName, runs: Runs): Promise<void>
  /** Reads bytes back. */
  read(object: ObjectName, start: number, length: number): Promise<Buffer>
  /**
   * Makes a complete upload an object: hashed from the disk, synced, linked under its final name. The staged name stays
   * until `remove`. May be repeated.
   */
  finish(object: ObjectName, named: { name: string; declaredType?: string | undefined }): Promise<Stored>
  /** Takes `finish` back: the index refused the object, and the upload goes on. */
  unfinish(object: ObjectName): Promise<void>
  /** Removes the staged name. The object, where there is one, stays. */
  remove(object: ObjectName): Promise<void>
  /** Every staged upload on the disk. */
  list(): Promise<ObjectName[]>
}

type Runs = Iterable<{ start: number; bytes: Uint8Array }> | AsyncIterable<{ start: number; bytes: Uint8Array }>

/** The staged uploads of the volume with this layout. */
export function openStaged(layout: Layout, guard: Guard, wrote: Wrote): Staged {
  const { O_RDWR, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants
  const sync = async (file: FileHandle): Promise<void> => {
    const began = performance.now()
    await onDisk(file.datasync())
    wrote((performance.now() - began) / 1000)
  }
  const openStagedFile = (object: ObjectName) => onDisk(open(layout.upload(object), O_RDWR | O_NOFOLLOW))

  return {
    async create(object, size) {
      await guard.ready()
      await using file = await onDisk(open(layout.upload(object), O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o600))
      await onDisk(file.truncate(size))
      await onDisk(file.sync())
      await syncDirectory(layout.uploads)
    },

    async write(object, source, writing) {
      await guard.ready()
      await using file = await openStagedFile(object)
      await fill(file, source, writing)
      await sync(file)
    },

    async fill(object, runs) {
      await guard.ready()
      await using file = await openStagedFile(object)
      for await (const { start, bytes } of runs) await writeAll(file, bytes, start)
      await sync(file)
    },

    async read(object, start, length) {
      await using file = await openStagedFile(object)
      const { buffer, bytesRead } = await onDisk(file.read(Buffer.allocUnsafe(length), 0, length, start))
      return buffer.subarray(0, bytesRead)
    },

    async finish(object, { name, declaredType }) {
      await guard.ready()
      await using shard = await openDirectory(layout.objectShard(object))
      await using file = await openStagedFile(object)
      const head = await onDisk(file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0))
      const mimeType = await sniffType(head.buffer.subarray(0, head.bytesRead), name, declaredType)
      const { size } = await onDisk(file.stat())
      const digest = await digestFile(layout.upload(object), size)
      const began = performance.now()
      await onDisk(file.chmod(0o400))
      await onDisk(file.sync())
      await onDisk(
        link(layout.upload(object), layout.object(object)).catch((error) =>
          errorCode(error) === 'EEXIST' ? undefined : Promise.reject(error),
        ),
      )
      await onDisk(shard.sync())
      wrote((performance.now() - began) / 1000)
      return { ...object, ...digest, mimeType }
    },

    async unfinish(object) {
      if (await removeName(layout.object(object))) await syncDirectory(layout.objectShard(object))
      await using file = await openStagedFile(object)
      await onDisk(file.chmod(0o600))
    },

    remove: async (object) => void (await removeName(layout.upload(object))),

    async list() {
      await guard.present()
      const names = (await ifThere(readdir(layout.uploads))) ?? []
      const staged: ObjectName[] = []
      for (const name of names) {
        const object = parseArriving(name)
        const stats = object && (await ifThere(stat(layout.upload(object))))
        if (object && stats?.isFile()) staged.push(object)
      }
      return staged
    },
  }
}

async function fill(file: FileHandle, source: AsyncIterable<Uint8Array>, writing: Writing): Promise<void> {
  const { start, length, digest, signal } = writing
  const hash = digest && createHash(digest.algorithm)
  let piece = Buffer.allocUnsafeSlow(Math.min(PIECE_BYTES, Math.max(1, length)))
  let filled = 0
  let position = start
  let pending = Promise.resolve()

  const flush = async (): Promise<void> => {
    const bytes = piece.subarray(0, filled)
    const at = position
    await pending
    pending = writeAll(file, bytes, at)
    pending.catch(() => {}) // awaited before the next piece, or at the end
    hash?.update(bytes)
    position += filled
    piece = Buffer.allocUnsafeSlow(piece.length)
    filled = 0
  }

  try {
    for await (const chunk of source) {
      signal.throwIfAborted()
      if (position - start + filled + chunk.length > length)
        throw new Problem('bad-input', `This part of the upload has ${length} bytes; more were sent. Send it again.`)
      for (let rest = chunk; rest.length > 0; ) {
        const taken = rest.subarray(0, piece.length - filled)
        piece.set(taken, filled)
        filled += taken.length
        rest = rest.subarray(taken.length)
        if (filled === piece.length) await flush()
      }
    }
    signal.throwIfAborted()
    if (filled > 0) await flush()
  } finally {
    // Whoever comes next may write to the same place: nothing of this may land there afterwards.
    await pending
  }
  if (position - start !== length)
    throw new Problem(
      'bad-input',
      `This part of the upload has ${length} bytes; ${position - start} were sent. Send it again.`,
    )
  if (hash && hash.digest('hex') !== digest?.value)
    throw new Problem('bad-input', 'The bytes that arrived are not those of the digest. Send this part again.')
}

// A file that is almost full takes a part of a write, and the next one says why.
async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < bytes.length; ) {
    const { bytesWritten } = await onDisk(file.write(bytes, written, bytes.length - written, position + written))
    written += bytesWritten
  }
}
