/** The table of contents: what happens to every request, then what is served under which address. */
import { randomBytes } from 'node:crypto'
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response'
import { type Context, Hono } from 'hono'
import type { Endpoint } from '../api/endpoint.ts'
import { Problem } from '../problem.ts'
import { openArchives } from '../vault/archives.ts'
import type { Core } from '../vault/core.ts'
import { getBrand } from '../vault/settings.ts'
import { openAssets } from './assets.ts'
import { binder } from './bind.ts'
import { type Callers, openCallers } from './caller.ts'
import type { Http } from './context.ts'
import { docsPage } from './docs.ts'
import { problemResponse } from './problem.ts'
import { authRoutes } from './routes/auth.ts'
import { changeRoutes } from './routes/changes.ts'
import { downloadRoutes } from './routes/downloads.ts'
import { eventRoutes } from './routes/events.ts'
import { fileRoutes } from './routes/files.ts'
import { folderRoutes } from './routes/folders.ts'
import { jobRoutes } from './routes/jobs.ts'
import { metricRoutes } from './routes/metrics.ts'
import { overviewRoutes } from './routes/overview.ts'
import { shareRoutes } from './routes/shares.ts'
import { systemRoutes } from './routes/system.ts'
import { tokenRoutes } from './routes/tokens.ts'
import { uploadRoutes } from './routes/uploads.ts'
import { userRoutes } from './routes/users.ts'
import { vaultRoutes } from './routes/vaults.ts'
import { versionRoutes } from './routes/versions.ts'
import { seriesOf } from './series.ts'
import { siteOf } from './site.ts'

export interface AppOptions {
  version: string
  /** Where the built page lies. */
  pageDirectory: string
}

export interface App {
  readonly hono: Hono<Http>
  /** Every endpoint that is served, for the test that compares it with what is declared. */
  readonly bound: ReadonlySet<Endpoint>
  /** Who is calling, for what is not answered through Hono. */
  readonly callers: Callers
}

export function createApp(core: Core, { version, pageDirectory }: AppOptions): App {
  const hono = new Hono<Http>()
  const bound = new Set<Endpoint>()
  const log = core.log.child({ subsystem: 'http' })
  const callers = openCallers(core)
  const assets = openAssets(pageDirectory)
  const on = binder(hono, callers, bound, core.metrics)
  const elsewhere = { api: seriesOf(core.metrics, 'unknown'), page: seriesOf(core.metrics, 'page') }

  const headers = Object.entries({
    ...everywhere,
    ...(core.config.server.publicUrl?.startsWith('https:') ? overTls : {}),
  }).flat()
  const started = randomBytes(6).toString('base64url')
  let requests = 0

  hono.use(async (c, next) => {
    const began = performance.now()
    const requestId = `${started}-${++requests}`
    c.set('requestId', requestId)
    const standing = [...headers, 'x-request-id', requestId]
    c.set('headers', standing)
    core.activity.enter()
    try {
      await next()
    } finally {
      core.activity.leave()
    }
    const { outgoing } = c.env
    const sent = c.res === RESPONSE_ALREADY_SENT
    const status = sent ? outgoing.statusCode : c.res.status
    // What the answer says itself goes before: Node lets the headers of the Response replace these.
    for (let i = 0; !sent && i < standing.length; i += 2) outgoing.setHeader(standing[i] ?? '', standing[i + 1] ?? '')
    const ms = performance.now() - began
    const series = c.get('series') ?? (c.req.path.startsWith('/api/') ? elsewhere.api : elsewhere.page)
    series.count(c.req.method, status, ms)
    const level = status >= 500 ? 'warn' : status >= 400 ? 'info' : 'debug'
    if (log.isLevelEnabled(level))
      log[level]({ requestId, method: c.req.method, path: c.req.path, status, ms: Math.round(ms) }, 'request')
  })
  hono.onError((error, c) => {
    if (!(error instanceof Problem)) log.error({ requestId: c.get('requestId'), err: error }, 'request failed')
    else if (error.cause !== undefined)
      log.info({ requestId: c.get('requestId'), err: error.cause, code: error.code }, 'request refused')
    // Of an answer that was begun nothing can be taken back; whoever sent it has cut it off.
    return c.env.outgoing.headersSent ? RESPONSE_ALREADY_SENT : problemResponse(error)
  })

  authRoutes(on, core)
  tokenRoutes(on, core)
  userRoutes(on, core)
  vaultRoutes(on, core)
  folderRoutes(on, core)
  fileRoutes(on, core)
  changeRoutes(on, core)
  versionRoutes(on, core)
  uploadRoutes(on, core)
  const archives = openArchives(core)
  downloadRoutes(on, core, archives)
  shareRoutes(on, core, archives)
  eventRoutes(on, core)
  jobRoutes(on, core)
  overviewRoutes(on, core)
  metricRoutes(on, core, version)
  systemRoutes(on, core, version)

  /** Prepares a document and answers the nonce for its styles. */
  const document = (c: Context<Http>): string => {
    const nonce = randomBytes(16).toString('base64')
    c.header('content-security-policy', pagePolicy(nonce))
    for (const [name, value] of Object.entries(onPages)) c.header(name, value)
    return nonce
  }
  hono.get('/api/docs', (c) => {
    const nonce = document(c)
    return c.html(docsPage(version, siteOf(core, c), nonce))
  })
  hono.all('/api/*', () => {
    throw new Problem('not-found', 'There is nothing under this address. GET /api/docs lists what there is.')
  })
  hono.get('/public', (c) => assets.guestPage(c, document(c), getBrand(core).name))
  hono.get('/s/*', (c) => {
    c.header('x-robots-tag', 'noindex, nofollow') // whoever posts a link somewhere does not mean all the world
    return assets.guestPage(c, document(c), getBrand(core).name)
  })
  hono.get('*', (c) => {
    const file = assets.file(c, c.req.path)
    if (file) return file
    return assets.page(c, document(c))
  })
  hono.all('*', () => {
    throw new Problem('not-found', 'There is nothing under this address.')
  })
  return { hono, bound, callers }
}

const everywhere: Record<string, string> = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
}

/** What only a document can need. */
const onPages: Record<string, string> = {
  'cross-origin-opener-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'permissions-policy': 'camera=(), microphone=(), geolocation=(), payment=(), usb=()',
}

const overTls: Record<string, string> = { 'strict-transport-security': 'max-age=31536000' }

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
