/**
 * Sending bytes of people's files: the one place that does. They are never run in our origin: `nosniff`, a sandbox, and
 * `attachment` for everything but the few types that browsers only show.
 */
import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import { Problem } from '../problem.ts'
import type { Actor } from '../vault/access.ts'
import type { Archive } from '../vault/archives.ts'
import type { Core } from '../vault/core.ts'
import { type Delivery, noteDelivery } from '../vault/deliveries.ts'
import type { Content, OpenedObject } from '../vault/downloads.ts'
import type { Http } from './context.ts'
import { type ByteRange, isKnown, rangesOf } from './ranges.ts'
import { type Piece, type Source, sendPieces } from './send.ts'

const shown =
  /^(?:image\/(?:png|jpeg|gif|webp|avif|bmp)|video\/(?:mp4|webm|ogg|quicktime)|audio\/(?:mpeg|mp4|x-m4a|aac|ogg|flac|x-flac|wav|x-wav|vnd\.wave|webm|opus)|application\/pdf)$/

/** More ranges than any reader of videos or documents asks for at once. */
const mostRanges = 16

/** Called once it is certain that bytes go out, with how many; what it answers is told how many did. */
export type Deliver = (bytes: number) => Promise<Delivery>

/** Whether browsers show files of this type by themselves, without running anything in them. */
export function isShown(mimeType: string): boolean {
  return mimeType.startsWith('text/') || shown.test(mimeType)
}

/** Notes who read a file. Players ask for a piece again and again: only who begins at the beginning looks at it anew. */
export function readBy(
  core: Core,
  actor: Actor,
  c: Context<Http>,
  content: Content,
  inline: boolean,
): Deliver | undefined {
  const { id: subjectId, vaultNo, name } = content
  if (inline && !/^(?:bytes=0-|$)/.test(c.req.header('range') ?? '')) return undefined
  return noteDelivery(core, actor, { act: inline ? 'view' : 'download', vaultNo, subjectId, name })
}

/** Answers a download, with ranges and conditions. */
export async function sendContent(
  c: Context<Http>,
  content: Content,
  { inline, deliver }: { inline: boolean; deliver?: Deliver | undefined },
): Promise<Response> {
  const asText = inline && content.mimeType.startsWith('text/')
  return answer(c, {
    size: content.size,
    etag: `"${content.sha256}"`,
    lastModified: new Date(content.modifiedAt).toUTCString(),
    type: asText ? 'text/plain; charset=utf-8' : content.mimeType,
    disposition: disposition(
      inline && (asText || shown.test(content.mimeType)) ? 'inline' : 'attachment',
      content.name,
    ),
    digest: `sha-256=:${Buffer.from(content.sha256, 'hex').toString('base64')}:`,
    mostRanges,
    deliver,
    async open() {
      const object = await content.open()
      if (object.size !== content.size) {
        await object[Symbol.asyncDispose]()
        throw new Problem(
          'storage-unavailable',
          'The content of this file is damaged. Please tell the administrator.',
          {
            cause: new Error(`${object.size} bytes on the disk, ${content.size} in the index`),
          },
        )
      }
      return {
        pieces: (range) => [{ source: object, ...range }],
        [Symbol.asyncDispose]: () => object[Symbol.asyncDispose](),
      }
    },
  })
}

/** Answers an archive, with conditions and one range: what changed meanwhile has another ETag, and starts again. */
export async function sendArchive(
  c: Context<Http>,
  archive: Archive,
  { deliver }: { deliver?: Deliver } = {},
): Promise<Response> {
  return answer(c, {
    size: archive.zip.size,
    etag: `"z-${archive.digest}"`,
    type: 'application/zip',
    disposition: disposition('attachment', archive.name),
    mostRanges: 1,
    deliver,
    open: async () => oneByOne(archive),
  })
}

/** Opens the files of an archive when their turn comes, one at a time. */
function oneByOne(archive: Archive): Body {
  let opened: { entry: number; object: OpenedObject } | undefined
  const close = async () => {
    await opened?.object[Symbol.asyncDispose]()
    opened = undefined
  }
  const entry = (number: number): Source => ({
    async read(into, position) {
      if (opened?.entry !== number) {
        await close()
        opened = { entry: number, object: await archive.open(number) }
      }
      await opened.object.read(into, position)
    },
  })
  return {
    *pieces({ start, end }) {
      for (const piece of archive.zip.pieces(start, end))
        yield Buffer.isBuffer(piece) ? piece : { source: entry(piece.entry), start: piece.start, end: piece.end }
    },
    [Symbol.asyncDispose]: close,
  }
}

/** What is open while an answer is sent. */
interface Body extends AsyncDisposable {
  pieces(range: ByteRange): Iterable<Piece>
}

interface Sendable {
  size: number
  /** Strong: the same tag, the same bytes. */
  etag: string
  lastModified?: string
  type: string
  disposition: string
  /** Of the whole, as `Repr-Digest` has it. */
  digest?: string
  mostRanges: number
  deliver?: Deliver | undefined
  /** Called when bytes are to be sent, and no sooner: what it opens has to be closed. */
  open(): Promise<Body>
}

async function answer(c: Context<Http>, what: Sendable): Promise<Response> {
  const { size, etag, lastModified, type, digest } = what
  const common: Record<string, string> = {
    ...privateBytes,
    'cache-control': 'private, no-cache',
    etag,
    ...(lastModified === undefined ? {} : { 'last-modified': lastModified }),
    'accept-ranges': 'bytes',
  }
  const repr: Record<string, string> = digest === undefined ? {} : { 'repr-digest': digest }
  if (isKnown(c.req.header('if-none-match'), etag))
    return new Response(null, { status: 304, headers: { ...common, ...repr } })
  const asked = rangesOf({
    range: c.req.header('range'),
    ifRange: c.req.header('if-range'),
    size,
    etag,
    ...(lastModified === undefined ? {} : { lastModified }),
    most: what.mostRanges,
  })
  if (asked === 'unsatisfiable')
    return new Response(null, { status: 416, headers: { ...common, 'content-range': `bytes */${size}` } })

  const status = asked === 'whole' ? 200 : 206
  const ranges = asked === 'whole' ? [{ start: 0, end: size - 1 }] : asked
  const headers: Record<string, string> = { ...common, ...repr, 'content-disposition': what.disposition }
  const frames = ranges.length > 1 ? framesOf(ranges, type, size) : undefined
  headers['content-type'] = frames?.type ?? type
  if (status === 206 && !frames) headers['content-range'] = contentRange(ranges[0], size)
  const length = ranges.reduce((sum, { start, end }) => sum + end - start + 1, frames?.length ?? 0)
  headers['content-length'] = String(length)
  // Hono answers HEAD with the handler of GET and drops the body: a file opened here would stay open.
  if (c.req.method === 'HEAD') return new Response(null, { status, headers })

  // Opened before the head is sent: what is missing or damaged is said.
  await using body = await what.open()
  const pieces = () => piecesOf(body, ranges, frames)
  if (!what.deliver) return await send(c, status, headers, length, pieces)
  const delivery = await what.deliver(Math.min(length, size))
  return await deliverTo(c, delivery, length, () => send(c, status, headers, length, pieces))
}

/** Sends, cuts the connection when the delivery is aborted, and says how much of it went out. */
async function deliverTo(
  c: Context<Http>,
  delivery: Delivery,
  length: number,
  sending: () => Promise<Response>,
): Promise<Response> {
  const outgoing = c.env.outgoing as ServerResponse
  const { socket } = outgoing
  const before = socket?.bytesWritten ?? 0
  const cut = () => outgoing.destroy()
  delivery.signal.addEventListener('abort', cut)
  try {
    return await sending()
  } finally {
    delivery.signal.removeEventListener('abort', cut)
    // What the kernel has taken is on its way; the head of the answer is not worth a subtraction.
    const taken = Math.max(0, (socket?.bytesWritten ?? 0) - before)
    await delivery.end(
      outgoing.writableFinished ? Math.min(length, delivery.granted) : Math.min(taken, delivery.granted),
    )
  }
}

/** What stands around the parts of a `multipart/byteranges` (RFC 9110, section 14.6). */
interface Frames {
  type: string
  before: Buffer[]
  end: Buffer
  length: number
}

function framesOf(ranges: ByteRange[], type: string, size: number): Frames {
  const boundary = randomBytes(24).toString('base64url')
  const before = ranges.map((range, i) =>
    Buffer.from(
      `${i === 0 ? '' : '\r\n'}--${boundary}\r\ncontent-type: ${type}\r\ncontent-range: ${contentRange(range, size)}\r\n\r\n`,
    ),
  )
  const end = Buffer.from(`\r\n--${boundary}--\r\n`)
  const length = before.reduce((sum, one) => sum + one.length, end.length)
  return { type: `multipart/byteranges; boundary=${boundary}`, before, end, length }
}

function* piecesOf(body: Body, ranges: ByteRange[], frames: Frames | undefined): Generator<Piece> {
  for (const [i, range] of ranges.entries()) {
    if (frames) yield frames.before[i] as Buffer
    if (range.start <= range.end) yield* body.pieces(range)
  }
  if (frames) yield frames.end
}

function contentRange(range: ByteRange | undefined, size: number): string {
  return `bytes ${range?.start}-${range?.end}/${size}`
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
  await using opened = object
  return await send(c, 200, headers, opened.size, () => [{ source: opened, start: 0, end: opened.size - 1 }])
}

const privateBytes = {
  'content-security-policy': "default-src 'none'; sandbox",
}

async function send(
  c: Context<Http>,
  status: number,
  headers: Record<string, string>,
  length: number,
  pieces: () => Iterable<Piece>,
): Promise<Response> {
  const outgoing = c.env.outgoing as ServerResponse
  outgoing.writeHead(status, { ...standingHeaders(c), ...headers })
  try {
    await sendPieces(outgoing, pieces(), length)
  } catch (error) {
    outgoing.destroy() // A disk that failed must not look like a file that ended: the socket is cut.
    throw error
  }
  return RESPONSE_ALREADY_SENT
}

function standingHeaders(c: Context<Http>): Record<string, string> {
  const standing = c.get('headers')
  return Object.fromEntries(standing.flatMap((name, i) => (i % 2 === 0 ? [[name, standing[i + 1] ?? '']] : [])))
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
