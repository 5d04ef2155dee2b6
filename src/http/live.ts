/**
 * WebSockets: who may open one, and what each is sent. A socket asks the journal for what comes next whenever it has sent
 * what it had; so nothing is queued for whoever reads slowly, and nobody misses anything.
 */
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import { type WebSocket, WebSocketServer } from 'ws'
import { closeCodes, follow } from '../api/live.ts'
import { Problem } from '../problem.ts'
import type { Actor } from '../vault/access.ts'
import { newestSeq } from '../vault/changes.ts'
import type { Core } from '../vault/core.ts'
import { type Beginning, type Live, openLive } from '../vault/live.ts'
import { standingOf } from '../vault/standing.ts'
import type { Callers } from './caller.ts'
import { check } from './input.ts'
import { problemResponse } from './problem.ts'

export interface LiveOptions {
  /** Between two pings; who has not answered the one before is gone. */
  pingMs: number
  /** How long somebody may take to read what was sent before they are told to come back. */
  patienceMs: number
}

const usual: LiveOptions = { pingMs: 30_000, patienceMs: 20_000 }
/** What may wait in a socket before its next page is read. */
const mostWaiting = 256 * 1024
/** The index of this process is looked at so often for commits that ended somebody's right to listen. */
const watchMs = 200
/** And anyway so often, because the command line writes too, and time ends sessions. */
const recheckMs = 1000
const progressMs = 1000
/** How long a closing handshake may take. */
const farewellMs = 1500
const mostSockets = 2000
const mostOfOne = 100

const paths = /^\/ws\/vaults\/([\w-]{1,64})(?:\?|$)/

export interface Sockets extends AsyncDisposable {
  /** Whether a request is one for a socket of ours; anything else is answered as if it had not asked for one. */
  wants(incoming: IncomingMessage): boolean
  upgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer): Promise<void>
}

interface Listener {
  readonly actor: Actor
  readonly vaultNo: number
  /** Up to where it was told. */
  readonly seq: number
  /** Sends what came since. */
  wake(): void
  readonly socket: WebSocket
  /** Ends the connection where somebody may not listen any more; answers whether they may. */
  mayListen(): boolean
  /** Sends how the person's uploads get on, where that changed. */
  progress(): void
  ping(): void
}

/** Opens the door for sockets; disposing tells everybody to come back, and closes. */
export function openSockets(core: Core, callers: Callers, options: Partial<LiveOptions> = {}): Sockets {
  const { pingMs, patienceMs } = { ...usual, ...options }
  const log = core.log.child({ subsystem: 'live' })
  const live = openLive(core)
  const server = new WebSocketServer({ noServer: true, clientTracking: false, maxPayload: 1024 })
  const cookies = new WeakMap<IncomingMessage, string>()
  server.on('headers', (headers, incoming) => {
    const cookie = cookies.get(incoming)
    if (cookie !== undefined) headers.push(`Set-Cookie: ${cookie}`)
  })
  const listeners = new Set<Listener>()
  let isClosing = false
  let commits = -1
  let checkedAt = 0

  const failed = (error: unknown) => log.error({ err: error }, 'listeners were not looked after')
  const recheck = inTurns(listeners, failed, () => (one) => one.mayListen())
  const progress = inTurns(listeners, failed, () => (one) => one.progress())
  const ping = inTurns(listeners, failed, () => (one) => one.ping())
  const wake = inTurns(listeners, failed, () => {
    const heads = new Map<number, number>()
    return (one) => {
      const head = heads.get(one.vaultNo) ?? newestSeq(core, one.vaultNo)
      heads.set(one.vaultNo, head)
      if (one.seq < head) one.wake()
    }
  })
  const forget = core.news.listen(wake)
  const timers = [
    setInterval(() => {
      const now = performance.now()
      if (core.index.commits === commits && now - checkedAt < recheckMs) return
      commits = core.index.commits
      checkedAt = now
      recheck()
    }, watchMs),
    setInterval(() => {
      progress()
      wake() // the command line writes too, and nobody here is told
    }, progressMs),
    setInterval(ping, pingMs),
  ]
  for (const timer of timers) timer.unref()

  async function admit(incoming: IncomingMessage): Promise<{ actor: Actor; beginning: Beginning }> {
    callers.refuseForeignSocket(incoming)
    const found = await callers.identify(incoming)
    if (found?.cookie !== undefined) cookies.set(incoming, found.cookie)
    if (!found) throw new Problem('not-signed-in', 'Sign in first.')
    const { actor } = found
    const [, vaultId = ''] = paths.exec(incoming.url ?? '') ?? []
    const { searchParams } = new URL(incoming.url ?? '', 'http://localhost')
    const { since } = check(follow.declared.query, Object.fromEntries(searchParams))
    if (isClosing) throw new Problem('storage-unavailable', 'The server is stopping. Try again in a moment.')
    if (listeners.size >= mostSockets)
      throw new Problem('busy', 'Too many are listening. Try again in a minute.', { retryAfter: 60 })
    if ([...listeners].filter((one) => one.actor.no === actor.no).length >= mostOfOne)
      throw new Problem('slow-down', `You have ${mostOfOne} connections open already.`, { retryAfter: 60 })
    return { actor, beginning: live.begin(actor, vaultId, since) }
  }

  return {
    wants: ({ headers, url = '' }) => headers.upgrade?.toLowerCase() === 'websocket' && paths.test(url),
    async upgrade(incoming, socket, head) {
      socket.on('error', () => socket.destroy())
      try {
        const { actor, beginning } = await admit(incoming)
        server.handleUpgrade(incoming, socket, head, (opened) => {
          const listener = listen(core, live, opened, actor, beginning, patienceMs)
          listeners.add(listener)
          opened.on('close', () => listeners.delete(listener))
        })
      } catch (error) {
        if (!(error instanceof Problem)) log.error({ err: error }, 'a socket was not opened')
        await refuse(socket, problemResponse(error), cookies.get(incoming))
      }
    },
    async [Symbol.asyncDispose]() {
      isClosing = true
      forget()
      for (const timer of timers) clearInterval(timer)
      const closed = [...listeners].map(
        ({ socket }) =>
          new Promise<void>((resolve) => {
            socket.once('close', () => resolve())
            end(socket, closeCodes.stopping, 'The server is stopping. Connect again with since.')
          }),
      )
      await Promise.all(closed)
    },
  }
}

function listen(
  core: Core,
  live: Live,
  socket: WebSocket,
  actor: Actor,
  { vault, seq: start, status }: Beginning,
  patienceMs: number,
): Listener {
  let seq = start
  let isPumping = false
  let isSynced = false
  let isAlive = true
  /** How much of each upload was told, and the commits that were there when they were looked at. */
  const known = new Map<string, number>()
  let looked = -1
  const isOpen = () => socket.readyState === socket.OPEN
  const send = (text: string) => {
    if (isOpen()) socket.send(text)
  }

  const mayListen = (): boolean => {
    if (!isOpen()) return false
    const standing = standingOf(core, actor, vault)
    if (standing === 'signed-out') end(socket, closeCodes.signedOut, 'You are not signed in any more.')
    if (standing === 'no-member') end(socket, closeCodes.notAllowed, 'You are no member of this vault any more.')
    return standing === 'good'
  }

  async function pump(): Promise<void> {
    for (;;) {
      const page = await live.after(vault, seq)
      // Asked after reading, right before it goes out.
      if (!mayListen()) return
      for (const { text } of page) send(text)
      seq = page.at(-1)?.seq ?? seq
      if (page.length === 0) break
      if (!(await isRead(socket, patienceMs))) {
        end(socket, closeCodes.tooSlow, `Too slow. Connect again with since=${seq}, or what you have.`)
        return
      }
    }
    if (isSynced) return
    isSynced = true
    send(JSON.stringify({ type: 'sync_completed', seq }))
  }

  const wake = () => {
    if (isPumping || !isOpen()) return
    isPumping = true
    pump()
      .catch((error: unknown) => {
        core.log.error({ err: error, subsystem: 'live' }, 'a listener was dropped')
        end(socket, 1011, 'Something went wrong. Connect again with since.')
      })
      .finally(() => {
        isPumping = false
      })
  }

  socket.on('error', () => socket.terminate())
  socket.on('pong', () => {
    isAlive = true
  })
  send(JSON.stringify(status))
  wake()
  return {
    actor,
    vaultNo: vault.no,
    get seq() {
      return seq
    },
    socket,
    wake,
    mayListen,
    progress() {
      if (socket.bufferedAmount > 0 || looked === core.index.commits) return
      looked = core.index.commits
      for (const one of live.uploads(vault, actor)) {
        if (known.get(one.uploadId) === one.receivedBytes) continue
        known.set(one.uploadId, one.receivedBytes)
        send(JSON.stringify(one))
      }
    },
    ping() {
      if (!isAlive) return socket.terminate()
      isAlive = false
      if (isOpen()) socket.ping()
    },
  }
}

/** A function that does something with each, some at a time so that others get their turn; asked for amid that, once more after. */
function inTurns<T>(all: ReadonlySet<T>, failed: (error: unknown) => void, begin: () => (one: T) => void): () => void {
  let isBusy = false
  let again = false
  const round = async () => {
    do {
      again = false
      const act = begin()
      let n = 0
      for (const one of [...all]) {
        if (++n % 100 === 0) await setImmediate()
        act(one)
      }
    } while (again)
  }
  return () => {
    again = true
    if (isBusy || all.size === 0) return
    isBusy = true
    round()
      .catch((error: unknown) => failed(error))
      .finally(() => {
        isBusy = false
      })
  }
}

/** Waits until little is left to be read; false when that takes too long. */
async function isRead(socket: WebSocket, patienceMs: number): Promise<boolean> {
  const until = performance.now() + patienceMs
  while (socket.bufferedAmount > mostWaiting && socket.readyState === socket.OPEN) {
    if (performance.now() > until) return false
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return true
}

/** Closes with a code; who does not answer is cut off. */
function end(socket: WebSocket, code: number, reason: string): void {
  if (socket.readyState === socket.CLOSED) return
  socket.close(code, reason)
  const impatient = setTimeout(() => socket.terminate(), farewellMs)
  socket.once('close', () => clearTimeout(impatient))
}

async function refuse(socket: Duplex, response: Response, cookie: string | undefined): Promise<void> {
  const body = Buffer.from(await response.arrayBuffer())
  const lines = [`HTTP/1.1 ${response.status} Refused`, 'connection: close', `content-length: ${body.length}`]
  for (const [name, value] of response.headers) lines.push(`${name}: ${value}`)
  if (cookie !== undefined) lines.push(`set-cookie: ${cookie}`)
  socket.end(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), body]))
}
