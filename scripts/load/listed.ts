/** Files by a list of paths, one a line, optionally with a tab and a size in bytes: what `find -printf '%P\t%s\n'` prints. */
import { createReadStream } from 'node:fs'
import { Problem } from '../../src/problem.ts'
import { cleanPath } from '../../src/vault/names.ts'
import { openMadeUp, type Wanted } from './made-up.ts'

/** Why a line is passed over, as it is counted. */
export type Fault = 'empty' | 'too long' | 'no UTF-8' | 'no size' | 'a folder' | 'refused name'

export interface ListedOptions {
  /** What the list does not say (tags, metadata, times, sizes) is made up from this. */
  seed: number
  onFault: (line: number, text: string, fault: Fault, why?: string) => void
  /** Told how many bytes of the list were read. */
  onRead?: (bytes: number) => void
}

// Four times the longest path that there can be; a file that is no list at all must not fill the memory.
const longestLine = 16 * 1024

/** The files of a list. Each bad line is told of and passed over; only a list that cannot be read is a `Problem`. */
export async function* listedFiles(path: string, { seed, onFault, onRead }: ListedOptions): AsyncGenerator<Wanted> {
  const { about } = openMadeUp(seed)
  for await (const { line, bytes } of lines(path, onRead)) {
    const read = parseLine(bytes)
    if ('fault' in read) onFault(line, bytes.toString('utf8').slice(0, 200), read.fault, read.why)
    else yield { ...about(), ...read, line }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** One line of the list, without its end. */
export function parseLine(
  bytes: Buffer,
): { folder: string; name: string; bytes?: number } | { fault: Fault; why?: string } {
  if (bytes.length > longestLine) return { fault: 'too long' }
  let text: string
  try {
    text = utf8.decode(bytes).replace(/\r$/, '')
  } catch {
    return { fault: 'no UTF-8' }
  }
  const [path = '', size, ...more] = text.split('\t') // no name has a tab
  if (path.trim() === '') return { fault: 'empty' }
  if (size !== undefined && (more.length > 0 || !/^\d{1,15}$/.test(size))) return { fault: 'no size' }
  if (path.endsWith('/')) return { fault: 'a folder' }
  try {
    const names = cleanPath(path.replace(/^(?:\.\/)+/, ''))
    const name = names.pop() ?? ''
    return { folder: names.join('/'), name, ...(size === undefined ? {} : { bytes: Number(size) }) }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { fault: 'refused name', why: error.message }
  }
}

/** The lines of a file, numbered from 1; what is longer than a line may be is cut. */
async function* lines(
  path: string,
  onRead: ListedOptions['onRead'] = () => {},
): AsyncGenerator<{ line: number; bytes: Buffer }> {
  let line = 0
  let read = 0
  let rest = Buffer.alloc(0)
  try {
    for await (const chunk of createReadStream(path, { highWaterMark: 256 * 1024 }) as AsyncIterable<Buffer>) {
      read += chunk.length
      onRead(read)
      let start = 0
      for (let end = chunk.indexOf(10); end !== -1; end = chunk.indexOf(10, start)) {
        const piece = chunk.subarray(start, end)
        yield { line: ++line, bytes: rest.length > 0 ? Buffer.concat([rest, piece]) : piece }
        rest = Buffer.alloc(0)
        start = end + 1
      }
      // One byte more than a line may have says that it is too long; the others are not kept.
      rest = Buffer.concat([rest, chunk.subarray(start, start + longestLine + 1 - rest.length)])
    }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    throw new Problem('bad-input', `The list ${path} cannot be read: ${error.message}.`)
  }
  if (rest.length > 0) yield { line: ++line, bytes: rest }
}
