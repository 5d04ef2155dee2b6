/** Who is calling and from where: cookie or bearer token, the address behind trusted proxies, the defence against CSRF. */
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
  origin(c: Context<Http>): Origin
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

  const callers: Callers = {
    async actor(c) {
      const authorization = c.env.incoming.headers.authorization
      if (authorization !== undefined) {
        const [, token] = /^Bearer +(\S+)$/i.exec(authorization) ?? []
        const actor = token === undefined ? undefined : personOfToken(core, token)
        if (!actor) throw new Problem('not-signed-in', 'This token is unknown, expired or revoked.')
        return { ...actor, address: addressOf(c, proxies) }
      }
      const { cookie: cookies } = c.env.incoming.headers
      const cookie = cookies === undefined ? undefined : parse(cookies, name)[name]
      const session = cookie ? await resumeSession(core, cookie) : undefined
      if (session?.cookie) callers.signIn(c, session)
      return session && { ...session.actor, address: addressOf(c, proxies) }
    },
    origin: (c) => ({ address: addressOf(c, proxies), userAgent: c.env.incoming.headers['user-agent'] ?? '' }),
    refuseForeignSites(c) {
      if (safe.has(c.req.method) || c.env.incoming.headers.authorization !== undefined) return
      if (!isOwnSite(c, publicUrl))
        throw new Problem('not-allowed', 'This request came from another site and was refused.')
    },
    signIn(c, { cookie, maxAge }) {
      if (cookie)
        c.env.outgoing.setHeader(
          'set-cookie',
          generateCookie(name, cookie, maxAge === undefined ? options : { ...options, maxAge }),
        )
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

// As Go's net/http.CrossOriginProtection: browsers say where a request comes from in Sec-Fetch-Site, older ones in
// Origin; a request with neither is no browser's, and nobody but a browser sends somebody else's cookie along.
function isOwnSite(c: Context<Http>, publicUrl: string | undefined): boolean {
  const site = c.env.incoming.headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const origin = c.env.incoming.headers.origin
  if (origin === undefined) return true
  if (!URL.canParse(origin)) return false
  return (
    new URL(origin).host === c.env.incoming.headers.host ||
    (publicUrl !== undefined && new URL(origin).origin === new URL(publicUrl).origin)
  )
}

// From the right, the first hop that is not one of our proxies: everything left of it could be made up.
function addressOf(c: Context<Http>, proxies: BlockList): string {
  let address = plain(c.env.incoming.socket.remoteAddress ?? '')
  const forwarded = String(c.env.incoming.headers['x-forwarded-for'] ?? '')
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
