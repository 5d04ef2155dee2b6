/** What Prometheus reads, and who may. */
import { BlockList, isIPv6 } from 'node:net'
import type { Context } from 'hono'
import * as api from '../../api/metrics.ts'
import { Problem } from '../../problem.ts'
import { requireAdmin } from '../../vault/access.ts'
import type { Core } from '../../vault/core.ts'
import { openWatching } from '../../vault/watching.ts'
import type { On } from '../bind.ts'
import { blockList, plain } from '../caller.ts'
import type { Http } from '../context.ts'

export function metricRoutes(on: On, core: Core, version: string): void {
  const read = openWatching(core, version)
  const isNear = nearness(core)
  on(api.metrics, async (_, call) => {
    if (!isNear(call.context)) requireAdmin(call.isSignedIn ? call.actor : refuse())
    return new Response(await read(), {
      headers: { 'content-type': core.metrics.contentType, 'cache-control': 'no-store' },
    })
  })
}

function refuse(): never {
  throw new Problem(
    'not-signed-in',
    'Metrics are for administrators: send a token with the "admin" scope, or name the address you ask from in metrics.readable_from.',
  )
}

/** What proxies add to what they pass on. */
const forwarding = ['x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'forwarded', 'via']

/**
 * Whether a request comes straight from an address that the configuration names, or from this very machine. Through a proxy
 * everybody seems to come from this machine, and not every proxy says that it is one: so with a public address that is enough
 * no more. A page that made its own name lead here sends that name as the host.
 */
function nearness(core: Core): (c: Context<Http>) => boolean {
  const { publicUrl } = core.config.server
  const named = blockList(core.config.metrics.readableFrom)
  const own = new BlockList()
  own.addSubnet('127.0.0.0', 8, 'ipv4')
  own.addAddress('::1', 'ipv6')
  const isPublic = publicUrl !== undefined && !isLoopback(new URL(publicUrl).hostname)
  return (c) => {
    const { headers, socket } = c.env.incoming
    if (forwarding.some((name) => headers[name] !== undefined)) return false
    const address = plain(socket.remoteAddress ?? '')
    const family = isIPv6(address) ? 'ipv6' : 'ipv4'
    if (named.check(address, family)) return true
    const host = `http://${headers.host ?? ''}`
    return !isPublic && own.check(address, family) && URL.canParse(host) && isLoopback(new URL(host).hostname)
  }
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}
