/**
 * What people type into a search field: words, and filters as they guess them.
 *
 *     invoice -draft ext:pdf tag:"to pay" status:approved size:>10mb modified:<2026-01-01 in:/projects type:image
 *
 * What looks like a filter and is none is searched as words: nobody should be punished for a colon.
 */
import { parseSize } from '../sizes.ts'

/** A search field taken apart. Times are milliseconds, sizes bytes; each limit is as in an `EngineQuery`. */
export interface Typed {
  /** What is left for words. */
  text: string
  /** Words that must not be there. */
  without: string[]
  extensions: string[]
  types: string[]
  tags: string[]
  metadata: Record<string, string[]>
  minSize?: number
  maxSize?: number
  after?: number
  before?: number
  /** A folder, from the top of the vault. */
  folder?: string
}

/** What the grammar has to ask about: the names that a vault's people gave. */
export interface Known {
  /** Whether files have metadata under this key. */
  hasField(key: string): boolean
  /** Whether there is such a folder. */
  hasFolder(path: string): boolean
}

const part =
  /(?<not>-)?(?:(?<key>[\p{L}_][\p{L}\p{N}_-]*):(?:"(?<quoted>[^"]*)"|(?<value>[^\s"]+))|"(?<phrase>[^"]*)"|(?<word>[^\s"]+|"))/gu

/** Takes a search field apart. Never throws. */
export function parseTyped(text: string, known: Known): Typed {
  const typed: Typed = { text: '', without: [], extensions: [], types: [], tags: [], metadata: Object.create(null) }
  const words: string[] = []
  for (const { 0: whole, groups } of text.matchAll(part)) {
    const { not, key, quoted, value, phrase, word } = groups as Record<string, string | undefined>
    const given = quoted ?? value
    if (not !== undefined) {
      const unwanted = given ?? phrase ?? word ?? ''
      if (/[\p{L}\p{N}]/u.test(unwanted)) typed.without.push(unwanted)
    } else if (key === undefined || given === undefined || !takeFilter(typed, key, given, known))
      words.push(phrase ?? (key === undefined ? whole : `${key} ${given}`))
  }
  typed.text = words.join(' ')
  return typed
}

/** Takes one filter; answers whether it is one. */
function takeFilter(typed: Typed, key: string, value: string, known: Known): boolean {
  if (value.trim() === '') return false
  switch (key.toLowerCase()) {
    case 'ext':
    case 'extension':
      typed.extensions.push(value.replace(/^\./, '').toLowerCase())
      return true
    case 'type':
      typed.types.push(value.toLowerCase())
      return true
    case 'tag':
      typed.tags.push(value.normalize('NFC').trim())
      return true
    case 'size':
      return takeSize(typed, value)
    case 'modified':
      return takeTime(typed, value)
    case 'in':
      if (!known.hasFolder(value)) return false
      typed.folder = value
      return true
  }
  if (!known.hasField(key)) return false
  typed.metadata[key] = [...(typed.metadata[key] ?? []), value]
  return true
}

function takeSize(typed: Typed, value: string): boolean {
  const [, sign = '', text = ''] = /^([<>]=?|=)?(.+)$/.exec(value) ?? []
  const bytes = sizeOf(text)
  if (bytes === undefined) return false
  if (sign !== '<' && sign !== '<=') typed.minSize = sign === '>' ? bytes + 1 : bytes
  if (sign !== '>' && sign !== '>=') typed.maxSize = sign === '<' ? bytes - 1 : bytes
  return true
}

function sizeOf(text: string): number | undefined {
  try {
    return parseSize(text)
  } catch {
    return undefined
  }
}

/** A year, a month or a day, and what lies before or behind it. */
function takeTime(typed: Typed, value: string): boolean {
  const [, sign = '', year = '', month, day] = /^([<>]=?|=)?(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(value) ?? []
  if (year === '') return false
  const start = Date.UTC(Number(year), Number(month ?? 1) - 1, Number(day ?? 1))
  const isDate = new Date(start)
    .toISOString()
    .startsWith([year, month, day].filter((one) => one !== undefined).join('-'))
  if (!isDate) return false
  const end = Date.UTC(
    Number(year) + (month === undefined ? 1 : 0),
    Number(month ?? 1) - 1 + (month !== undefined && day === undefined ? 1 : 0),
    Number(day ?? 1) + (day === undefined ? 0 : 1),
  )
  if (sign !== '<' && sign !== '<=') typed.after = sign === '>' ? end : start
  if (sign !== '>' && sign !== '>=') typed.before = sign === '<' ? start : end
  return true
}
