/**
 * Content-defined blocks: a content is cut where its own bytes say so, so that bytes put in or taken out change the blocks
 * around them and no others. The same code runs in the server, the command line and the browser; hashing is passed in.
 *
 * The cut is FastCDC's (Xia et al., "FastCDC: a Fast and Efficient Content-Defined Chunking Approach for Data
 * Deduplication", 2016): a gear hash of the last 32 bytes, no cut before a minimum, a stricter condition before the normal
 * size than behind it, so that most blocks come close to that.
 */

/** How to cut. Sizes in bytes; `least` <= `normal` <= `most`. */
export interface Cutting {
  least: number
  normal: number
  most: number
  /** How many of the hash's highest bits have to be zero for a cut before the normal size, and behind it. */
  strictBits: number
  looseBits: number
}

/** The blocks that versions are made of: some 60 KiB on average, of any content. */
export const blockCutting: Cutting = {
  least: 16 * 1024,
  normal: 48 * 1024,
  most: 256 * 1024,
  strictBits: 17,
  looseBits: 14,
}

/** Pieces for a second look inside blocks that changed: some 2 KiB. */
export const pieceCutting: Cutting = { least: 512, normal: 1536, most: 16 * 1024, strictBits: 12, looseBits: 9 }

export interface Block {
  size: number
  /** Of its bytes. */
  sha256: Uint8Array
}

export interface Cutter {
  /** Takes the next bytes and answers where in them blocks end: offsets of the first byte behind each. */
  push(bytes: Uint8Array): number[]
  /** Bytes behind the last cut; they are the last block, unless there are none. */
  readonly open: number
}

/** A cutter at the beginning of a content. How the content comes in pieces makes no difference. */
export function openCutter({ least, normal, most, strictBits, looseBits }: Cutting = blockCutting): Cutter {
  const strict = -1 << (32 - strictBits)
  const loose = -1 << (32 - looseBits)
  let size = 0
  let hash = 0
  return {
    get open() {
      return size
    },
    push(bytes) {
      const cuts: number[] = []
      const end = bytes.length
      let at = 0
      while (at < end) {
        if (size < least) {
          const skipped = Math.min(least - size, end - at)
          size += skipped
          at += skipped
          continue
        }
        const begin = at - size // where the block begins, as seen from these bytes: may be negative
        const last = Math.min(end, begin + most)
        let cut = none
        for (let from = at; cut === none && from < last; ) {
          const isStrict = from < begin + normal
          const to = Math.min(from + scannedAtOnce, isStrict ? Math.min(last, begin + normal) : last)
          cut = scan(bytes, from, to, hash, isStrict ? strict : loose)
          hash = scanned
          from = to
        }
        at = cut === none ? last : cut
        size = at - begin
        if (cut === none && size < most) continue
        cuts.push(at)
        size = 0
        hash = 0
      }
      return cuts
    },
  }
}

const none = -1
/** The hash where the last scan ended; a second result that costs no object. */
let scanned = 0

// V8 makes its best code of what is called thousands of times, and loops in its second best run five times as long: short
// scans are in the best after 3 MB, where scans to the end of each block took 400. Four bytes a turn make the function too
// large to be taken into its caller, where it would be in the second best again.
const scannedAtOnce = 1024

function scan(bytes: Uint8Array, from: number, to: number, hash: number, mask: number): number {
  const table = gear
  let rolling = hash
  let at = from
  for (; at < to - 3; at += 4) {
    rolling = ((rolling << 1) + (table[bytes[at] as number] as number)) | 0
    if ((rolling & mask) === 0) return found(at + 1, rolling)
    rolling = ((rolling << 1) + (table[bytes[at + 1] as number] as number)) | 0
    if ((rolling & mask) === 0) return found(at + 2, rolling)
    rolling = ((rolling << 1) + (table[bytes[at + 2] as number] as number)) | 0
    if ((rolling & mask) === 0) return found(at + 3, rolling)
    rolling = ((rolling << 1) + (table[bytes[at + 3] as number] as number)) | 0
    if ((rolling & mask) === 0) return found(at + 4, rolling)
  }
  for (; at < to; at++) {
    rolling = ((rolling << 1) + (table[bytes[at] as number] as number)) | 0
    if ((rolling & mask) === 0) return found(at + 1, rolling)
  }
  return found(none, rolling)
}

function found(at: number, hash: number): number {
  scanned = hash
  return at
}

/** A run of blocks with one name. */
export interface Group {
  /** Index of its first block, and how many there are. */
  first: number
  count: number
  size: number
  /** Of the hashes of its blocks, one after the other. */
  sha256: Uint8Array
}

const groupBits = 5
const mostInGroup = 256

/**
 * Groups of some 32 blocks, bounded by what the blocks' own hashes say, so that a list of blocks that changed in one place
 * changes in one group. `hash` is SHA-256.
 */
export async function groupBlocks(
  blocks: readonly Block[],
  hash: (bytes: Uint8Array<ArrayBuffer>) => Uint8Array | Promise<Uint8Array>,
): Promise<Group[]> {
  const groups: Group[] = []
  let first = 0
  for (let i = 0; i < blocks.length; i++) {
    const ends = ((blocks[i]?.sha256[0] ?? 0) & (2 ** groupBits - 1)) === 0
    if (!ends && i - first + 1 < mostInGroup && i < blocks.length - 1) continue
    const members = blocks.slice(first, i + 1)
    const names = new Uint8Array(32 * members.length)
    for (const [n, { sha256 }] of members.entries()) names.set(sha256, 32 * n)
    groups.push({
      first,
      count: members.length,
      size: members.reduce((sum, { size }) => sum + size, 0),
      sha256: await hash(names),
    })
    first = i + 1
  }
  return groups
}

const format = 1
const headBytes = 5
const entryBytes = 36

/** A list of blocks as bytes: a format number, the count, then 4 bytes of size and 32 of SHA-256 for each; little-endian. */
export function encodeBlocks(blocks: readonly Block[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(headBytes + entryBytes * blocks.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(0, format)
  view.setUint32(1, blocks.length, true)
  for (const [i, { size, sha256 }] of blocks.entries()) {
    view.setUint32(headBytes + entryBytes * i, size, true)
    bytes.set(sha256, headBytes + entryBytes * i + 4)
  }
  return bytes
}

/** The list in these bytes. Throws a RangeError that says what is wrong when they are none, or do not make `size` bytes. */
export function decodeBlocks(bytes: Uint8Array, size?: number): Block[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (bytes.length < headBytes || view.getUint8(0) !== format) throw new RangeError('This is not a list of blocks.')
  const count = view.getUint32(1, true)
  if (bytes.length !== headBytes + entryBytes * count) throw new RangeError('The list of blocks is cut short.')
  let sum = 0
  const blocks: Block[] = []
  for (let at = headBytes; at < bytes.length; at += entryBytes) {
    const block = { size: view.getUint32(at, true), sha256: bytes.subarray(at + 4, at + entryBytes) }
    if (block.size === 0) throw new RangeError('A block has no bytes.')
    sum += block.size
    blocks.push(block)
  }
  if (size !== undefined && sum !== size) throw new RangeError(`The blocks make ${sum} bytes, not ${size}.`)
  return blocks
}

const gear = gearTable()

// 256 numbers that look like chance and are the same everywhere for ever (splitmix32, seeded with "FVLT"): other numbers
// would cut otherwise, and find nothing of what was stored before.
function gearTable(): Int32Array {
  const table = new Int32Array(256)
  let state = 0x46564c54
  for (let i = 0; i < table.length; i++) {
    state = (state + 0x9e3779b9) | 0
    let mixed = state ^ (state >>> 16)
    mixed = Math.imul(mixed, 0x21f0aaad)
    mixed ^= mixed >>> 15
    mixed = Math.imul(mixed, 0x735a2d97)
    table[i] = mixed ^ (mixed >>> 15)
  }
  return table
}
