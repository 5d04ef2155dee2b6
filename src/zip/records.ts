/**
 * The records of a stored zip archive as bytes: PKWARE's APPNOTE.TXT 6.3.10, with zip64 (4.3.14, 4.5.3) where a number
 * needs it and Info-ZIP's extended timestamp (`UT`), because DOS times know no zone. Without data descriptors.
 */

/** From here on a size or an offset stands in a zip64 field. */
export const wide = 0xffffffff
/** From here on the number of entries does. */
export const many = 0xffff

export interface Facts {
  /** UTF-8; a folder ends with a slash. */
  name: Uint8Array
  size: number
  crc32: number
  /** Seconds since 1970. */
  seconds: number
  isFolder: boolean
}

const stampBytes = 9
const utf8Names = 0x0800
const madeByUnix = 3 << 8
const plainVersion = 20
const zip64Version = 45

export function localLength(nameLength: number, size: number): number {
  return 30 + nameLength + stampBytes + (size >= wide ? 20 : 0)
}

/** The local file header (4.3.7), which stands before the bytes of an entry. */
export function localHeader({ name, size, crc32, seconds }: Facts): Buffer {
  const isWide = size >= wide
  const header = Buffer.alloc(localLength(name.length, size))
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(isWide ? zip64Version : plainVersion, 4)
  header.writeUInt16LE(utf8Names, 6)
  header.writeUInt32LE(dosTime(seconds), 10)
  header.writeUInt32LE(crc32, 14)
  header.writeUInt32LE(Math.min(size, wide), 18)
  header.writeUInt32LE(Math.min(size, wide), 22)
  header.writeUInt16LE(name.length, 26)
  header.writeUInt16LE(stampBytes + (isWide ? 20 : 0), 28)
  header.set(name, 30)
  const extra = 30 + name.length
  writeStamp(header, extra, seconds)
  if (isWide) writeZip64(header, extra + stampBytes, [size, size])
  return header
}

export function centralLength(nameLength: number, size: number, offset: number): number {
  const fields = wideFields(size, offset).length
  return 46 + nameLength + stampBytes + (fields > 0 ? 4 + 8 * fields : 0)
}

/** The entry of the central directory (4.3.12) for an entry whose local header begins at `offset`. */
export function centralHeader({ name, size, crc32, seconds, isFolder }: Facts, offset: number): Buffer {
  const fields = wideFields(size, offset)
  const header = Buffer.alloc(centralLength(name.length, size, offset))
  header.writeUInt32LE(0x02014b50, 0)
  header.writeUInt16LE(madeByUnix | zip64Version, 4)
  header.writeUInt16LE(fields.length > 0 ? zip64Version : plainVersion, 6)
  header.writeUInt16LE(utf8Names, 8)
  header.writeUInt32LE(dosTime(seconds), 12)
  header.writeUInt32LE(crc32, 16)
  header.writeUInt32LE(Math.min(size, wide), 20)
  header.writeUInt32LE(Math.min(size, wide), 24)
  header.writeUInt16LE(name.length, 28)
  header.writeUInt16LE(stampBytes + (fields.length > 0 ? 4 + 8 * fields.length : 0), 30)
  // The mode as Unix has it, rwxr-xr-x or rw-r--r--, and the bit by which DOS knows a folder.
  header.writeUInt32LE((isFolder ? (0o40755 << 16) | 0x10 : 0o100644 << 16) >>> 0, 38)
  header.writeUInt32LE(Math.min(offset, wide), 42)
  header.set(name, 46)
  const extra = 46 + name.length
  writeStamp(header, extra, seconds)
  if (fields.length > 0) writeZip64(header, extra + stampBytes, fields)
  return header
}

/** What stands after the central directory (4.3.14 to 4.3.16), the zip64 records only where a number needs them. */
export function endRecords(count: number, directoryStart: number, directoryEnd: number): Buffer {
  const length = directoryEnd - directoryStart
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(Math.min(count, many), 8)
  end.writeUInt16LE(Math.min(count, many), 10)
  end.writeUInt32LE(Math.min(length, wide), 12)
  end.writeUInt32LE(Math.min(directoryStart, wide), 16)
  if (count < many && length < wide && directoryStart < wide) return end

  const record = Buffer.alloc(56)
  record.writeUInt32LE(0x06064b50, 0)
  writeWide(record, 4, record.length - 12)
  record.writeUInt16LE(madeByUnix | zip64Version, 12)
  record.writeUInt16LE(zip64Version, 14)
  writeWide(record, 24, count)
  writeWide(record, 32, count)
  writeWide(record, 40, length)
  writeWide(record, 48, directoryStart)
  const locator = Buffer.alloc(20)
  locator.writeUInt32LE(0x07064b50, 0)
  writeWide(locator, 8, directoryEnd)
  locator.writeUInt32LE(1, 16)
  return Buffer.concat([record, locator, end])
}

// Only what does not fit into the header itself, in this order; sizes twice, because what is stored is as long as it was.
function wideFields(size: number, offset: number): number[] {
  return [...(size >= wide ? [size, size] : []), ...(offset >= wide ? [offset] : [])]
}

function writeZip64(into: Buffer, at: number, fields: number[]): void {
  into.writeUInt16LE(0x0001, at)
  into.writeUInt16LE(8 * fields.length, at + 2)
  for (const [i, field] of fields.entries()) writeWide(into, at + 4 + 8 * i, field)
}

function writeStamp(into: Buffer, at: number, seconds: number): void {
  into.writeUInt16LE(0x5455, at)
  into.writeUInt16LE(5, at + 2)
  into.writeUInt8(1, at + 4) // the time of modification alone
  into.writeUInt32LE(seconds, at + 5)
}

function writeWide(into: Buffer, at: number, value: number): void {
  into.writeUInt32LE(value % 2 ** 32, at)
  into.writeUInt32LE(Math.floor(value / 2 ** 32), at + 4)
}

// Date in the upper, time in the lower 16 bits, in steps of two seconds, from 1980 to 2107; read as UTC.
function dosTime(seconds: number): number {
  const at = new Date(Math.max(seconds, 315_532_800) * 1000)
  const date = ((at.getUTCFullYear() - 1980) << 9) | ((at.getUTCMonth() + 1) << 5) | at.getUTCDate()
  const time = (at.getUTCHours() << 11) | (at.getUTCMinutes() << 5) | (at.getUTCSeconds() >> 1)
  return ((date << 16) | time) >>> 0
}
