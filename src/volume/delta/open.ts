// Old versions opened for reading: a delta and its source, or a chain of deltas down to a file that is whole. Frames are
// put together whole and compared with their checksum before a byte of them is given out: a wrong source or a damaged one,
// at whatever depth, is an error and never wrong content.

import { Readable } from 'node:stream'
import { crc32 } from 'node:zlib'
import { damaged } from '../failure.ts'
import type { DeltaInfo } from './format.ts'
import { keptLately } from './kept.ts'
import { type Fill, type Layer, openLayer } from './layer.ts'

/** Gives `length` bytes of the newer content from `offset` on. */
export type ReadSource = (offset: number, length: number) => Promise<Buffer>

export interface OpenedDelta extends AsyncDisposable {
  /** Bytes of the old content. */
  readonly size: number
  readonly info: Readonly<DeltaInfo>
  /** Exactly these bytes. Throws a RangeError outside the content, and `storage-unavailable` for damage. */
  read(offset: number, length: number): Promise<Buffer>
  /** The bytes from `start` to `end` inclusive, or all; ends early only with an error. Any number at the same time. */
  stream(range?: { start: number; end: number }): Readable
  /** Closes the delta files. Streams that are not at their end fail. */
  close(): Promise<void>
}

/** Which content a delta was made against, where the caller knows what it has. */
export interface KnownSource {
  size: number
  sha256?: string
}

const KEPT_BYTES = 8 * 1024 * 1024
const CHUNK_BYTES = 256 * 1024

/**
 * Opens the old content that `encodeDelta` wrote to `path`. `readSource` answers for the newer content, which may be an
 * opened delta's `read` itself; for more than one step `openChain` is faster and takes less memory. Holds at most 16 MiB
 * beside what is being read. A source known to be another one is refused at once as
 * `storage-unavailable`; others are found out by the first frame read.
 */
export async function openDelta(path: string, readSource: ReadSource, source?: KnownSource): Promise<OpenedDelta> {
  const layer = await openLayer(path, fillBy(readSource))
  return opened([layer], source)
}

/**
 * Opens the oldest content of a chain. `paths` are deltas, each the source of the one before it: the content wanted comes
 * first, and `readSource` answers for the source of the last. Bytes are checked once, at the end of the chain. Holds at
 * most 8 MiB, and as much for each delta that has little in common with its source.
 */
export async function openChain(paths: string[], readSource: ReadSource, source?: KnownSource): Promise<OpenedDelta> {
  await using stack = new AsyncDisposableStack()
  const layers: Layer[] = []
  let fill = fillBy(readSource)
  for (const path of paths.toReversed()) {
    const layer = stack.use(await openLayer(path, fill))
    layers.unshift(layer)
    fill = layer.fill
  }
  for (const [n, layer] of layers.entries()) {
    const next = layers[n + 1]?.table
    if (next) refuseOther(layer.table, { size: next.targetSize, sha256: next.targetSha256 })
  }
  const delta = await opened(layers, source)
  stack.move()
  return delta
}

async function opened(layers: Layer[], source: KnownSource | undefined): Promise<OpenedDelta> {
  const [top, base] = [layers[0], layers.at(-1)]
  if (!top || !base) throw new TypeError('A chain has at least one delta')
  const close = async () => {
    for (const layer of layers) await layer[Symbol.asyncDispose]()
  }
  try {
    if (source) refuseOther(base.table, source)
  } catch (error) {
    await close()
    throw error
  }
  const { frames: _, ...info } = top.table
  const size = info.targetSize
  const frame = checkedFrames(top)

  // The bytes from `offset` on that one frame has, at most `length`.
  async function piece(offset: number, length: number): Promise<Buffer> {
    const number = Math.floor(offset / info.frameBytes)
    const start = offset - number * info.frameBytes
    return (await frame(number)).subarray(start, start + length)
  }

  async function read(offset: number, length: number): Promise<Buffer> {
    const isInside = Number.isSafeInteger(offset) && Number.isSafeInteger(length) && offset >= 0 && length >= 0
    if (!isInside || offset + length > size) throw new RangeError(`Not a range of ${size} bytes: ${offset}+${length}`)
    const parts: Buffer[] = []
    for (let done = 0; done < length; done += parts.at(-1)?.length ?? length) {
      parts.push(await piece(offset + done, length - done))
    }
    return Buffer.concat(parts)
  }

  function stream({ start, end } = { start: 0, end: size - 1 }): Readable {
    const isInside = Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end < size
    if (!isInside || start > end + 1) throw new RangeError(`Not a range of ${size} bytes: ${start}-${end}`)
    let position = start
    return new Readable({
      highWaterMark: CHUNK_BYTES,
      async read() {
        try {
          const wanted = Math.min(CHUNK_BYTES, end + 1 - position)
          if (wanted === 0) return void this.push(null)
          const bytes = await piece(position, wanted)
          position += bytes.length
          this.push(bytes)
        } catch (error) {
          this.destroy(error instanceof Error ? error : new Error('Reading failed', { cause: error }))
        }
      },
    })
  }

  return { size, info, read, stream, close, [Symbol.asyncDispose]: close }
}

// Whole frames of the content, compared with their checksum; the last few are kept, and readers of one wait together.
function checkedFrames({ table, fill }: Layer): (number: number) => Promise<Buffer> {
  async function read(number: number): Promise<Buffer> {
    const start = number * table.frameBytes
    const bytes = Buffer.allocUnsafeSlow(Math.min(table.frameBytes, table.targetSize - start))
    await fill(bytes, start)
    if (crc32(bytes) !== table.frames[number]?.targetCrc)
      throw damaged(`frame ${number} came out wrong: a delta of the chain or its source is damaged, or is another one`)
    return bytes
  }

  return keptLately(read, (bytes) => bytes.length, KEPT_BYTES)
}

function refuseOther(table: DeltaInfo, source: KnownSource): void {
  if (!table.needsSource) return
  const isSame = source.size === table.sourceSize && (source.sha256 ?? table.sourceSha256) === table.sourceSha256
  if (isSame) return
  const [expected, found] = [
    `${table.sourceSha256}, ${table.sourceSize} bytes`,
    `${source.sha256}, ${source.size} bytes`,
  ]
  throw damaged(`a delta was made against ${expected}; its source now is ${found}`)
}

function fillBy(readSource: ReadSource): Fill {
  return async (bytes, offset) => {
    const found = await readSource(offset, bytes.length)
    if (found.length !== bytes.length)
      throw damaged(`the source of a delta gave ${found.length} bytes at ${offset}, not ${bytes.length}`)
    found.copy(bytes)
  }
}
