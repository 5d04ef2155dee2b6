/** Where people reach this server, for links that are shown to them. */
import type { Context } from 'hono'
import type { Core } from '../vault/core.ts'
import type { Http } from './context.ts'

/** The configured address; else the one that this request was sent to, which is good for nobody but its sender. */
export function siteOf(core: Core, c: Context<Http>): string {
  return core.config.server.publicUrl ?? new URL(c.req.url).origin
}
