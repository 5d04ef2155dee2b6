// Objects opened for reading. What is on the disk is read or an error is raised: a stream never ends early as if that
// were all, because a download cut short must not look complete.

import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { damaged, ifThere, onDisk } from './failure.ts'

const READ_BYTES = 256 * 1024

/** An open file. Either take its stream, which closes it at its end or when destroyed, or read and dispose of it. */
export interface OpenedObject extends AsyncDisposable {
  /** As the disk has it; compare it with the index, for a file cut short by a fault. */
  readonly size: number
  /** Fills `into` with the bytes from `position` on; throws `storage-unavailable` when the file ends before. */
  read(into: Buffer, position: number): Promise<void>
  /** The bytes from `start` to `end` inclusive, or all. Only one stream for each opening. */
  stream(range?: { start: number; end: number }): Readable
}

/** Opens a regular file; a link, a pipe or a directory in its place is a damaged volume. */
export async function openObject(path: string): Promise<OpenedObject> {
  return regular(await onDisk(openFile(path)))
}

/** As `openObject`, for a file that may be missing. */
export async function openIfThere(path: string): Promise<OpenedObject | undefined> {
  const file = await ifThere(openFile(path))
  return file && regular(file)
}

function openFile(path: string): Promise<FileHandle> {
  // O_NONBLOCK only keeps a pipe from making open wait; for files it has no meaning.
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  return open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
}

async function regular(file: FileHandle): Promise<OpenedObject> {
  try {
    const stats = await onDisk(file.stat())
    if (!stats.isFile()) throw damaged('something else lies in the place of a file')
    return opened(file, stats.size)
  } catch (error) {
    await file.close()
    throw error
  }
}

function opened(file: FileHandle, size: number): OpenedObject {
  let isTaken = false
  return {
    size,
    async read(into, position) {
      for (let done = 0; done < into.length; ) {
        const { bytesRead } = await onDisk(file.read(into, done, into.length - done, position + done))
        if (bytesRead === 0) throw damaged(`the file ended at ${position + done}, not after ${position + into.length}`)
        done += bytesRead
      }
    },
    stream({ start, end } = { start: 0, end: size - 1 }) {
      if (isTaken) throw new TypeError('The stream of this object was taken already')
      const isInside = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end < size
      if (!isInside || start > end + 1) throw new RangeError(`Not a range of ${size} bytes: ${start}-${end}`)
      isTaken = true
      return readRange(file, start, end)
    },
    [Symbol.asyncDispose]: () => file.close(),
  }
}

function readRange(file: FileHandle, start: number, end: number): Readable {
  let position = start
  return new Readable({
    highWaterMark: READ_BYTES,
    async read() {
      try {
        const wanted = Math.min(READ_BYTES, end + 1 - position)
        if (wanted === 0) return void this.push(null)
        const { bytesRead, buffer } = await onDisk(file.read(Buffer.allocUnsafe(wanted), 0, wanted, position))
        if (bytesRead === 0) throw damaged(`the file ended at ${position}, not after ${end}`)
        position += bytesRead
        this.push(buffer.subarray(0, bytesRead))
      } catch (error) {
        this.destroy(error instanceof Error ? error : new Error('Reading failed', { cause: error }))
      }
    },
    // FileHandle.close waits for a read that is under way.
    destroy(error, done) {
      file.close().then(
        () => done(error),
        (failure) => done(error ?? failure),
      )
    },
  })
}
