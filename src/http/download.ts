/**
 * Sending bytes of people's files: the one place that does. They are never run in our origin: `nosniff`, a sandbox, and
 * `attachment` for everything but the few types that browsers only show.
 */
import type { ServerResponse } from 'node:http'
import { pipeline } from 'node:stream/promises'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { Content, OpenedObject } from '../vault/downloads.ts'
import type { Http } from './context.ts'
import { type ByteRange, isKnown, rangeOf } from './ranges.ts'

const shown =
  /^(?:image\/(?:png|jpeg|gif|webp|avif|bmp)|video\/(?:mp4|webm|ogg|quicktime)|audio\/(?:mpeg|mp4|x-m4a|aac|ogg|flac|x-flac|wav|x-wav|vnd\.wave|webm|opus)|application\/pdf)$/

/** Answers a download, with ranges and conditions. */
export async function sendContent(
  c: Context<Http>,
  content: Content,
  { inline }: { inline: boolean },
): Promise<Response> {
  const etag = `"${content.sha256}"`
  const lastModified = new Date(content.modifiedAt).toUTCString()
  const asText = inline && content.mimeType.startsWith('text/')
  const headers: Record<string, string> = {
    ...privateBytes,
    'cache-control': 'private, no-cache',
    etag,
    'last-modified': lastModified,
    'accept-ranges': 'bytes',
    'content-type': asText ? 'text/plain; charset=utf-8' : content.mimeType,
    'content-disposition': disposition(
      inline && (asText || shown.test(content.mimeType)) ? 'inline' : 'attachment',
      content.name,
    ),
    'repr-digest': `sha-256=:${Buffer.from(content.sha256, 'hex').toString('base64')}:`,
  }
  if (isKnown(c.req.header('if-none-match'), etag))
    return new Response(null, { status: 304, headers: without(headers, 'content-type', 'content-disposition') })
  const range = rangeOf({
    range: c.req.header('range'),
    ifRange: c.req.header('if-range'),
    size: content.size,
    etag,
    lastModified,
  })
  if (range === 'unsatisfiable') {
    const refused = without(headers, 'content-type', 'content-disposition', 'repr-digest')
    return new Response(null, { status: 416, headers: { ...refused, 'content-range': `bytes */${content.size}` } })
  }
  const part = range === 'whole' ? undefined : range
  if (part) headers['content-range'] = `bytes ${part.start}-${part.end}/${content.size}`
  headers['content-length'] = String(part ? part.end - part.start + 1 : content.size)
  // Hono answers HEAD with the handler of GET and drops the body: a file opened here would stay open.
  if (c.req.method === 'HEAD') return new Response(null, { status: part ? 206 : 200, headers })
  return send(c, await content.open(), { status: part ? 206 : 200, headers, range: part })
}

/** Answers a thumbnail. Under an address that names the content (`v`) it may be kept for ever. */
export async function sendThumbnail(
  c: Context<Http>,
  open: () => Promise<{ sha256: string; object: OpenedObject }>,
): Promise<Response> {
  const { sha256, object } = await open()
  const etag = `"t-${sha256}"`
  const headers: Record<string, string> = {
    ...privateBytes,
    'cache-control': c.req.query('v') ? 'private, max-age=31536000, immutable' : 'private, no-cache',
    etag,
    'content-type': 'image/webp',
    'content-length': String(object.size),
  }
  const known = isKnown(c.req.header('if-none-match'), etag)
  if (known || c.req.method === 'HEAD') {
    await object[Symbol.asyncDispose]()
    return new Response(null, {
      status: known ? 304 : 200,
      headers: known ? without(headers, 'content-type', 'content-length') : headers,
    })
  }
  return send(c, object, { status: 200, headers })
}

const privateBytes = {
  'content-security-policy': "default-src 'none'; sandbox",
}

interface Sending {
  status: number
  headers: Record<string, string>
  range?: ByteRange | undefined
}

// Straight from the file to the socket: measured as fast as node:http alone, and `pipeline` closes the file when the
// client goes away, which `pipe` does not.
async function send(c: Context<Http>, object: OpenedObject, { status, headers, range }: Sending): Promise<Response> {
  const outgoing = c.env.outgoing as ServerResponse
  outgoing.writeHead(status, { ...standingHeaders(c), ...headers })
  try {
    await pipeline(object.stream(range), outgoing)
  } catch (error) {
    // A client that went away is no failure. A disk that failed must not look like a file that ended: the socket is cut.
    if (!isGone(error)) {
      outgoing.destroy()
      throw error
    }
  } finally {
    await object[Symbol.asyncDispose]()
  }
  return RESPONSE_ALREADY_SENT
}

function standingHeaders(c: Context<Http>): Record<string, string> {
  const standing = c.get('headers')
  return Object.fromEntries(standing.flatMap((name, i) => (i % 2 === 0 ? [[name, standing[i + 1] ?? '']] : [])))
}

function isGone(error: unknown): boolean {
  return (
    error instanceof Error &&
    'code' in error &&
    (error.code === 'ERR_STREAM_PREMATURE_CLOSE' || error.code === 'ECONNRESET' || error.code === 'EPIPE')
  )
}

/** RFC 6266: the name as ASCII for old clients, and exactly, in UTF-8, for the others. */
export function disposition(kind: 'inline' | 'attachment', name: string): string {
  const plain = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const exact = encodeURIComponent(name).replace(/['()*]/g, (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`)
  return `${kind}; filename="${plain}"; filename*=UTF-8''${exact}`
}

function without(headers: Record<string, string>, ...names: string[]): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)))
}
