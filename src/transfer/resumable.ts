/**
 * Sending a large file in chunks that the server keeps: after a lost connection, a restart or a pause it goes on with what
 * is missing, and no chunk that was acknowledged is sent twice. Browser and Node.
 */
import { ApiProblem, type Client } from '../api/client.ts'
import type { File } from '../api/files.ts'
import { completeUpload, createUpload, getUpload, type NewUpload, putChunk, type Upload } from '../api/uploads.ts'
import type { Content } from './blockwise.ts'

export interface Resumable {
  client: Client
  vaultId: string
  content: Content
  target: Omit<NewUpload, 'size' | 'blocks'>
  /** An upload of the same file that was begun before. */
  uploadId?: string | undefined
  signal: AbortSignal
  /** Bytes that the server has. */
  onProgress?: (received: number) => void
  /** Told once, so that the upload can be gone on with later. */
  onBegun?: (uploadId: string) => void
}

const chunksAtOnce = 4
const mostAttempts = 8
const firstRetryMs = 500

/** Sends what the server lacks and answers the file. Aborting leaves the upload on the server: call again with its id. */
export async function sendResumable(options: Resumable): Promise<File> {
  const { client, signal, onBegun = () => {}, onProgress = () => {} } = options
  let upload = await begun(options)
  onBegun(upload.id)
  const params = { id: upload.id }
  for (let attempts = 0; upload.status === 'open' && upload.missing.length > 0; ) {
    const before = upload.receivedBytes
    try {
      await sendMissing(options, upload, onProgress)
    } catch (error) {
      attempts = before < upload.receivedBytes ? 0 : attempts + 1
      if (signal.aborted || !mayPass(error) || attempts >= mostAttempts) throw error
      const waitMs =
        error instanceof ApiProblem && error.retryAfter ? error.retryAfter * 1000 : firstRetryMs * 2 ** attempts
      await pause(waitMs, signal)
    }
    upload = await patiently(() => client.call(getUpload, { params }, { signal }), signal)
    onProgress(upload.receivedBytes)
  }
  return patiently(() => client.call(completeUpload, { params, body: {} }, { signal }), signal)
}

async function begun({ client, vaultId, content, target, uploadId, signal }: Resumable): Promise<Upload> {
  if (uploadId !== undefined) {
    const upload = await patiently(() => client.call(getUpload, { params: { id: uploadId } }, { signal }), signal)
    if (upload.size !== content.size)
      throw new ApiProblem({ status: 409, code: 'conflict', detail: 'That is another file: its size is not the same.' })
    return upload
  }
  return client.call(createUpload, { params: { vaultId }, body: { ...target, size: content.size } }, { signal })
}

async function sendMissing(
  { client, content, signal }: Resumable,
  upload: Upload,
  onProgress: (received: number) => void,
): Promise<void> {
  const waiting = upload.missing.values()
  let isFailing = false
  const worker = async (): Promise<void> => {
    for (const index of waiting) {
      // Those that are on their way arrive; no new one sets out.
      if (isFailing) return
      signal.throwIfAborted()
      const start = index * upload.chunkSize
      const stop = Math.min(upload.size, start + upload.chunkSize)
      const body = new Uint8Array(await content.slice(start, stop).arrayBuffer())
      const headers = await digestHeader(body)
      const params = { id: upload.id, index: String(index) }
      const { receivedBytes } = await client.call(putChunk, { params, body }, { headers, signal })
      upload.receivedBytes = Math.max(upload.receivedBytes, receivedBytes)
      onProgress(upload.receivedBytes)
    }
  }
  const work = Array.from({ length: chunksAtOnce }, () =>
    worker().catch((error: unknown) => {
      isFailing = true
      throw error
    }),
  )
  const failed = (await Promise.allSettled(work)).find((one) => one.status === 'rejected')
  if (failed) throw failed.reason
}

// Pages that were not served over TLS have no `crypto.subtle`; the length of each chunk is checked all the same.
async function digestHeader(body: Uint8Array<ArrayBuffer>): Promise<Record<string, string>> {
  if (!globalThis.crypto?.subtle) return {}
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', body))
  return { 'content-digest': `sha-256=:${btoa(String.fromCharCode(...digest))}:` }
}

/** Whether the same request may go through later: the network failed, the server restarts or is busy. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof ApiProblem)) return error instanceof TypeError
  return (
    error.status === 0 || error.status === 408 || error.status === 429 || (error.status >= 500 && error.status !== 507)
  )
}

async function patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let attempts = 0; ; attempts++) {
    try {
      return await work()
    } catch (error) {
      if (signal.aborted || !mayPass(error) || attempts >= mostAttempts) throw error
      await pause(firstRetryMs * 2 ** attempts, signal)
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    signal.addEventListener('abort', stop, { once: true })
  })
}
