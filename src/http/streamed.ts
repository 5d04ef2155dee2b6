/** Text that is made while it is sent. */
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createGzip, createZstdCompress } from 'node:zlib'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context } from 'hono'
import type { Http } from './context.ts'

/** Sends text compressed as the client understands, as {@link sendStreamed} does. */
export function sendCompressed(c: Context<Http>, text: AsyncIterable<string>, type: string): Promise<Response> {
  return sendStreamed(c, text, type, { encoding: encodingFor(c.env.incoming.headers['accept-encoding']) })
}

/**
 * Sends text at the client's pace; a client that goes away is no failure, and ends the making. When making it fails after the
 * head went out, the answer is cut off, so that nobody takes a part for the whole.
 */
export async function sendStreamed(
  c: Context<Http>,
  text: AsyncIterable<string>,
  type: string,
  { encoding }: { encoding?: 'zstd' | 'gzip' | undefined } = {},
): Promise<Response> {
  const { incoming, outgoing } = c.env
  const head = [...c.get('headers'), 'content-type', type, 'cache-control', 'no-store', 'vary', 'accept-encoding']
  if (encoding) head.push('content-encoding', encoding)
  outgoing.writeHead(200, head)
  if (incoming.method === 'HEAD') {
    outgoing.end()
    return RESPONSE_ALREADY_SENT
  }
  const through = encoding === 'zstd' ? [zstd()] : encoding === 'gzip' ? [createGzip({ level: 4 })] : []
  try {
    await pipeline([Readable.from(text), ...through, outgoing])
  } catch (error) {
    outgoing.destroy()
    if (!(error instanceof Error && 'code' in error && error.code === 'ERR_STREAM_PREMATURE_CLOSE')) throw error
  }
  return RESPONSE_ALREADY_SENT
}

function zstd() {
  return createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } })
}

/** Without a word of the client gzip, which everybody has; nothing only for who refuses it. */
function encodingFor(accepted: string | undefined): 'zstd' | 'gzip' | undefined {
  if (accepted === undefined) return 'gzip'
  const named = new Map(
    accepted.split(',').map((one) => {
      const [name = '', ...parameters] = one.split(';').map((part) => part.trim().toLowerCase())
      return [name, !parameters.some((part) => /^q=0(?:\.0*)?$/.test(part))] as const
    }),
  )
  if (named.get('zstd')) return 'zstd'
  return (named.get('gzip') ?? named.get('*')) ? 'gzip' : undefined
}
