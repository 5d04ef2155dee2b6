/**
 * Replacing a file by sending what changed: the file is cut into blocks, its vault says which it has, first group by group,
 * then block by block, then in small pieces; what is left is sent. Browser and Node.
 */
import type { Client } from '../api/client.ts'
import type { File } from '../api/files.ts'
import { encodePieces, encodeRanges, encodeStretches, type Stretch } from '../api/stretches.ts'
import {
  completeUpload,
  createUpload,
  matchUpload,
  mostInRanges,
  type NewUpload,
  putRanges,
  removeUpload,
} from '../api/uploads.ts'
import { type Block, type Cutting, encodeBlocks, groupBlocks, openCutter, pieceCutting } from '../blocks.ts'

/** A file as a browser has it; in Node `openAsBlob` makes one. */
export interface Content {
  readonly size: number
  slice(start: number, stop: number): { arrayBuffer(): Promise<ArrayBuffer> }
}

export type Sha256 = (bytes: Uint8Array<ArrayBuffer>) => Promise<Uint8Array> | Uint8Array

export interface Blockwise {
  client: Client
  vaultId: string
  content: Content
  /** Where it goes and what it replaces, as in a resumable upload. */
  target: Omit<NewUpload, 'size' | 'blocks' | 'sha256'>
  sha256?: Sha256
  signal?: AbortSignal
  /** Of the whole: bytes that the server has, sent or found there. And how many of them were sent. */
  onProgress?: (done: number, sent: number) => void
}

export interface Sent {
  file: File
  /** Bytes of the content that travelled. */
  sentBytes: number
}

/** So many bytes of the file are in memory for each step. */
const windowBytes = 4 * 1024 * 1024
const stretchesAtOnce = 100_000
const bytesInBody = Math.min(8 * 1024 * 1024, mostInRanges / 2)
const bodiesAtOnce = 3

/** Sends a file as its vault lacks it. When it fails or is cancelled the upload is removed, and the old version stays. */
export async function sendBlockwise(options: Blockwise): Promise<Sent> {
  const { client, vaultId, content, target, sha256 = subtle, signal, onProgress = () => {} } = options
  const replaces = target.baseVersion !== undefined || target.onConflict === 'replace'
  const step = { ...(signal ? { signal } : {}) }
  const blocks = (await cut(content, { start: 0, stop: content.size }, undefined, sha256, signal)).map(placed())
  const upload = await client.call(
    createUpload,
    {
      params: { vaultId },
      body: { ...target, size: content.size, blocksSha256: hexOf(await sha256(encodeBlocks(blocks))) },
    },
    step,
  )
  const params = { id: upload.id }
  let [done, sent] = [0, 0]
  const told = (bytes: number) => {
    done += bytes
    onProgress(done, sent)
  }
  const unknown = <T extends Stretch>(level: 'groups' | 'blocks' | 'pieces', asked: readonly T[]) =>
    lacking(options, params.id, level, asked, told)
  try {
    const groups = (await groupBlocks(blocks, sha256)).map((group) => ({
      ...group,
      start: blocks[group.first]?.start ?? 0,
    }))
    const newGroups = !replaces ? groups : await unknown('groups', groups)
    const newBlocks = await unknown(
      'blocks',
      newGroups.flatMap(({ first, count }) => blocks.slice(first, first + count)),
    )
    let missing: readonly { start: number; size: number }[] = joined(newBlocks)
    if (replaces) {
      const pieces: Stretch[] = []
      for (const { start, size } of missing) {
        const inside = await cut(content, { start, stop: start + size }, pieceCutting, sha256, signal)
        pieces.push(...inside.map(placed(start)))
      }
      missing = joined(await unknown('pieces', pieces))
    }
    await inParallel(bodiesOf(missing), bodiesAtOnce, async (ranges) => {
      const body = await bodyOf(content, ranges)
      const digest = btoa(String.fromCharCode(...(await sha256(body))))
      const headers = { 'content-digest': `sha-256=:${digest}:` }
      await client.call(putRanges, { params, body }, { ...step, headers })
      const bytes = ranges.reduce((sum, { length }) => sum + length, 0)
      sent += bytes
      told(bytes)
    })
    const file = await client.call(completeUpload, { params }, step)
    return { file, sentBytes: sent }
  } catch (error) {
    await client.call(removeUpload, { params }).catch(() => {}) // else it expires
    throw error
  }
}

/** Those that the vault lacks. */
async function lacking<T extends Stretch>(
  { client, signal }: Blockwise,
  id: string,
  level: 'groups' | 'blocks' | 'pieces',
  asked: readonly T[],
  told: (bytes: number) => void,
): Promise<T[]> {
  const lacked: T[] = []
  for (let at = 0; at < asked.length; at += stretchesAtOnce) {
    const some = asked.slice(at, at + stretchesAtOnce)
    const body = level === 'pieces' ? encodePieces(runsOf(some)) : encodeStretches(some)
    const answer = await client.call(matchUpload, { params: { id }, query: { level }, body }, signal ? { signal } : {})
    const bits = new Uint8Array(await answer.arrayBuffer())
    let found = 0
    for (const [i, one] of some.entries()) {
      if (((bits[i >> 3] ?? 0) >> (i & 7)) & 1) found += one.size
      else lacked.push(one)
    }
    told(found)
  }
  return lacked
}

async function cut(
  content: Content,
  { start, stop }: { start: number; stop: number },
  cutting: Cutting | undefined,
  sha256: Sha256,
  signal: AbortSignal | undefined,
): Promise<Block[]> {
  const blocks: Block[] = []
  for (let at = start; at < stop; ) {
    signal?.throwIfAborted()
    const window = new Uint8Array(await content.slice(at, Math.min(stop, at + windowBytes)).arrayBuffer())
    if (window.length === 0) throw new Error('The file was changed or removed while it was read.')
    // Each window begins at a cut, so no state has to be carried from one to the next.
    const cutter = openCutter(cutting)
    const cuts = cutter.push(window)
    if (at + window.length === stop && cutter.open > 0) cuts.push(window.length)
    let from = 0
    for (const end of cuts) {
      blocks.push({ size: end - from, sha256: await sha256(window.subarray(from, end)) })
      from = end
    }
    at += from
  }
  return blocks
}

function placed(from = 0): (block: Block) => Stretch {
  let at = from
  return ({ size, sha256 }) => {
    const start = at
    at += size
    return { start, size, sha256 }
  }
}

function runsOf(stretches: readonly Stretch[]): Stretch[][] {
  const runs: Stretch[][] = []
  for (const one of stretches) {
    const last = runs.at(-1)
    const before = last?.at(-1)
    if (last && before && before.start + before.size === one.start) last.push(one)
    else runs.push([one])
  }
  return runs
}

function joined(stretches: readonly { start: number; size: number }[]): { start: number; size: number }[] {
  const all: { start: number; size: number }[] = []
  for (const { start, size } of stretches) {
    const last = all.at(-1)
    if (last && last.start + last.size === start) last.size += size
    else all.push({ start, size })
  }
  return all
}

interface Range {
  start: number
  length: number
}

/** Ranges in bodies of some megabytes each. */
function bodiesOf(missing: readonly { start: number; size: number }[]): Range[][] {
  const bodies: Range[][] = []
  let body: Range[] = []
  let bytes = 0
  for (const { start, size } of missing) {
    for (let at = 0; at < size; ) {
      const length = Math.min(size - at, bytesInBody - bytes)
      body.push({ start: start + at, length })
      at += length
      bytes += length
      if (bytes < bytesInBody) continue
      bodies.push(body)
      body = []
      bytes = 0
    }
  }
  if (body.length > 0) bodies.push(body)
  return bodies
}

async function bodyOf(content: Content, ranges: readonly Range[]): Promise<Uint8Array<ArrayBuffer>> {
  const head = encodeRanges(ranges)
  const body = new Uint8Array(head.length + ranges.reduce((sum, { length }) => sum + length, 0))
  body.set(head)
  let at = head.length
  for (const { start, length } of ranges) {
    body.set(new Uint8Array(await content.slice(start, start + length).arrayBuffer()), at)
    at += length
  }
  return body
}

async function inParallel<T>(all: readonly T[], atOnce: number, work: (one: T) => Promise<void>): Promise<void> {
  const waiting = all.values()
  const worker = async () => {
    for (const one of waiting) await work(one)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
}

const subtle: Sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
