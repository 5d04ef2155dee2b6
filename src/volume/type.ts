// The MIME type of a file, told by its content and only then by its name. It decides what a browser may show, so two rules
// come before all: what could run as a page is never called something harmless, and a name alone makes no picture.

import { fileTypeFromBuffer } from 'file-type'
import { Mime } from 'mime'
import otherTypes from 'mime/types/other.js'
import standardTypes from 'mime/types/standard.js'
import { decodeText } from './text.ts'

/** How much of the beginning of a file is looked at; file-type asks for this much. */
export const HEAD_BYTES = 4100

const UNKNOWN = 'application/octet-stream'
const PLAIN = 'text/plain'

// Source code that the registries know as something else (`.ts` as video) or not at all.
const names = new Mime(standardTypes, otherTypes).define(
  {
    'text/typescript': ['ts', 'tsx', 'mts', 'cts'],
    'text/x-python': ['py'],
    'text/x-go': ['go'],
    'text/x-rust': ['rs'],
    'text/x-kotlin': ['kt', 'kts'],
    'text/x-swift': ['swift'],
    'application/vnd.comicbook+zip': ['cbz'],
  },
  true,
)

// What the magic of a container says is true but not all: the name tells which of its kinds this is.
const containers = new Map([
  [
    'application/zip',
    words(
      'docx docm dotx xlsx xlsm xltx pptx pptm ppsx odt ods odp odg ott pages numbers key ' +
        'epub cbz jar war apk aab ipa xpi vsix whl kmz 3mf usdz',
    ),
  ],
  ['application/x-cfb', words('doc dot xls xlt ppt pps msg msi vsd pub')],
])
const contained = new Set([...containers.values()].flatMap((kinds) => [...kinds].map((kind) => names.getType(kind))))

// Types of text whose name does not begin with `text/`.
const TEXTUAL = new Set([
  'application/atom+xml',
  'application/javascript',
  'application/json',
  'application/json5',
  'application/manifest+json',
  'application/mbox',
  'application/postscript',
  'application/sql',
  'application/toml',
  'application/vnd.apple.mpegurl',
  'application/x-httpd-php',
  'application/x-perl',
  'application/x-sh',
  'application/x-subrip',
  'application/x-tcl',
  'application/x-tex',
  'application/xml',
  'application/xml-dtd',
  'application/yaml',
  'message/rfc822',
])

// Formats of plain characters that have a magic of their own; any other magic found in a text is chance ("BM", "ID3").
const MAGIC_IN_TEXT = new Set(['application/pdf', 'application/rtf'])

// The elements after which a browser that guesses takes a text for a page, and a few more that make one act.
const HTML_ELEMENTS = words(
  'html head body script iframe frameset style title base meta link template object embed form input button select ' +
    'textarea h1 h2 h3 h4 h5 h6 div span font table a b br p i u s img hr center main section article nav header footer ' +
    'ul ol li dl pre code blockquote details picture video audio canvas math noscript marquee',
)
// Markdown may open with HTML; only what makes a whole page of it counts.
const PAGE_ELEMENTS = words('html head body script iframe frameset object embed style base meta')

/** The type of a file whose first `HEAD_BYTES` are `head`. `declared` is asked only where the name says nothing. */
export async function sniffType(head: Buffer, name: string, declared?: string): Promise<string> {
  const claimed = names.getType(name) ?? wellFormed(declared)
  if (head.length === 0) return claimed && !needsMagic(claimed) ? claimed : UNKNOWN

  const magic = await magicOf(head)
  const text = decodeText(head, claimed !== undefined && isTextual(claimed))
  if (text !== undefined) return magic && MAGIC_IN_TEXT.has(magic) ? magic : typeOfText(text, claimed)
  if (magic) return claimed && containers.get(magic)?.has(extensionOf(name)) ? claimed : magic
  return claimed && !needsMagic(claimed) && !isTextual(claimed) ? claimed : UNKNOWN
}

function typeOfText(text: string, claimed: string | undefined): string {
  const believed = claimed && isTextual(claimed) ? claimed : undefined
  const markup = typeOfMarkup(text, believed)
  if (markup) return markup
  if (believed) return believed
  return claimed && needsMagic(claimed) ? UNKNOWN : PLAIN
}

// Looks past declarations and comments at the first element.
function typeOfMarkup(text: string, believed: string | undefined): string | undefined {
  const [prolog = ''] = /^(?:\s+|<\?[^>]*>|<!--[\s\S]*?-->|<!doctype[^>[]*(?:\[[^\]]*\]\s*)?>)*/i.exec(text) ?? []
  const isXml = /^\s*<\?xml\s/.test(text)
  const [tag = '', prefixed = ''] = /^<([a-z][\w.:-]*)[^>]*/i.exec(text.slice(prolog.length)) ?? []
  const element = prefixed.replace(/^.*:/, '').toLowerCase()
  const doctype = /<!doctype\s+([\w.:-]+)/i.exec(prolog)?.[1]?.toLowerCase()
  const isMarkdown = believed === 'text/markdown'

  if (element === 'svg' || doctype === 'svg') return 'image/svg+xml'
  if (isXml || /\sxmlns(?::\w+)?\s*=/.test(tag)) {
    const isPage = element === 'html' || doctype === 'html'
    if (isPage) return isXml ? 'application/xhtml+xml' : 'text/html'
    if (!isMarkdown && !HTML_ELEMENTS.has(element))
      return believed && isXmlType(believed) ? believed : 'application/xml'
  }
  const isUnfinished = element === '' && /^<(?:!--|!doctype)/i.test(text.slice(prolog.length))
  const isHtml = doctype === 'html' || (isMarkdown ? PAGE_ELEMENTS : HTML_ELEMENTS).has(element)
  if (isHtml || (isUnfinished && !isMarkdown)) return believed === 'application/xhtml+xml' ? believed : 'text/html'
  return undefined
}

async function magicOf(head: Buffer): Promise<string | undefined> {
  try {
    const found = await fileTypeFromBuffer(head)
    return found?.mime.replace(/;.*/, '')
  } catch {
    return undefined // A malformed file has no known type; that is no reason to refuse it.
  }
}

// Formats that are recognised by their content: a name that claims one of them where the content does not is wrong.
function needsMagic(type: string): boolean {
  return /^(?:image|video|audio|font)\//.test(type) || type === 'application/pdf' || contained.has(type)
}

function isTextual(type: string): boolean {
  return type.startsWith('text/') || TEXTUAL.has(type) || /^application\/.*\+(?:json|xml)$/.test(type)
}

function isXmlType(type: string): boolean {
  return type.endsWith('/xml') || type.endsWith('+xml')
}

function wellFormed(declared: string | undefined): string | undefined {
  const type = declared?.replace(/;.*/s, '').trim().toLowerCase()
  return type && type.length < 128 && /^[a-z]+\/[a-z0-9][a-z0-9.+-]*$/.test(type) ? type : undefined
}

function extensionOf(name: string): string {
  return /\.([^./\\]+)$/.exec(name)?.[1]?.toLowerCase() ?? ''
}

function words(list: string): Set<string> {
  return new Set(list.split(' '))
}
