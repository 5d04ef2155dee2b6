/** Resumable uploads. */
import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'
import { decodePieces, decodeRanges, decodeStretches } from '../../api/stretches.ts'
import * as api from '../../api/uploads.ts'
import { Problem } from '../../problem.ts'
import { blocksOfFile } from '../../vault/blocks.ts'
import type { Core } from '../../vault/core.ts'
import { completeUpload } from '../../vault/upload-completion.ts'
import { matchUpload } from '../../vault/upload-matching.ts'
import { type ChunkBody, putChunk, putRanges } from '../../vault/upload-receiving.ts'
import { createUpload, getUpload, listUploads, removeUpload, requireOpenUpload } from '../../vault/uploads.ts'
import type { On } from '../bind.ts'
import type { Http } from '../context.ts'
import { digestOf } from '../digest.ts'
import { wholeBody } from '../input.ts'

export function uploadRoutes(on: On, core: Core): void {
  on(api.createUpload, ({ params, body }, { actor }) => createUpload(core, actor, params.vaultId, body))
  on(api.listUploads, (_, { actor }) => ({ uploads: listUploads(core, actor) }))
  on(api.getUpload, ({ params }, { actor, context }) =>
    getUpload(core, actor, params.id, context.req.header('resume-token')),
  )
  on(api.putChunk, ({ params }, { actor, context }) =>
    listening(context, (body) => putChunk(core, actor, params.id, indexOf(params.index), body)),
  )
  on(api.completeUpload, ({ params, body }, { actor, context }) =>
    completeUpload(core, actor, params.id, {
      onConflict: body?.onConflict,
      resumeToken: context.req.header('resume-token'),
    }),
  )
  on(api.matchUpload, async ({ params, query }, { actor, context }) => {
    requireOpenUpload(core, actor, params.id) // before the body: nobody should send it to be told
    const body = await wholeBody(context, mostInMatch)
    const stretches = understood(() => (query.level === 'pieces' ? decodePieces(body) : decodeStretches(body)))
    const bits = await matchUpload(core, actor, params.id, query.level, stretches)
    return new Response(bits, { headers: { 'content-type': 'application/octet-stream', 'cache-control': 'no-store' } })
  })
  on(api.putRanges, async ({ params }, { actor, context }) => {
    requireOpenUpload(core, actor, params.id)
    const digest = digestOf(context.req.header('content-digest'))
    if (!digest) throw new Problem('bad-input', 'Content-Digest is needed here, so that no bit goes astray.')
    const body = await wholeBody(context, api.mostInRanges)
    if (createHash(digest.algorithm).update(body).digest('hex') !== digest.value)
      throw new Problem('bad-input', 'The bytes that arrived are not those of the digest. Send them again.')
    return putRanges(
      core,
      actor,
      params.id,
      understood(() => decodeRanges(body)),
    )
  })
  on(api.getBlocks, ({ params }, { actor }) => blocksOfFile(core, actor, params.id))
  on(api.removeUpload, async ({ params }, { actor }) => {
    await removeUpload(core, actor, params.id)
    return undefined
  })
}

/** Hands over the body as it comes, and listens to the rest of it when it is refused, so that the client hears why. */
async function listening<T>(c: Context<Http>, take: (body: ChunkBody) => Promise<T>): Promise<T> {
  const incoming = c.env.incoming as IncomingMessage
  try {
    return await take({
      bytes: incoming.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>,
      length: incoming.headers['content-length'] === undefined ? undefined : Number(incoming.headers['content-length']),
      digest: digestOf(c.req.header('content-digest')),
      hangUp: () => incoming.destroy(),
      resumeToken: c.req.header('resume-token'),
    })
  } catch (error) {
    if (incoming.errored || incoming.destroyed)
      throw error instanceof Problem
        ? error
        : new Problem('bad-input', 'The chunk was cut short. Send it again.', { cause: error })
    incoming.resume()
    throw error
  }
}

/** What one question about stretches may weigh: some 200,000 blocks. */
const mostInMatch = 8 * 1024 * 1024

function understood<T>(decode: () => T): T {
  try {
    return decode()
  } catch (error) {
    if (error instanceof RangeError) throw new Problem('bad-input', error.message)
    throw error
  }
}

function indexOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new Problem('not-found', 'A chunk is named by its number, from 0.')
}
