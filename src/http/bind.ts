/** Binds a declared endpoint to a verb of the domain: who is calling, validation, the call, the answer. */
import type { Context, Hono } from 'hono'
import type { Answer, Endpoint, Received } from '../api/endpoint.ts'
import { Problem } from '../problem.ts'
import { type Actor, requireAdmin } from '../vault/access.ts'
import type { Origin } from '../vault/sessions.ts'
import type { Http } from './app.ts'
import type { Callers } from './caller.ts'
import { readInput } from './input.ts'

/** What a handler may know besides its input. */
export interface Call {
  /** The person; throws 401 when nobody is signed in. */
  readonly actor: Actor
  readonly origin: Origin
  readonly context: Context<Http>
  readonly callers: Callers
}

type Handler<E extends Endpoint> = (input: Received<E>, call: Call) => Answer<E> | Promise<Answer<E>>

// biome-ignore lint/suspicious/noExplicitAny: an endpoint of any path and declaration
export type On = <E extends Endpoint<any, any>>(endpoint: E, handler: Handler<E>) => void

/** Makes `on(endpoint, handler)` for an app; `bound` collects what was bound, for the document and its test. */
export function binder(app: Hono<Http>, callers: Callers, bound: Set<Endpoint>): On {
  return (endpoint, handler) => {
    bound.add(endpoint)
    app.on(endpoint.method, endpoint.path, async (c) => {
      callers.refuseForeignSites(c)
      const actor = await callers.actor(c)
      if (endpoint.access !== 'anyone' && !actor) throw new Problem('not-signed-in', 'Sign in first.')
      if (endpoint.access === 'admin' && actor) requireAdmin(actor)
      const call: Call = {
        get actor() {
          if (!actor) throw new Problem('not-signed-in', 'Sign in first.')
          return actor
        },
        origin: callers.origin(c),
        context: c,
        callers,
      }
      c.status(endpoint.status as 200) // before the handler, which may know better
      const answer = await handler(await readInput(c, endpoint), call)
      if (answer instanceof Response) return answer
      c.header('cache-control', 'no-store')
      return answer === undefined ? c.body(null, 204) : c.json(answer as object)
    })
  }
}
