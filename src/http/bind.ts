/** Binds a declared endpoint to a verb of the domain: who is calling, validation, the call, the answer. */
import type { ServerResponse } from 'node:http'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import type { Context, Hono } from 'hono'
import type { Answer, Endpoint, Received } from '../api/endpoint.ts'
import type { Metrics } from '../metrics.ts'
import { Problem } from '../problem.ts'
import { type Actor, requireAdmin } from '../vault/access.ts'
import type { Origin } from '../vault/sessions.ts'
import type { Callers } from './caller.ts'
import type { Http } from './context.ts'
import { readInput } from './input.ts'
import { type Series, seriesOf } from './series.ts'

/** What a handler may know besides its input. */
export interface Call {
  readonly isSignedIn: boolean
  /** The person; throws 401 when nobody is signed in. */
  readonly actor: Actor
  readonly origin: Origin
  /** Aborted when whoever asked has gone; each use makes one. */
  readonly signal: AbortSignal
  readonly context: Context<Http>
  readonly callers: Callers
}

/** A `Response` is for what is streamed; that it is what was declared is then the handler's to see to. */
type Handler<E extends Endpoint> = (
  input: Received<E>,
  call: Call,
) => Answer<E> | Response | Promise<Answer<E> | Response>

// biome-ignore lint/suspicious/noExplicitAny: an endpoint of any path and declaration
export type On = <E extends Endpoint<any, any>>(endpoint: E, handler: Handler<E>) => void

/** Makes `on(endpoint, handler)` for an app; `bound` collects what was bound, for the document and its test. */
export function binder(app: Hono<Http>, callers: Callers, bound: Set<Endpoint>, metrics: Metrics): On {
  return (endpoint, handler) => {
    bound.add(endpoint)
    const series: Series = seriesOf(metrics, endpoint.path)
    app.on(endpoint.method, endpoint.path, async (c) => {
      c.set('series', series)
      callers.refuseForeignSites(c)
      const actor = await callers.actor(c)
      if (endpoint.access !== 'anyone' && !actor) throw new Problem('not-signed-in', 'Sign in first.')
      if (endpoint.access === 'admin' && actor) requireAdmin(actor)
      const call: Call = {
        isSignedIn: actor !== undefined,
        get actor() {
          if (!actor) throw new Problem('not-signed-in', 'Sign in first.')
          return actor
        },
        get origin() {
          return callers.origin(c)
        },
        get signal() {
          return signalOf(c.env.outgoing as ServerResponse)
        },
        context: c,
        callers,
      }
      c.env.outgoing.statusCode = endpoint.status // before the handler, which may know better
      const answer = await handler(await readInput(c, endpoint), call)
      return answer instanceof Response ? answer : send(c, answer)
    })
  }
}

function signalOf(outgoing: ServerResponse): AbortSignal {
  if (outgoing.destroyed) return AbortSignal.abort()
  const gone = new AbortController()
  outgoing.once('close', () => gone.abort())
  return gone.signal
}

// Straight to Node's response: a Response object in between costs more than all the rest of a small answer.
function send(c: Context<Http>, answer: unknown): Response {
  const outgoing = c.env.outgoing as ServerResponse
  const body = answer === undefined ? undefined : JSON.stringify(answer)
  const headers = [...c.get('headers'), 'cache-control', 'no-store']
  if (body !== undefined)
    headers.push('content-type', 'application/json', 'content-length', String(Buffer.byteLength(body)))
  outgoing.writeHead(outgoing.statusCode, headers)
  outgoing.end(body)
  return RESPONSE_ALREADY_SENT
}
