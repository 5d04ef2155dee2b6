/** Who is calling and from where: cookie or bearer token, the address behind trusted proxies, the defence against CSRF. */
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP, isIPv6 } from 'node:net'
import type { Context } from 'hono'
import { generateCookie } from 'hono/cookie'
import { parse } from 'hono/utils/cookie'
import type { Config } from '../config.ts'
import { Problem } from '../problem.ts'
import type { Actor } from '../vault/access.ts'
import type { Core } from '../vault/core.ts'
import { type OpenedSession, type Origin, resumeSession } from '../vault/sessions.ts'
import { personOfToken } from '../vault/tokens.ts'
import type { Http } from './context.ts'

const safe = new Set(['GET', 'HEAD', 'OPTIONS'])

export interface Callers {
  /** The person behind a request; undefined when nobody is signed in. A bad token is a problem, a stale cookie is not. */
  actor(c: Context<Http>): Promise<Actor | undefined>
  /** The same before there is an answer to put a cookie on: `cookie` is the header that then has to go out. */
  identify(incoming: IncomingMessage): Promise<{ actor: Actor; cookie?: string } | undefined>
  origin(c: Context<Http>): Origin
  /** Refuses what a page of another site opens with our cookie, whatever the method: browsers let any page open a socket. */
  refuseForeignSocket(incoming: IncomingMessage): void
  /** Refuses what a page of another site made a browser send along with our cookie. */
  refuseForeignSites(c: Context<Http>): void
  signIn(c: Context<Http>, session: OpenedSession): void
  signOut(c: Context<Http>): void
  /** The cookie of a visit through one link. */
  visit(c: Context<Http>, shareId: string): string | undefined
  beginVisit(c: Context<Http>, shareId: string, visit: { cookie: string; maxAge: number }): void
}

export function openCallers(core: Core): Callers {
  const { publicUrl, trustedProxies } = core.config.server
  const secure = publicUrl?.startsWith('https:') ?? false
  // Browsers accept a __Host- cookie only over TLS, only for the whole host, and from nobody else.
  const name = secure ? '__Host-filevault' : 'filevault'
  const options = { path: '/', httpOnly: true, secure, sameSite: 'Lax' } as const
  const visitName = (shareId: string) => `${secure ? '__Host-' : ''}share-${shareId}`
  const proxies = blockList(trustedProxies)

  const cookieFor = ({ cookie, maxAge }: OpenedSession): string | undefined =>
    cookie && generateCookie(name, cookie, maxAge === undefined ? options : { ...options, maxAge })

  const callers: Callers = {
    async actor(c) {
      const found = await callers.identify(c.env.incoming)
      if (found?.cookie !== undefined) c.env.outgoing.setHeader('set-cookie', found.cookie)
      return found?.actor
    },
    async identify(incoming) {
      const { authorization, cookie: cookies } = incoming.headers
      const address = addressOf(incoming, proxies)
      if (authorization !== undefined) {
        const [, token] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
        const actor = token === undefined ? undefined : personOfToken(core, token)
        if (!actor) throw new Problem('not-signed-in', 'This token is unknown, expired or revoked.')
        return { actor: { ...actor, address } }
      }
      const cookie = cookies === undefined ? undefined : parse(cookies, name)[name]
      const session = cookie ? await resumeSession(core, cookie) : undefined
      const header = session && cookieFor(session)
      return session && { actor: { ...session.actor, address }, ...(header === undefined ? {} : { cookie: header }) }
    },
    refuseForeignSocket(incoming) {
      if (incoming.headers.authorization === undefined && !isOwnSite(incoming, publicUrl)) throw foreign()
    },
    origin: (c) => ({
      address: addressOf(c.env.incoming, proxies),
      userAgent: c.env.incoming.headers['user-agent'] ?? '',
    }),
    refuseForeignSites(c) {
      if (safe.has(c.req.method) || c.env.incoming.headers.authorization !== undefined) return
      if (!isOwnSite(c.env.incoming, publicUrl)) throw foreign()
    },
    signIn(c, session) {
      const header = cookieFor(session)
      if (header !== undefined) c.env.outgoing.setHeader('set-cookie', header)
    },
    visit(c, shareId) {
      const { cookie: cookies } = c.env.incoming.headers
      const visit = visitName(shareId)
      return cookies === undefined ? undefined : parse(cookies, visit)[visit]
    },
    beginVisit(c, shareId, { cookie, maxAge }) {
      c.env.outgoing.appendHeader('set-cookie', generateCookie(visitName(shareId), cookie, { ...options, maxAge }))
    },
    signOut: (c) => void c.env.outgoing.setHeader('set-cookie', generateCookie(name, '', { ...options, maxAge: 0 })),
  }
  return callers
}

function foreign(): Problem {
  return new Problem('not-allowed', 'This request came from another site and was refused.')
}

// As Go's net/http.CrossOriginProtection: browsers say where a request comes from in Sec-Fetch-Site, older ones in
// Origin; a request with neither is no browser's, and nobody but a browser sends somebody else's cookie along.
function isOwnSite({ headers }: IncomingMessage, publicUrl: string | undefined): boolean {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const { origin } = headers
  if (origin === undefined) return true
  if (!URL.canParse(origin)) return false
  return (
    new URL(origin).host === headers.host ||
    (publicUrl !== undefined && new URL(origin).origin === new URL(publicUrl).origin)
  )
}

// From the right, the first hop that is not one of our proxies: everything left of it could be made up.
function addressOf({ socket, headers }: IncomingMessage, proxies: BlockList): string {
  let address = plain(socket.remoteAddress ?? '')
  const forwarded = String(headers['x-forwarded-for'] ?? '')
    .split(',')
    .map((hop) => plain(hop.trim()))
  while (trusted(address, proxies)) {
    const hop = forwarded.pop()
    if (hop === undefined || isIP(hop) === 0) break
    address = hop
  }
  return isIPv6(address) ? network64(address) : address
}

/** An IPv4 address that arrived as an IPv6 one, as it is written by itself. */
export function plain(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}

// A household has a whole /64 of IPv6 addresses: they count as one.
function network64(address: string): string {
  const [head = '', tail] = address.split('%')[0]?.split('::') ?? []
  const left = head.split(':').filter((group) => group !== '')
  const right = tail === undefined ? [] : tail.split(':').filter((group) => group !== '')
  const groups =
    tail === undefined
      ? left
      : [...left, ...Array<string>(Math.max(0, 8 - left.length - right.length)).fill('0'), ...right]
  return `${groups.slice(0, 4).join(':')}::/64`
}

function trusted(address: string, proxies: BlockList): boolean {
  return isIP(address) !== 0 && proxies.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')
}

/** Addresses and ranges of the configuration, to ask whether an address is among them. */
export function blockList(ranges: Config['server']['trustedProxies']): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [address = '', prefix] = range.split('/')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (prefix === undefined) list.addAddress(address, family)
    else list.addSubnet(address, Number(prefix), family)
  }
  return list
}
