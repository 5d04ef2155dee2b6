/** Which types have text that is read here, and by what; decided by the type that was found by content. */
import type { TextReader } from '../job.ts'

const office = 'application/vnd.openxmlformats-officedocument.'
const open = 'application/vnd.oasis.opendocument.'

const exact: Record<string, TextReader> = {
  'application/pdf': 'pdf',
  [`${office}wordprocessingml.document`]: 'docx',
  [`${office}wordprocessingml.template`]: 'docx',
  'application/vnd.ms-word.document.macroenabled.12': 'docx',
  [`${office}spreadsheetml.sheet`]: 'xlsx',
  [`${office}spreadsheetml.template`]: 'xlsx',
  'application/vnd.ms-excel.sheet.macroenabled.12': 'xlsx',
  [`${office}presentationml.presentation`]: 'pptx',
  [`${office}presentationml.slideshow`]: 'pptx',
  'application/vnd.ms-powerpoint.presentation.macroenabled.12': 'pptx',
  [`${open}text`]: 'opendocument',
  [`${open}spreadsheet`]: 'opendocument',
  [`${open}presentation`]: 'opendocument',
  'text/html': 'html',
  'application/xhtml+xml': 'html',
  'message/rfc822': 'mail',
  'application/javascript': 'plain',
  'application/json': 'plain',
  'application/json5': 'plain',
  'application/mbox': 'plain',
  'application/sql': 'plain',
  'application/toml': 'plain',
  'application/x-httpd-php': 'plain',
  'application/x-perl': 'plain',
  'application/x-sh': 'plain',
  'application/x-subrip': 'plain',
  'application/x-tcl': 'plain',
  'application/x-tex': 'plain',
  'application/yaml': 'plain',
}

/** What reads the text of this type, or null: it has none, or none that is read here. */
export function textReaderOf(mimeType: string): TextReader | null {
  const essence = (mimeType.split(';', 1)[0] ?? '').trim().toLowerCase()
  const known = exact[essence]
  if (known) return known
  if (/^(?:application|text)\/(?:.*\+)?xml$/.test(essence)) return 'xml'
  if (/^application\/.*\+json$/.test(essence)) return 'plain'
  return essence.startsWith('text/') && essence !== 'text/rtf' ? 'plain' : null
}
