/**
 * The arrays of a vault in a file beside the index, so that a start reads them instead of a million rows. The journal says
 * what changed since. A file that is damaged, of another version or of another history is as good as none.
 */
import { closeSync, fstatSync, fsyncSync, openSync, readSync, renameSync, rmSync, writeSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import type { VaultData } from './data.ts'

/** To be raised with every change of {@link VaultData} or of what its arrays mean; `snapshot.test.ts` knows its shape. */
export const snapshotFormat = 1

/** What a snapshot was made from: it is used where all of this is still so. */
export interface Stamp {
  volumeId: string
  vaultId: string
  seq: number
  /** The journal's row at `seq`, whose time and subject no other history has. */
  mark: string
  /** Of the index. */
  schema: number
}

interface Section {
  path: string[]
  kind: Kind
  at: number
  bytes: number
  crc: number
}

interface Header {
  stamp: Stamp
  /** Words are cut and folded by it. */
  unicode: string
  size: number
  sections: Section[]
  plain: Record<string, unknown>
}

type Column = Uint8Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | Float64Array<ArrayBuffer>
type Kind = 'bytes' | 'numbers' | 'doubles' | 'json'

// Read as a number of this machine, it also says that the bytes are in its order.
const magic = 0x53_56_46_31
const preludeBytes = 16
const atOnce = 2 ** 30 // Linux moves at most 2 GiB in one call
const unicode = `${process.versions.unicode} ${process.versions.icu}`

/**
 * Writes a snapshot under a temporary name, not yet synced. What it answers makes it durable and puts it in place of an
 * older one. Throws when the disk does not take it; nothing is left then.
 */
export function writeSnapshot(path: string, data: VaultData, stamp: Stamp): () => void {
  const temporary = `${path}.new`
  const file = openSync(temporary, 'w', 0o600)
  const orRemove = (work: () => void) => {
    try {
      work()
    } catch (error) {
      closeSync(file)
      rmSync(temporary, { force: true })
      throw error
    }
  }
  orRemove(() => {
    const leaves = leavesOf(data)
    // The header comes first and has to say where things begin: as long as it can become.
    const sections = leaves.map(({ path, kind, bytes }) => ({
      path,
      kind,
      at: 0,
      bytes: bytes.length,
      crc: crc32(bytes),
    }))
    const header: Header = { stamp, unicode, size: Number.MAX_SAFE_INTEGER, sections, plain: plainOf(data) }
    for (const one of sections) one.at = Number.MAX_SAFE_INTEGER
    let at = aligned(preludeBytes + Buffer.byteLength(JSON.stringify(header)))
    for (const one of sections) {
      one.at = at
      at = aligned(at + one.bytes)
    }
    header.size = at
    const text = Buffer.from(JSON.stringify(header))
    const prelude = Uint32Array.of(magic, snapshotFormat, text.length, crc32(text))
    writeAt(file, new Uint8Array(prelude.buffer), 0)
    writeAt(file, text, preludeBytes)
    for (const [i, { bytes }] of leaves.entries()) writeAt(file, bytes, (sections[i] as Section).at)
    // The last section may end before its place does.
    if (fstatSync(file).size < at) writeAt(file, new Uint8Array(1), at - 1)
  })
  return () => {
    orRemove(() => fsyncSync(file))
    closeSync(file)
    renameSync(temporary, path)
  }
}

/**
 * Reads a snapshot of this stamp; answers a sentence where there is one that cannot be used, and undefined where there is
 * none. `agree` is asked with the stamp of the file before anything large is read.
 */
export function readSnapshot(
  path: string,
  agree: (stamp: Stamp) => string | undefined,
): VaultData | string | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? undefined : String(error)
  }
  try {
    return read(file, agree)
  } catch (error) {
    return String(error)
  } finally {
    closeSync(file)
  }
}

function read(file: number, agree: (stamp: Stamp) => string | undefined): VaultData | string {
  const { size } = fstatSync(file)
  const prelude = new Uint32Array(preludeBytes / 4)
  if (!readAt(file, new Uint8Array(prelude.buffer), 0)) return 'It is too short.'
  const [mark, format, length = 0, crc] = prelude
  if (mark !== magic || format !== snapshotFormat) return 'It is of another version.'
  if (preludeBytes + length > size) return 'It is too short.'
  const text = Buffer.alloc(length)
  if (!readAt(file, text, preludeBytes) || crc32(text) !== crc) return 'Its beginning is damaged.'
  const header = JSON.parse(text.toString()) as Header
  if (header.unicode !== unicode) return 'Its words were cut by another version of Unicode.'
  const objection = agree(header.stamp)
  if (objection !== undefined) return objection
  if (header.size !== size) return 'It is not as long as it was.'
  const buffer = new ArrayBuffer(size)
  if (!readAt(file, new Uint8Array(buffer), 0)) return 'It is too short.'
  const data: Record<string, unknown> = { ...header.plain }
  for (const { path, kind, at, bytes, crc } of header.sections) {
    const raw = new Uint8Array(buffer, at, bytes)
    if (crc32(raw) !== crc) return `Its part ${path.join('.')} is damaged.`
    put(data, path, viewOf(kind, raw))
  }
  return data as unknown as VaultData
}

interface Leaf {
  path: string[]
  kind: Kind
  bytes: Uint8Array
}

/** Arrays as they are; lists of texts and rows as JSON. */
function leavesOf(data: object, above: string[] = []): Leaf[] {
  return Object.entries(data).flatMap(([key, value]): Leaf[] => {
    const path = [...above, key]
    if (ArrayBuffer.isView(value)) {
      const column = value as Column
      return [
        { path, kind: kindOf(column), bytes: new Uint8Array(column.buffer, column.byteOffset, column.byteLength) },
      ]
    }
    if (Array.isArray(value)) return [{ path, kind: 'json', bytes: Buffer.from(JSON.stringify(value)) }]
    return typeof value === 'object' && value !== null ? leavesOf(value, path) : []
  })
}

/** The path and kind of everything in the data, for the test that holds it against {@link snapshotFormat}. */
export function shapeOf(data: VaultData): string[] {
  const leaves = leavesOf(data).map(({ path, kind }) => `${path.join('.')}: ${kind}`)
  return [...Object.keys(plainOf(data)), ...leaves].sort()
}

function plainOf(data: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(data).filter(([, value]) => typeof value !== 'object'))
}

function kindOf(column: Column): Kind {
  return column instanceof Float64Array ? 'doubles' : column instanceof Uint32Array ? 'numbers' : 'bytes'
}

function viewOf(kind: Kind, { buffer, byteOffset, length }: Uint8Array<ArrayBuffer>): unknown {
  if (kind === 'doubles') return new Float64Array(buffer, byteOffset, length / 8)
  if (kind === 'numbers') return new Uint32Array(buffer, byteOffset, length / 4)
  const bytes = new Uint8Array(buffer, byteOffset, length)
  return kind === 'bytes' ? bytes : JSON.parse(Buffer.from(buffer, byteOffset, length).toString())
}

function put(data: Record<string, unknown>, path: string[], value: unknown): void {
  const [key = '', ...rest] = path
  if (rest.length === 0) data[key] = value
  else {
    data[key] ??= {}
    put(data[key] as Record<string, unknown>, rest, value)
  }
}

function aligned(at: number): number {
  return Math.ceil(at / 8) * 8
}

function writeAt(file: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; )
    done += writeSync(file, bytes, done, Math.min(bytes.length - done, atOnce), at + done)
}

/** False when the file ends before. */
function readAt(file: number, bytes: Uint8Array, at: number): boolean {
  for (let done = 0; done < bytes.length; ) {
    const n = readSync(file, bytes, done, Math.min(bytes.length - done, atOnce), at + done)
    if (n === 0) return false
    done += n
  }
  return true
}
