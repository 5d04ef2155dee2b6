/** The part of a file that a request asks for (RFC 9110, sections 13 and 14). */

export interface ByteRange {
  start: number
  /** The last byte, included. */
  end: number
}

export interface Asked {
  /** Of the request. */
  range?: string | undefined
  ifRange?: string | undefined
  /** Of the file. */
  size: number
  etag: string
  lastModified: string
}

/** The range to send, `whole`, or `unsatisfiable`. Several ranges, and what cannot be read, get the whole, as the RFC allows. */
export function rangeOf({ range, ifRange, size, etag, lastModified }: Asked): ByteRange | 'whole' | 'unsatisfiable' {
  if (range === undefined) return 'whole'
  if (ifRange !== undefined && ifRange !== etag && ifRange !== lastModified) return 'whole'
  const [, first = '', last = ''] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(range.trim()) ?? []
  if (first === '' && last === '') return 'whole'
  if (first === '') {
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size - 1 }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return 'whole'
  if (start >= size) return 'unsatisfiable'
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) }
}

/** Whether If-None-Match says that the client has it. */
export function isKnown(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false
  return ifNoneMatch.split(',').some((one) => one.trim() === '*' || one.trim().replace(/^W\//, '') === etag)
}
