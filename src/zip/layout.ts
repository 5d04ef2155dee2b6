/**
 * A zip archive that is laid out before a byte of it is read: entries are stored, not compressed, so that names, sizes and
 * CRC-32s say where everything lies. Any part of it can be made at any time, which is what lets a download go on where it
 * was broken off. Pure: it knows neither files nor people.
 */
import { growingBytes, lastUpTo, narrowColumn, wideColumn } from './columns.ts'
import { centralHeader, centralLength, endRecords, type Facts, localHeader, localLength } from './records.ts'

export interface ZipEntry {
  /** Steps with `/` between them, without one at either end. */
  path: string
  isFolder: boolean
  /** Bytes; zero for a folder. */
  size: number
  crc32: number
  /** Milliseconds since 1970. */
  modifiedAt: number
}

/** Bytes of the archive itself, or a run of bytes of an entry's content, `end` included. */
export type ZipPiece = Buffer | { entry: number; start: number; end: number }

export interface ZipLayout {
  /** Entries, folders included. */
  readonly count: number
  /** Bytes of the whole archive. */
  readonly size: number
  /** What it takes in memory, in bytes. */
  readonly weight: number
  /** The pieces that make up the bytes `start` to `end`, both included. Made as they are asked for. */
  pieces(start: number, end: number): Generator<ZipPiece>
}

export interface ZipBuilder {
  /** Adds an entry after the others and answers its number, from 0. */
  add(entry: ZipEntry): number
  /** The layout of what was added. Nothing can be added any more. */
  finish(): ZipLayout
}

const latest = 0x7fffffff // of the extended timestamp, which programs read as signed
const longestName = 0xffff

export function startZip(): ZipBuilder {
  const names = growingBytes()
  const nameEnds = wideColumn()
  const sizes = wideColumn()
  const crcs = narrowColumn()
  const times = narrowColumn()
  /** Where the local header of each entry begins; and its entry in the central directory, from the directory's start. */
  const offsets = wideColumn()
  const directoryOffsets = wideColumn()
  let offset = 0
  let directoryLength = 0

  const factsOf = (i: number): Facts => {
    const name = names.slice(i === 0 ? 0 : nameEnds.at(i - 1), nameEnds.at(i))
    return { name, size: sizes.at(i), crc32: crcs.at(i), seconds: times.at(i), isFolder: name.at(-1) === slash }
  }

  return {
    add({ path, isFolder, crc32, modifiedAt, ...entry }) {
      const size = isFolder ? 0 : entry.size
      const name = Buffer.from(safePath(path) + (isFolder ? '/' : ''))
      if (name.length > longestName) throw new RangeError(`A name of ${name.length} bytes does not fit into a zip.`)
      if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`Not a size: ${size}`)
      names.push(name)
      nameEnds.push(names.length)
      sizes.push(size)
      crcs.push(isFolder ? 0 : crc32)
      times.push(Math.min(Math.max(Math.floor(modifiedAt / 1000), 0), latest))
      offsets.push(offset)
      directoryOffsets.push(directoryLength)
      directoryLength += centralLength(name.length, size, offset)
      offset += localLength(name.length, size) + size
      return offsets.length - 1
    },
    finish() {
      const count = offsets.length
      const [directory, directoryEnd] = [offset, offset + directoryLength]
      const end = endRecords(count, directory, directoryEnd)
      const size = directoryEnd + end.length

      function* entries(start: number, last: number): Generator<ZipPiece> {
        for (let i = Math.max(lastUpTo(start, count, offsets.at), 0); i < count && offsets.at(i) <= last; i++) {
          const facts = factsOf(i)
          const header = localHeader(facts)
          const at = offsets.at(i)
          yield* cut(header, at, start, last)
          const content = at + header.length
          const run = {
            start: Math.max(start - content, 0),
            end: Math.min(last - content, facts.size - 1),
          }
          if (run.start <= run.end) yield { entry: i, ...run }
        }
      }

      function* directoryEntries(start: number, last: number): Generator<ZipPiece> {
        const first = Math.max(lastUpTo(start - directory, count, directoryOffsets.at), 0)
        for (let i = first; i < count && directory + directoryOffsets.at(i) <= last; i++)
          yield* cut(centralHeader(factsOf(i), offsets.at(i)), directory + directoryOffsets.at(i), start, last)
      }

      return {
        count,
        size,
        weight: [names, nameEnds, sizes, crcs, times, offsets, directoryOffsets].reduce(
          (sum, one) => sum + one.weight,
          0,
        ),
        *pieces(start, last) {
          if (!Number.isSafeInteger(start) || !Number.isSafeInteger(last) || start < 0 || last >= size)
            throw new RangeError(`Not a range of ${size} bytes: ${start}-${last}`)
          if (start < directory) yield* entries(start, Math.min(last, directory - 1))
          if (start < directoryEnd && last >= directory)
            yield* directoryEntries(start, Math.min(last, directoryEnd - 1))
          yield* cut(end, directoryEnd, start, last)
        },
      }
    },
  }
}

/** The part of `bytes`, which lie at `at`, between `start` and `last`. */
function* cut(bytes: Buffer, at: number, start: number, last: number): Generator<Buffer> {
  const part = bytes.subarray(Math.max(start - at, 0), Math.max(last + 1 - at, 0))
  if (part.length > 0) yield part
}

const slash = 0x2f

const unsafe = /[\\\p{Cc}]/gu
const unsafeAnywhere = /(?:^|\/)\.{0,2}(?:\/|$)|[\\\p{Cc}]/u

// Names of ours hold none of this; whatever wrote one must not make an archive write outside of where it is unpacked.
function safePath(path: string): string {
  if (!unsafeAnywhere.test(path)) return path
  return path
    .split('/')
    .filter((step) => step !== '')
    .map((step) => (step === '.' || step === '..' ? '_' : step.replace(unsafe, '_')))
    .join('/')
}
