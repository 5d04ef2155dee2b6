/** Listening: a server that starts, drains and stops. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createAdaptorServer } from '@hono/node-server'
import { Problem } from '../problem.ts'
import type { Core } from '../vault/core.ts'
import { type AppOptions, createApp } from './app.ts'
import { type LiveOptions, openSockets } from './live.ts'

export interface RunningServer extends AsyncDisposable {
  /** Where it listens, `http://127.0.0.1:8080`. */
  readonly url: string
}

/** A transfer may take hours, but a socket on which nothing moves for so long is dead. */
const silentMs = 120_000
const drainMs = 8_000

export interface ServerOptions extends AppOptions {
  /** What tests of sockets do not want to wait for. */
  live?: Partial<LiveOptions>
}

/** Starts listening where the configuration says. Disposing stops accepting, lets answers finish, then closes. */
export async function startServer(core: Core, options: ServerOptions): Promise<RunningServer> {
  const { hono, callers } = createApp(core, options)
  const sockets = openSockets(core, callers, options.live)
  const server = createAdaptorServer({
    fetch: hono.fetch as Parameters<typeof createAdaptorServer>[0]['fetch'],
    overrideGlobalObjects: false,
    // Without it Node would hand over whoever asks for any upgrade, as curl does for HTTP/2.
    serverOptions: { shouldUpgradeCallback: (incoming) => sockets.wants(incoming) },
    autoCleanupIncoming: false, // it cuts off after half a second whoever is still sending; uploads listen for longer
  }) as Server
  server.on('upgrade', (incoming, socket, head) => void sockets.upgrade(incoming, socket, head))
  server.requestTimeout = 0 // Node's five minutes would cut large uploads
  server.headersTimeout = 60_000
  server.keepAliveTimeout = 65_000 // longer than the proxies' 60 seconds
  server.setTimeout(silentMs)
  const { host, port } = core.config.server.listen
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(understood(error, host, port)))
    server.listen(port, host, resolve)
  })
  const address = server.address() as AddressInfo
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address
  return {
    url: `http://${shown}:${address.port}`,
    async [Symbol.asyncDispose]() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      await sockets[Symbol.asyncDispose]()
      const impatient = setTimeout(() => server.closeAllConnections(), drainMs)
      await closed
      clearTimeout(impatient)
    },
  }
}

function understood(error: Error, host: string, port: number): unknown {
  const code = 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE')
    return new Problem(
      'conflict',
      `Port ${port} on ${host} is taken. Stop what listens there, or choose another with FILEVAULT_LISTEN=127.0.0.1:8081.`,
    )
  if (code === 'EACCES')
    return new Problem(
      'not-allowed',
      `This user may not listen on port ${port}. Choose one above 1023 with FILEVAULT_LISTEN.`,
    )
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND')
    return new Problem('bad-input', `This machine has no address ${host}. Change FILEVAULT_LISTEN.`)
  return error
}
