/** What Hono carries along with each request. */
import type { HttpBindings } from '@hono/node-server'

/** What every handler finds in Hono's context. */
export interface Http {
  Bindings: HttpBindings
  Variables: {
    requestId: string
    /** What every answer carries, as names and values in turn: whoever writes past Hono puts them in. */
    headers: readonly string[]
  }
}
