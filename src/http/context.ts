/** What Hono carries along with each request. */
import type { HttpBindings } from '@hono/node-server'
import type { Series } from './series.ts'

/** What every handler finds in Hono's context. */
export interface Http {
  Bindings: HttpBindings
  Variables: {
    requestId: string
    /** Where the request is counted: that of its endpoint, once it is known. */
    series: Series
    /** What every answer carries, as names and values in turn: whoever writes past Hono puts them in. */
    headers: readonly string[]
  }
}
