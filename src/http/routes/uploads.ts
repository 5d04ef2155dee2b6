/** Resumable uploads. */
import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'
import * as api from '../../api/uploads.ts'
import { Problem } from '../../problem.ts'
import { blocksOfFile } from '../../vault/blocks.ts'
import type { Core } from '../../vault/core.ts'
import { completeUpload } from '../../vault/upload-completion.ts'
import { type ChunkBody, putChunk } from '../../vault/upload-receiving.ts'
import { createUpload, getUpload, listUploads, removeUpload } from '../../vault/uploads.ts'
import type { On } from '../bind.ts'
import type { Http } from '../context.ts'
import { digestOf } from '../digest.ts'

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

function indexOf(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text)
  throw new Problem('not-found', 'A chunk is named by its number, from 0.')
}
