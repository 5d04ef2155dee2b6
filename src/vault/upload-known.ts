/** What an upload need not send: blocks that the vault has are copied from there, while the client sends the others. */
import { createHash } from 'node:crypto'
import type { Block } from '../blocks.ts'
import type { OpenedObject } from '../volume/open.ts'
import { findBlocks, type Source } from './blocks.ts'
import { openContent } from './contents.ts'
import type { Core } from './core.ts'
import { chunksOf } from './upload-chunks.ts'
import { addRange, covering, type Range, rangesOf } from './upload-ranges.ts'
import type { UploadRow } from './uploads.ts'

/** A run of bytes that lies in one place of one object. */
export interface Run extends Range {
  from: Source
  /** What it is made of, where that has to be checked. */
  blocks: readonly Block[]
}

interface Known {
  /** Ranges that are being copied or were. */
  ranges: Promise<Range[]>
  copied: Promise<void>
}

const copying = new WeakMap<Core, Map<string, Known>>()
/** So many bytes are copied before they are synced and written down. */
const bytesAtOnce = 32 * 1024 * 1024

/** The ranges of an upload's declared blocks that the vault has, in order. The copying goes on behind. */
export async function knownRanges(core: Core, row: UploadRow): Promise<Range[]> {
  if (row.has_blocks === 0 || row.file_id !== null) return []
  return known(core, row).ranges
}

/** Waits until everything that the vault has is in its place. What could not be read there is missing then. */
export async function copyKnown(core: Core, row: UploadRow): Promise<void> {
  const all = copying.get(core)
  const under = all?.get(row.id) ?? (row.has_blocks === 1 ? known(core, row) : undefined)
  await under?.copied
}

/** Forgets what is known of an upload that is over, or that was sent wrong. */
export function forgetKnown(core: Core, id: string): void {
  copying.get(core)?.delete(id)
}

function known(core: Core, row: UploadRow): Known {
  const all = copying.get(core) ?? new Map<string, Known>()
  copying.set(core, all)
  const before = all.get(row.id)
  if (before) return before
  const { blocks = [] } = chunksOf(core, row)
  const runs = findBlocks(core, row.vault_no, blocks).then((sources) => runsOf(blocks, sources))
  const ranges = runs.then((list) => list.map(({ start, stop }) => ({ start, stop })))
  const copied = runs
    .then((list) => copyRuns(core, row, list))
    .catch((error: unknown) => {
      core.log.warn({ err: error, upload: row.id }, 'blocks that the vault has could not be copied; they are asked for')
    })
    .then(() => {
      // From now on what is missing is what is not there, whatever was hoped for.
      const one = all.get(row.id)
      if (one) one.ranges = Promise.resolve([])
    })
  core.afterwards(copied)
  const one = { ranges, copied }
  ranges.catch(() => {})
  all.set(row.id, one)
  return one
}

function runsOf(blocks: readonly Block[], sources: ReadonlyMap<number, Source>): Run[] {
  const runs: (Run & { blocks: Block[] })[] = []
  let start = 0
  for (const [i, block] of blocks.entries()) {
    const stop = start + block.size
    const from = sources.get(i)
    const last = runs.at(-1)
    if (from) {
      const goesOn =
        last?.stop === start &&
        last.from.objectId === from.objectId &&
        last.from.start + (start - last.start) === from.start
      if (last && goesOn && stop - last.start <= bytesAtOnce) {
        last.stop = stop
        last.blocks.push(block)
      } else runs.push({ start, stop, from, blocks: [block] })
    }
    start = stop
  }
  return runs
}

/** Copies runs into an upload and writes them down as received. Those that are there already are left out. */
export async function copyRuns(core: Core, row: UploadRow, runs: readonly Run[]): Promise<void> {
  const isCovered = covering(rangesOf(core.index.read, row.no))
  const object = { vaultId: row.vault_id, objectId: row.object_id }
  let batch: Run[] = []
  let bytes = 0
  const flush = async (): Promise<void> => {
    const good: Range[] = []
    await core.volume.staged.fill(object, readRuns(core, row.vault_id, batch, good))
    await core.index.write((tx) => {
      for (const range of good) addRange(tx, row.no, range)
    })
    batch = []
    bytes = 0
  }
  for (const run of runs) {
    if (isCovered(run)) continue
    batch.push(run)
    bytes += run.stop - run.start
    if (bytes >= bytesAtOnce || batch.length >= 1000) await flush()
  }
  if (batch.length > 0) await flush()
}

// Reads run after run; `good` collects those whose bytes were what their blocks say.
async function* readRuns(core: Core, vaultId: string, runs: readonly Run[], good: Range[]) {
  let open: { objectId: string; content: OpenedObject } | undefined
  try {
    for (const { start, stop, from, blocks } of runs) {
      if (open?.objectId !== from.objectId) {
        await open?.content[Symbol.asyncDispose]()
        open = undefined
        const content = await openContent(core, vaultId, from.objectId).catch(() => undefined)
        if (!content) continue
        open = { objectId: from.objectId, content }
      }
      const bytes = Buffer.allocUnsafeSlow(stop - start)
      await open.content.read(bytes, from.start)
      for (const part of verified(bytes, blocks)) {
        yield { start: start + part.start, bytes: bytes.subarray(part.start, part.stop) }
        good.push({ start: start + part.start, stop: start + part.stop })
      }
    }
  } finally {
    await open?.content[Symbol.asyncDispose]()
  }
}

/** The stretches of a run whose blocks are what they are said to be; without a list all of it is taken as it is. */
function verified(bytes: Buffer, blocks: readonly Block[]): Range[] {
  if (blocks.length === 0) return [{ start: 0, stop: bytes.length }]
  const stretches: Range[] = []
  let start = 0
  for (const { size, sha256 } of blocks) {
    const stop = start + size
    const hash = createHash('sha256').update(bytes.subarray(start, stop)).digest()
    const last = stretches.at(-1)
    if (hash.equals(sha256)) {
      if (last?.stop === start) last.stop = stop
      else stretches.push({ start, stop })
    }
    start = stop
  }
  return stretches
}
