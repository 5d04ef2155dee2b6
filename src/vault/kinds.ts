/** What people call a type of file: the grouping behind icons, colours and the filter by type. */
import type { Kind } from '../api/files.ts'

const exact: Record<string, Kind> = {
  'application/pdf': 'pdf',
  'application/msword': 'document',
  'application/rtf': 'document',
  'application/epub+zip': 'document',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'document',
  'application/vnd.oasis.opendocument.text': 'document',
  'application/vnd.ms-excel': 'sheet',
  'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet': 'sheet',
  'application/vnd.oasis.opendocument.spreadsheet': 'sheet',
  'text/csv': 'sheet',
  'text/tab-separated-values': 'sheet',
  'application/vnd.ms-powerpoint': 'slides',
  'application/vnd.openxmlformats-officedocument.presentationml.presentation': 'slides',
  'application/vnd.oasis.opendocument.presentation': 'slides',
  'application/json': 'code',
  'application/xml': 'code',
  'application/javascript': 'code',
  'application/x-sh': 'code',
  'application/sql': 'code',
  'application/toml': 'code',
  'text/html': 'code',
  'text/css': 'code',
  'text/javascript': 'code',
  'text/xml': 'code',
  'text/yaml': 'code',
  'application/zip': 'archive',
  'application/gzip': 'archive',
  'application/x-gzip': 'archive',
  'application/x-tar': 'archive',
  'application/x-xz': 'archive',
  'application/zstd': 'archive',
  'application/x-bzip2': 'archive',
  'application/x-7z-compressed': 'archive',
  'application/vnd.rar': 'archive',
  'application/x-rar-compressed': 'archive',
  'application/vnd.debian.binary-package': 'archive',
  'application/x-deb': 'archive',
}

const codeExtensions = new Set(
  'c cc cpp h hpp rs go py rb pl pm php java kt swift cs js mjs cjs jsx ts tsx vue lua sh bash zsh fish ps1 sql r jl scala clj ex exs erl hs ml lisp el vim css scss less html htm xml json toml yaml yml ini conf cmake mk diff patch'.split(
    ' ',
  ),
)

/** The kind of a file of this type and extension. */
export function kindOf(mimeType: string, extension: string): Kind {
  const known = exact[mimeType]
  if (known) return known
  if (mimeType.startsWith('image/')) return 'image'
  if (mimeType.startsWith('video/')) return 'video'
  if (mimeType.startsWith('audio/')) return 'audio'
  if (mimeType.startsWith('font/')) return 'font'
  if (mimeType.startsWith('text/')) return codeExtensions.has(extension) ? 'code' : 'text'
  return 'other'
}

/** Whether thumbnails, dimensions or a duration are worth asking for. */
export function isMedia(mimeType: string): boolean {
  return /^(image|video|audio)\//.test(mimeType) && mimeType !== 'image/svg+xml'
}

/** Whether it is worth asking what a file of this type says; which types are read is decided where they are read. */
export function mayHaveText(mimeType: string): boolean {
  return (
    /^(text|message|application)\//.test(mimeType) &&
    mimeType !== 'application/octet-stream' &&
    kindOf(mimeType, '') !== 'archive'
  )
}
