/**
 * Finding out what of a file its vault has, in three looks, each finer and only where the one before found nothing: groups
 * of blocks against the version that is replaced, blocks against everything in the vault, and small pieces against what the
 * replaced version has and nothing matched. So a list costs some 40 bytes for each changed place, not for each block.
 *
 * Pieces are compared by 8 bytes of their SHA-256: what goes wrong by chance is found by the hash of the whole, or of its
 * list of blocks, at the end.
 */
import { createHash, hash } from 'node:crypto'
import { pieceHashBytes, type Stretch } from '../api/stretches.ts'
import { type Block, groupBlocks, openCutter, pieceCutting } from '../blocks.ts'
import { q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import type { Actor } from './access.ts'
import { blocksOf, findBlocks } from './blocks.ts'
import { openContent } from './contents.ts'
import type { Core } from './core.ts'
import { findFolder, liveFileAt } from './places.ts'
import { copyRuns, type Run } from './upload-known.ts'
import type { Range } from './upload-ranges.ts'
import { requireOpenUpload, type UploadRow } from './uploads.ts'

export type Level = 'groups' | 'blocks' | 'pieces'

/** What is compared with: the newest version of the file that is replaced. */
interface Base {
  objectId: string
  size: number
  blocks: Block[]
  /** Ranges of it that are in the new content; the rest is looked at in pieces. */
  used: Range[]
  /** Of what was not used when the first pieces were asked for. */
  pieces?: Promise<Pieces>
}

const bases = new WeakMap<Core, Map<string, Promise<Base | undefined>>>()

/** Which of the stretches the vault has, as bits, the first in the lowest of the first byte; those are copied from there. */
export async function matchUpload(
  core: Core,
  actor: Actor,
  id: string,
  level: Level,
  stretches: readonly Stretch[],
): Promise<Uint8Array<ArrayBuffer>> {
  const row = requireOpenUpload(core, actor, id)
  for (const { start, size } of stretches)
    if (size <= 0 || start + size > row.size)
      throw new Problem(
        'bad-input',
        `The file has ${row.size} bytes; there is nothing from ${start} to ${start + size}.`,
      )
  const base = await baseOf(core, row)
  const runs =
    level === 'blocks'
      ? await matchBlocks(core, row, stretches, base)
      : base === undefined
        ? []
        : level === 'groups'
          ? await matchGroups(stretches, base)
          : await matchPieces(core, row, stretches, base)
  const answer = new Uint8Array(Math.ceil(stretches.length / 8))
  for (const { index } of runs) answer[index >> 3] = (answer[index >> 3] ?? 0) | (1 << (index & 7))
  // Copied before the answer: what the client is told is there, is there.
  await copyRuns(core, row, joined(runs))
  return answer
}

/** Forgets what an upload was compared with. */
export function forgetBase(core: Core, id: string): void {
  bases.get(core)?.delete(id)
}

type Match = Run & { index: number }

async function matchGroups(stretches: readonly Stretch[], base: Base): Promise<Match[]> {
  const groups = await groupBlocks(base.blocks, sha256)
  const starts = startsOf(base.blocks)
  const known = new Map(
    groups.map((group) => [hex(group.sha256), { start: starts[group.first] ?? 0, size: group.size }]),
  )
  return matches(stretches, base, (one) => known.get(hex(one.sha256)))
}

async function matchBlocks(
  core: Core,
  row: UploadRow,
  stretches: readonly Stretch[],
  base: Base | undefined,
): Promise<Match[]> {
  const found = base ? matches(stretches, base, blockIn(base)) : []
  const taken = new Set(found.map(({ index }) => index))
  const rest = stretches.map((one, index) => ({ ...one, index })).filter(({ index }) => !taken.has(index))
  for (const [i, from] of await findBlocks(core, row.vault_no, rest)) {
    const one = rest[i]
    if (one) found.push({ index: one.index, start: one.start, stop: one.start + one.size, from, blocks: [one] })
  }
  return found.sort((a, b) => a.index - b.index)
}

function blockIn(base: Base): (one: Stretch) => { start: number; size: number } | undefined {
  const starts = startsOf(base.blocks)
  const known = new Map(base.blocks.map(({ sha256, size }, i) => [hex(sha256), { start: starts[i] ?? 0, size }]))
  return (one) => known.get(hex(one.sha256))
}

async function matchPieces(core: Core, row: UploadRow, stretches: readonly Stretch[], base: Base): Promise<Match[]> {
  base.pieces ??= cutPieces(core, row, base)
  const pieces = await base.pieces
  return matches(stretches, base, (one) => pieces.find(one.sha256))
}

interface Pieces {
  find(name: Uint8Array): { start: number; size: number } | undefined
}

/** So much of a version is remembered in pieces; they take some 40 bytes for each 2 KiB. */
const mostInPieces = 4 * 1024 ** 3
const windowBytes = 1024 * 1024

async function cutPieces(core: Core, row: UploadRow, base: Base): Promise<Pieces> {
  const places = new Map<number, number>()
  const [starts, sizes, ends]: [number[], number[], number[]] = [[], [], []]
  await using content = await openContent(core, row.vault_id, base.objectId)
  let left = mostInPieces
  for (const { start, stop } of unused(base)) {
    for (let at = start; at < stop && left > 0; ) {
      // A window at a time, which begins at a cut: so pieces are those of the whole region.
      const window = Buffer.allocUnsafeSlow(Math.min(windowBytes, stop - at))
      await content.read(window, at)
      const cutter = openCutter(pieceCutting)
      const cuts = cutter.push(window)
      if (at + window.length === stop && cutter.open > 0) cuts.push(window.length)
      let from = 0
      for (const cut of cuts) {
        const name = hash('sha256', window.subarray(from, cut), 'buffer')
        const key = name.readUIntLE(0, 6)
        if (!places.has(key)) {
          places.set(key, starts.length)
          starts.push(at + from)
          sizes.push(cut - from)
          ends.push(name.readUInt16LE(6))
        }
        from = cut
      }
      at += from || window.length
      left -= window.length
    }
  }
  return {
    find(name) {
      const bytes = Buffer.from(name.buffer, name.byteOffset, pieceHashBytes)
      const place = places.get(bytes.readUIntLE(0, 6))
      if (place === undefined || ends[place] !== bytes.readUInt16LE(6)) return undefined
      return { start: starts[place] ?? 0, size: sizes[place] ?? 0 }
    },
  }
}

function matches(
  stretches: readonly Stretch[],
  base: Base,
  find: (one: Stretch) => { start: number; size: number } | undefined,
): Match[] {
  const found: Match[] = []
  for (const [index, one] of stretches.entries()) {
    const there = find(one)
    if (there?.size !== one.size) continue
    const from = { objectId: base.objectId, start: there.start }
    found.push({ index, start: one.start, stop: one.start + one.size, from, blocks: [] })
    base.used.push({ start: there.start, stop: there.start + there.size })
  }
  return found
}

/** Runs next to each other in both contents as one, so that copying reads and writes in large steps. */
function joined(runs: readonly Match[]): Run[] {
  const mostBytes = 16 * 1024 * 1024
  const all: Run[] = []
  for (const { start, stop, from, blocks } of runs) {
    const last = all.at(-1)
    const goesOn =
      last?.stop === start &&
      last.from.objectId === from.objectId &&
      last.from.start + (start - last.start) === from.start &&
      (last.blocks.length === 0) === (blocks.length === 0) &&
      stop - last.start <= mostBytes
    if (last && goesOn) all[all.length - 1] = { ...last, stop, blocks: [...last.blocks, ...blocks] }
    else all.push({ start, stop, from, blocks })
  }
  return all
}

function unused({ size, used }: Base): Range[] {
  const gaps: Range[] = []
  let at = 0
  for (const { start, stop } of used.toSorted((a, b) => a.start - b.start)) {
    if (start > at) gaps.push({ start: at, stop: start })
    at = Math.max(at, stop)
  }
  if (at < size) gaps.push({ start: at, stop: size })
  return gaps
}

function baseOf(core: Core, row: UploadRow): Promise<Base | undefined> {
  const all = bases.get(core) ?? new Map<string, Promise<Base | undefined>>()
  bases.set(core, all)
  const before = all.get(row.id)
  if (before) return before
  const found = findBase(core, row)
  found.catch(() => all.delete(row.id))
  all.set(row.id, found)
  return found
}

async function findBase(core: Core, row: UploadRow): Promise<Base | undefined> {
  const names = JSON.parse(row.path) as string[]
  const folderNo = findFolder(core.index.read, row.vault_no, names.slice(0, -1))
  const file = folderNo === undefined ? undefined : liveFileAt(core.index.read, folderNo, names.at(-1) ?? '')
  const version =
    file &&
    core.index.read.get(
      q
        .selectFrom('version')
        .select(['object_id as objectId', 'size'])
        .where('file_no', '=', file.no)
        .where('number', '=', file.version),
    )
  if (!version) return undefined
  const blocks = await blocksOf(core, { vaultId: row.vault_id, ...version })
  return { ...version, blocks, used: [] }
}

function startsOf(blocks: readonly Block[]): number[] {
  let at = 0
  return blocks.map(({ size }) => {
    const start = at
    at += size
    return start
  })
}

function sha256(bytes: Uint8Array): Uint8Array {
  return createHash('sha256').update(bytes).digest()
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
