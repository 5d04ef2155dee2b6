// An append-only log of JSON lines in a directory of its own. Each line begins with the CRC-32 of what follows, so that one
// that a power cut or a failing disk has torn is known as such. A batch ends with a line that says how far it reaches; it
// is written and synced as one, and what comes back after a crash is believed only where the whole batch is right.

import { constants, createReadStream } from 'node:fs'
import { open, readdir, rename, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { makeDirectory, removeName, syncDirectory } from './directory.ts'
import { ifThere, onDisk } from './failure.ts'

/** How far a log reaches, and how much of it there is. */
export interface LogState {
  /** What the last batch was given; -1 where there is no log, or its end is damaged: then it has to be written anew. */
  upTo: number
  bytes: number
  /** How large it was when it was last written anew. */
  wholeBytes: number
}

export interface RecordLog {
  state(): Promise<LogState>
  /** Adds records, each a JSON object in one line, and says how far the log reaches now; durable when it resolves. */
  append(records: readonly string[], upTo: number): Promise<void>
  /** Writes everything anew and then removes what was before; a crash on the way leaves what was before. */
  rewrite(pages: AsyncIterable<readonly string[]>, upTo: number): Promise<void>
}

interface End {
  log: 'end'
  upTo: number
  /** Of the batch before this line. */
  bytes: number
  crc: number
  whole: number
}

const SEGMENT = /^(\d{8})\.jsonl$/
const none: LogState = { upTo: -1, bytes: 0, wholeBytes: 0 }

/** Opens the log in `directory`, which is made where it is missing; the directory above has to be there. */
export function openLog(directory: string): RecordLog {
  let known: { state: LogState; segment: number } | undefined

  async function find() {
    if (known) return known
    const segment = (await segments(directory)).at(-1) ?? 0
    known = { segment, state: segment === 0 ? none : await readState(join(directory, nameOf(segment))) }
    return known
  }

  return {
    state: async () => (await find()).state,

    async append(records, upTo) {
      const { state, segment } = await find()
      if (state.upTo < 0) throw new Error(`The log in ${directory} has to be written anew.`)
      const batch = linesOf(records)
      const end = endOf(batch, upTo, state.wholeBytes)
      const { O_WRONLY, O_APPEND, O_NOFOLLOW } = constants
      await using file = await onDisk(open(join(directory, nameOf(segment)), O_WRONLY | O_APPEND | O_NOFOLLOW))
      known = undefined // until it is known to be durable, only the disk can say what is there
      await onDisk(file.appendFile(Buffer.concat([batch, end])))
      await onDisk(file.sync())
      known = { segment, state: { ...state, upTo, bytes: state.bytes + batch.length + end.length } }
    },

    async rewrite(pages, upTo) {
      const { segment } = await find()
      await makeDirectory(directory)
      const next = segment + 1
      const path = join(directory, nameOf(next))
      const bytes = await writeWhole(`${path}.part`, pages, upTo)
      await onDisk(rename(`${path}.part`, path))
      await syncDirectory(directory)
      known = { segment: next, state: { upTo, bytes, wholeBytes: bytes } }
      for (const old of await segments(directory)) if (old < next) await removeName(join(directory, nameOf(old)))
    },
  }
}

/** Every record of a log in the order it was written; what is damaged is passed over and told to `damaged`. */
export async function* readLog(
  directory: string,
  damaged: (line: string) => void,
): AsyncGenerator<Record<string, unknown>> {
  const segment = (await segments(directory)).at(-1)
  if (segment === undefined) return
  for await (const line of linesIn(join(directory, nameOf(segment)))) {
    const record = parse(line)
    if (record) yield record
    else damaged(line)
  }
}

// Not readline: it takes U+2028 in a name for the end of a line.
async function* linesIn(path: string): AsyncGenerator<string> {
  let rest = Buffer.alloc(0)
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Buffer>) {
    const bytes = Buffer.concat([rest, chunk])
    let start = 0
    for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, start)) {
      yield bytes.toString('utf8', start, end)
      start = end + 1
    }
    rest = bytes.subarray(start)
    if (rest.length > LONGEST_LINE) rest = Buffer.alloc(0) // no line of ours is so long: what follows is damaged as well
  }
  if (rest.length > 0) yield rest.toString('utf8')
}

const LONGEST_LINE = 64 * 1024 * 1024

async function segments(directory: string): Promise<number[]> {
  const names = (await ifThere(readdir(directory))) ?? []
  return names.flatMap((name) => Number(SEGMENT.exec(name)?.[1] ?? []) || []).sort((a, b) => a - b)
}

function nameOf(segment: number): string {
  return `${String(segment).padStart(8, '0')}.jsonl`
}

async function writeWhole(path: string, pages: AsyncIterable<readonly string[]>, upTo: number): Promise<number> {
  await removeName(path)
  const { O_WRONLY, O_CREAT, O_EXCL } = constants
  await using file = await onDisk(open(path, O_WRONLY | O_CREAT | O_EXCL, 0o600))
  let bytes = 0
  for await (const page of pages) {
    const batch = linesOf(page)
    await onDisk(file.appendFile(batch))
    bytes += batch.length
  }
  const end = endOf(Buffer.alloc(0), upTo, bytes)
  await onDisk(file.appendFile(end))
  await onDisk(file.sync())
  return bytes + end.length
}

// The end of the newest segment: its last whole batch.
async function readState(path: string): Promise<LogState> {
  const { size } = await onDisk(stat(path))
  for (let length = 64 * 1024; ; length *= 8) {
    const tail = await readEnd(path, size, Math.min(size, length))
    const lineStart = tail.lastIndexOf(10, tail.length - 2) + 1
    const end =
      tail.at(-1) === 10 ? (parse(tail.toString('utf8', lineStart, tail.length - 1)) as End | undefined) : undefined
    if (end?.log !== 'end') return { ...none, bytes: size }
    if (end.bytes > lineStart && length < size) continue
    const batch = tail.subarray(Math.max(0, lineStart - end.bytes), lineStart)
    if (batch.length !== end.bytes || crc32(batch) !== end.crc) return { ...none, bytes: size }
    return { upTo: end.upTo, bytes: size, wholeBytes: end.whole }
  }
}

async function readEnd(path: string, size: number, length: number): Promise<Buffer> {
  await using file = await onDisk(open(path, constants.O_RDONLY | constants.O_NOFOLLOW))
  const { buffer, bytesRead } = await onDisk(file.read(Buffer.alloc(length), 0, length, size - length))
  return buffer.subarray(0, bytesRead)
}

function linesOf(records: readonly string[]): Buffer {
  return Buffer.from(records.map(lineOf).join(''))
}

function endOf(batch: Buffer, upTo: number, whole: number): Buffer {
  return Buffer.from(
    lineOf(JSON.stringify({ log: 'end', upTo, bytes: batch.length, crc: crc32(batch), whole } satisfies End)),
  )
}

function lineOf(text: string): string {
  return `${crc32(text).toString(16).padStart(8, '0')} ${text}\n`
}

function parse(line: string): Record<string, unknown> | undefined {
  const text = line.slice(9)
  if (line[8] !== ' ' || Number.parseInt(line.slice(0, 8), 16) !== crc32(text)) return undefined
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return undefined
  }
}
