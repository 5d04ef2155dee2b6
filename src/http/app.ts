/** The table of contents: what happens to every request, then what is served under which address. */
import { randomBytes, randomUUID } from 'node:crypto'
import type { HttpBindings } from '@hono/node-server'
import { Hono } from 'hono'
import type { Endpoint } from '../api/endpoint.ts'
import type { Log } from '../log.ts'
import { Problem } from '../problem.ts'
import type { Core } from '../vault/core.ts'
import { openAssets } from './assets.ts'
import { binder } from './bind.ts'
import { openCallers } from './caller.ts'
import { docsPage } from './docs.ts'
import { problemResponse } from './problem.ts'
import { authRoutes } from './routes/auth.ts'
import { fileRoutes } from './routes/files.ts'
import { folderRoutes } from './routes/folders.ts'
import { systemRoutes } from './routes/system.ts'
import { tokenRoutes } from './routes/tokens.ts'
import { userRoutes } from './routes/users.ts'
import { vaultRoutes } from './routes/vaults.ts'

/** What every handler finds in Hono's context. */
export interface Http {
  Bindings: HttpBindings
  Variables: { requestId: string; log: Log }
}

export interface AppOptions {
  version: string
  /** Where the built page lies. */
  pageDirectory: string
}

export interface App {
  readonly hono: Hono<Http>
  /** Every endpoint that is served, for the test that compares it with what is declared. */
  readonly bound: ReadonlySet<Endpoint>
}

export function createApp(core: Core, { version, pageDirectory }: AppOptions): App {
  const hono = new Hono<Http>()
  const bound = new Set<Endpoint>()
  const log = core.log.child({ subsystem: 'http' })
  const callers = openCallers(core)
  const assets = openAssets(pageDirectory)
  const on = binder(hono, callers, bound)

  hono.use(async (c, next) => {
    const requestId = randomUUID()
    const began = performance.now()
    c.set('requestId', requestId)
    c.set('log', log.child({ requestId }))
    await next()
    if (!c.env.outgoing.headersSent) {
      for (const [name, value] of Object.entries(everywhere))
        if (!c.res.headers.has(name)) c.res.headers.set(name, value)
      if (core.config.server.publicUrl?.startsWith('https:'))
        c.res.headers.set('strict-transport-security', 'max-age=31536000')
      c.res.headers.set('x-request-id', requestId)
    }
    const { status } = c.res
    const line = { method: c.req.method, path: c.req.path, status, ms: Math.round(performance.now() - began) }
    if (status >= 500) c.get('log').warn(line, 'request')
    else if (status >= 400) c.get('log').info(line, 'request')
    else c.get('log').debug(line, 'request')
  })
  hono.onError((error, c) => {
    if (!(error instanceof Problem)) c.get('log').error({ err: error }, 'request failed')
    else if (error.cause !== undefined) c.get('log').info({ err: error.cause, code: error.code }, 'request refused')
    return problemResponse(error)
  })

  authRoutes(on, core)
  tokenRoutes(on, core)
  userRoutes(on, core)
  vaultRoutes(on, core)
  folderRoutes(on, core)
  fileRoutes(on, core)
  systemRoutes(on, core, version)

  hono.get('/api/docs', (c) => {
    const nonce = randomBytes(16).toString('base64')
    c.header('content-security-policy', pagePolicy(nonce))
    return c.html(docsPage(version, core.config.server.publicUrl ?? new URL(c.req.url).origin, nonce))
  })
  hono.all('/api/*', () => {
    throw new Problem('not-found', 'There is nothing under this address. GET /api/docs lists what there is.')
  })
  hono.get('*', (c) => {
    const file = assets.file(c, c.req.path)
    if (file) return file
    const nonce = randomBytes(16).toString('base64')
    c.header('content-security-policy', pagePolicy(nonce))
    return assets.page(c, nonce)
  })
  hono.all('*', () => {
    throw new Problem('not-found', 'There is nothing under this address.')
  })
  return { hono, bound }
}

const everywhere: Record<string, string> = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
}

// Styles that the accessibility library adds at run time carry the nonce of the document; nothing else inline runs.
function pagePolicy(nonce: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' blob: data:",
    "media-src 'self' blob:",
    "font-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "manifest-src 'self'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "object-src 'none'",
  ].join('; ')
}
