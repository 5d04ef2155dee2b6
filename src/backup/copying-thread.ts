/**
 * The copying thread: puts files into another directory, a batch at a time, hashed on the way and durable when the batch is
 * answered. Where a file with the same bytes has a name already it gets a second one instead.
 */
import { createHash } from 'node:crypto'
import { closeSync, constants, fsync, linkSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs'
import { promisify } from 'node:util'
import { parentPort, workerData } from 'node:worker_threads'
import type { CopyBatch, CopyDone, CopyJob } from './copying.ts'

const { bytesPerSecond } = workerData as { bytesPerSecond: number | null }
const piece = Buffer.allocUnsafeSlow(1024 * 1024)
const resting = new Int32Array(new SharedArrayBuffer(4))
let dueAt = 0
const sync = promisify(fsync)

/** The hash of what could never be read. */
const unknown = '0'.repeat(64)

/** The target is at fault, which ends everything; a source only ends its own file. */
class TargetError extends Error {}

parentPort?.on('message', async ({ id, jobs }: CopyBatch) => {
  const open: number[] = []
  try {
    const done = jobs.map((job) => put(job, open))
    // Together, so that they share the commits of the filesystem's journal.
    await Promise.all(open.map((file) => sync(file))).catch((cause) => {
      throw new TargetError('', { cause })
    })
    parentPort?.postMessage({ id, done })
  } catch (error) {
    const cause = error instanceof TargetError ? error.cause : error
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : undefined
    parentPort?.postMessage({ id, error: String(cause), code, isTarget: error instanceof TargetError })
  } finally {
    open.forEach(closeSync)
  }
})

function put(job: CopyJob, open: number[]): CopyDone {
  for (const from of job.links) {
    if (!link(from, job.to)) continue
    if (job.sha256 !== undefined) return { how: 'linked', sha256: job.sha256, bytes: 0 }
    try {
      return { how: 'linked', ...pour(from, undefined) }
    } catch {
      return { how: 'unreadable', sha256: unknown, bytes: 0 }
    }
  }
  return copy(job, open)
}

function link(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    // Not there, another disk, a filesystem without second names, or too many of them: then it is copied.
    if (['ENOENT', 'EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS'].includes(String(code))) return false
    throw new TargetError('', { cause: error })
  }
}

function copy({ from, to, sha256: wanted }: CopyJob, open: number[]): CopyDone {
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  const target = onTarget(() => openSync(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o400))
  open.push(target)
  try {
    const { sha256, bytes } = pour(from, target)
    if (wanted === undefined || sha256 === wanted) return { how: 'copied', sha256, bytes }
    return { how: 'damaged', sha256: wanted, bytes }
  } catch (error) {
    if (error instanceof TargetError) throw error
    onTarget(() => unlinkSync(to))
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    return { how: isMissing ? 'missing' : 'unreadable', sha256: wanted ?? unknown, bytes: 0 }
  }
}

/** Reads a file to its end, into another where there is one. */
function pour(from: string, target: number | undefined): { sha256: string; bytes: number } {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  const source = openSync(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  try {
    const hash = createHash('sha256')
    let bytes = 0
    for (;;) {
      const read = readSync(source, piece, 0, piece.length, bytes)
      if (read === 0) return { sha256: hash.digest('hex'), bytes }
      const got = piece.subarray(0, read)
      hash.update(got)
      if (target !== undefined) writeAll(target, got)
      bytes += read
      keepTo(read)
    }
  } finally {
    closeSync(source)
  }
}

function writeAll(target: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; )
    written += onTarget(() => writeSync(target, bytes, written, bytes.length - written))
}

function onTarget<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    throw new TargetError('', { cause: error })
  }
}

function keepTo(read: number): void {
  if (bytesPerSecond === null) return
  const now = performance.now()
  dueAt = Math.max(dueAt, now - 100) + (read / bytesPerSecond) * 1000
  if (dueAt > now) Atomics.wait(resting, 0, 0, dueAt - now)
}
