/** The parts of a file that a request asks for (RFC 9110, sections 13 and 14). */

export interface ByteRange {
  start: number
  /** The last byte, included. */
  end: number
}

export interface Asked {
  /** Of the request. */
  range?: string | undefined
  ifRange?: string | undefined
  /** Of what it asks for. */
  size: number
  etag: string
  lastModified?: string
  /** How many ranges one answer may have. */
  most?: number
}

/**
 * The ranges to send, in the order asked for, `whole`, or `unsatisfiable`. What cannot be read, more ranges than `most`,
 * and ranges that overlap, which only cost work (CVE-2011-3192), get the whole, as the RFC allows.
 */
export function rangesOf({
  range,
  ifRange,
  size,
  etag,
  lastModified,
  most = 1,
}: Asked): ByteRange[] | 'whole' | 'unsatisfiable' {
  if (range === undefined) return 'whole'
  if (ifRange !== undefined && ifRange !== etag && ifRange !== lastModified) return 'whole'
  const [, list = ''] = /^bytes=([\d\s,-]{1,1000})$/i.exec(range.trim()) ?? []
  const asked = list
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '')
  if (asked.length === 0 || asked.length > most) return 'whole'
  const found: ByteRange[] = []
  for (const one of asked) {
    const part = readRange(one, size)
    if (part === 'invalid') return 'whole'
    if (part) found.push(part)
  }
  const inOrder = found.toSorted((a, b) => a.start - b.start)
  if (inOrder.some(({ start }, i) => start <= (inOrder[i - 1]?.end ?? -1))) return 'whole'
  return found.length === 0 ? 'unsatisfiable' : found
}

/** One range of a file; undefined where the file has no such bytes. */
function readRange(text: string, size: number): ByteRange | 'invalid' | undefined {
  const [, first = '', last = ''] = /^(\d{0,15})-(\d{0,15})$/.exec(text) ?? []
  if (first === '' && last === '') return 'invalid'
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? undefined : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return 'invalid'
  if (start >= size) return undefined
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) }
}

/** Whether If-None-Match says that the client has it. */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  return ifNoneMatch.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag)
}
