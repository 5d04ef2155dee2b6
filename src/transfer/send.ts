/** Sending one multipart request with progress: XMLHttpRequest where there is one, because fetch tells none; else fetch. */

import { ApiProblem, problemOf } from '../api/client.ts'
import { uploadFiles } from '../api/files.ts'

export interface Sending {
  body: FormData
  signal: AbortSignal
  /** Bytes of the request that left so far. */
  onProgress: (sent: number) => void
}

/** Sends a request to the upload endpoint; rejects with an {@link ApiProblem}, or with the reason of the signal. */
export type Send = (sending: Sending) => Promise<void>

/** For the page: the session cookie goes along by itself. */
export const sendFromBrowser: Send = async ({ body, signal, onProgress }) => {
  await request(uploadFiles.method, uploadFiles.path, body, { signal, onProgress })
}

/** Puts one file under an address, from the page; answers the text of the answer. */
export function putFromBrowser(
  address: string,
  body: Blob,
  told: { signal: AbortSignal; onProgress: (sent: number) => void },
): Promise<string> {
  return request('PUT', address, body, told)
}

function request(
  method: string,
  address: string,
  body: FormData | Blob,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (sent: number) => void },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest()
    request.open(method, address)
    request.upload.onprogress = ({ loaded }) => onProgress(loaded)
    request.onload = () => {
      if (request.status >= 200 && request.status < 300) return resolve(request.responseText)
      const wait = Number(request.getResponseHeader('retry-after')) || undefined
      reject(new ApiProblem({ ...parsed(request.responseText), status: request.status }, wait))
    }
    request.onerror = () => reject(unreachable())
    request.onabort = () => reject(signal.reason)
    signal.addEventListener('abort', () => request.abort(), { once: true })
    request.send(body)
  })
}

/** For programs, with a token. */
export function sendWithToken(origin: string, token: string): Send {
  return async ({ body, signal }) => {
    const headers = { authorization: `Bearer ${token}` }
    const response = await fetch(origin + uploadFiles.path, {
      method: uploadFiles.method,
      body,
      headers,
      signal,
    }).catch((error: unknown) => {
      throw signal.aborted ? signal.reason : unreachable(error)
    })
    if (!response.ok) throw await problemOf(response)
    await response.body?.cancel()
  }
}

function unreachable(cause?: unknown): ApiProblem {
  const problem = new ApiProblem({ code: 'unreachable', detail: 'The connection was lost.' })
  problem.cause = cause
  return problem
}

function parsed(text: string): object {
  try {
    return JSON.parse(text) as object
  } catch {
    return { detail: 'The server gave an answer that File Vault does not understand.' }
  }
}
