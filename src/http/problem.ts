/** A problem of the domain as RFC 9457 says it; the one table from codes to statuses. */
import { Problem, type ProblemCode } from '../problem.ts'

const statuses: Record<ProblemCode, [status: number, title: string]> = {
  'bad-input': [422, 'The input is wrong'],
  'not-signed-in': [401, 'Not signed in'],
  'not-allowed': [403, 'Not allowed'],
  'not-found': [404, 'Not found'],
  conflict: [409, 'In conflict with what is there'],
  stale: [412, 'Changed meanwhile'],
  'too-large': [413, 'Too large'],
  'over-quota': [413, 'Over the quota'],
  'type-not-allowed': [415, 'This type is not allowed'],
  'upgrade-required': [426, 'Only as a WebSocket'],
  'slow-down': [429, 'Slow down'],
  'disk-full': [507, 'The disk is full'],
  'storage-unavailable': [503, 'The storage cannot be used'],
  busy: [503, 'Busy'],
}

/** Every problem with its status, for the documentation. */
export const problemTable = Object.entries(statuses).map(([code, [status, title]]) => ({ code, status, title }))

/** The answer for anything thrown. What is not a {@link Problem} is a bug: it is logged elsewhere and told to nobody. */
export function problemResponse(error: unknown): Response {
  const [status, title] = error instanceof Problem ? statuses[error.code] : [500, 'Something went wrong']
  const code = error instanceof Problem ? error.code : 'internal'
  const detail =
    error instanceof Problem
      ? error.message
      : 'Something went wrong in the server. Its log says what, under the id of this request.'
  const errors = error instanceof Problem ? error.errors : undefined
  const body = { type: `/api/docs#${code}`, title, status, detail, code, ...(errors ? { errors } : {}) }
  const headers = new Headers({ 'content-type': 'application/problem+json', 'cache-control': 'no-store' })
  if (error instanceof Problem && error.retryAfter !== undefined) headers.set('retry-after', String(error.retryAfter))
  if (status === 401) headers.set('www-authenticate', 'Bearer')
  if (status === 426) headers.set('upgrade', 'websocket')
  return new Response(JSON.stringify(body), { status, headers })
}
