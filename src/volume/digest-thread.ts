// The thread that hashes: it reads what has been written of a file, following behind the writer. Bytes come from the page
// cache, where the writer just put them.

import { closeSync, constants, openSync, readSync } from 'node:fs'
import { parentPort } from 'node:worker_threads'
import { type Digest, type Digester, openDigester } from './digester.ts'

/** `to`: bytes of the file up to here are there now. */
export type Asked =
  | { id: number; what: 'open'; path: string }
  | { id: number; what: 'follow'; to: number }
  | { id: number; what: 'finish'; to: number }
  | { id: number; what: 'forget' }

export type Told = { id: number; digest: Digest } | { id: number; forgotten: true } | { id: number; error: string }

const PIECE_BYTES = 512 * 1024
const piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
const followed = new Map<number, { fd: number; digester: Digester }>()

parentPort?.on('message', (asked: Asked) => {
  try {
    take(asked)
  } catch (error) {
    forget(asked.id)
    tell({ id: asked.id, error: error instanceof Error ? error.message : String(error) })
  }
})

function tell(told: Told): void {
  parentPort?.postMessage(told)
}

function take(asked: Asked): void {
  const { id } = asked
  if (asked.what === 'forget') {
    forget(id)
    tell({ id, forgotten: true })
    return
  }
  if (asked.what === 'open') {
    const fd = openSync(asked.path, constants.O_RDONLY | constants.O_NOFOLLOW)
    followed.set(id, { fd, digester: openDigester() })
    return
  }
  const one = followed.get(id)
  if (!one) return // it failed before, and said so
  follow(one, asked.to)
  if (asked.what === 'follow') return
  forget(id)
  tell({ id, digest: one.digester.digest() })
}

function follow({ fd, digester }: { fd: number; digester: Digester }, to: number): void {
  while (digester.size < to) {
    const read = readSync(fd, piece, 0, Math.min(PIECE_BYTES, to - digester.size), digester.size)
    if (read === 0) throw new Error(`The file ended at ${digester.size}, not at ${to}.`)
    digester.update(piece.subarray(0, read))
  }
}

function forget(id: number): void {
  const one = followed.get(id)
  followed.delete(id)
  if (one) closeSync(one.fd)
}
