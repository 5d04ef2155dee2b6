/**
 * Puts a resource into a copy of Node's executable, where Node looks for the program it is to run: an ELF note in a segment
 * that the kernel maps (postject does the same with 3 MB of WebAssembly, and leaves the symbols in). What lies after the
 * last mapped byte, symbols and sections, is left out: 30 MB that only a debugger reads.
 * Formats: System V ABI, chapters 4 and 5; Node, doc/api/single-executable-applications.md, "Single executable
 * application creation process".
 */

const note = 'NODE_SEA_BLOB'
/** Node reads the note only when the digit after this is 1. */
const fuse = 'NODE_SEA_FUSE_fce680ab2cc467b6e072b8b5df1996b2:'

const headerBytes = 64
const entryBytes = 56
const LOAD = 1
const NOTE = 4
const PHDR = 6
const readable = 4
/** The largest page of the platforms we know (arm64 may have 64 KiB). */
const page = 65536

interface Segment {
  type: number
  flags: number
  offset: number
  address: number
  fileSize: number
  memorySize: number
  align: number
}

/** Node's executable with `blob` as its program. Throws when `node` is no 64-bit little-endian ELF with the fuse. */
export function withProgram(node: Buffer, blob: Buffer): Buffer {
  if (node.readUInt32BE(0) !== 0x7f454c46 || node[4] !== 2 || node[5] !== 1)
    throw new Error('This is no 64-bit little-endian ELF file.')
  const segments = readSegments(node)
  const loads = segments.filter((one) => one.type === LOAD)
  const first = loads[0]
  if (first?.offset !== 0) throw new Error('The first mapped segment does not begin with the file.')
  const kept = Math.max(...segments.map((one) => one.offset + one.fileSize))
  const end = Math.max(...loads.map((one) => one.address + one.memorySize))

  // The new segment: the table of segments, longer by two, then the note. Its offset in the file is its address less the
  // first segment's, because kernels before 5.18 find the table in memory by that sum.
  const address = roundUp(end, page)
  const offset = address - first.address
  if (offset < kept) throw new Error('The segments of this executable overlap the place for a new one.')
  const tableBytes = (segments.length + 2) * entryBytes
  const content = noteOf(blob)
  const size = tableBytes + content.length
  const added: Segment[] = [
    { type: LOAD, flags: readable, offset, address, fileSize: size, memorySize: size, align: page },
    {
      type: NOTE,
      flags: readable,
      offset: offset + tableBytes,
      address: address + tableBytes,
      fileSize: content.length,
      memorySize: content.length,
      align: 4,
    },
  ]
  const table = [...segments, ...added].map((one) =>
    one.type === PHDR ? { ...one, offset, address, fileSize: tableBytes, memorySize: tableBytes } : one,
  )

  const made = Buffer.alloc(offset + size)
  node.copy(made, 0, 0, kept)
  made.writeBigUInt64LE(BigInt(offset), 32) // where the table of segments is
  made.writeBigUInt64LE(0n, 40) // no sections
  made.writeUInt16LE(table.length, 56)
  made.writeUInt16LE(0, 60)
  made.writeUInt16LE(0, 62)
  for (const [at, one] of table.entries()) writeSegment(made, offset + at * entryBytes, one)
  content.copy(made, offset + tableBytes)
  light(made.subarray(0, kept))
  return made
}

function readSegments(elf: Buffer): Segment[] {
  if (elf.readUInt16LE(52) !== headerBytes || elf.readUInt16LE(54) !== entryBytes)
    throw new Error('The headers of this ELF file have an unknown size.')
  const start = Number(elf.readBigUInt64LE(32))
  return Array.from({ length: elf.readUInt16LE(56) }, (_, index) => {
    const at = start + index * entryBytes
    const word = (field: number) => Number(elf.readBigUInt64LE(at + field))
    return {
      type: elf.readUInt32LE(at),
      flags: elf.readUInt32LE(at + 4),
      offset: word(8),
      address: word(16),
      fileSize: word(32),
      memorySize: word(40),
      align: word(48),
    }
  })
}

function writeSegment(elf: Buffer, at: number, one: Segment): void {
  elf.writeUInt32LE(one.type, at)
  elf.writeUInt32LE(one.flags, at + 4)
  const words = [one.offset, one.address, one.address, one.fileSize, one.memorySize, one.align]
  for (const [index, word] of words.entries()) elf.writeBigUInt64LE(BigInt(word), at + 8 + index * 8)
}

/** Name and content, each padded to four bytes, after their sizes. */
function noteOf(blob: Buffer): Buffer {
  const name = Buffer.from(`${note}\0`)
  const made = Buffer.alloc(12 + roundUp(name.length, 4) + roundUp(blob.length, 4))
  made.writeUInt32LE(name.length, 0)
  made.writeUInt32LE(blob.length, 4)
  name.copy(made, 12)
  blob.copy(made, 12 + roundUp(name.length, 4))
  return made
}

function light(elf: Buffer): void {
  const at = elf.indexOf(`${fuse}0`)
  if (at < 0 || elf.indexOf(`${fuse}0`, at + 1) >= 0)
    throw new Error('The fuse of single executables is not there once.')
  elf.write('1', at + fuse.length)
}

function roundUp(value: number, unit: number): number {
  return Math.ceil(value / unit) * unit
}
