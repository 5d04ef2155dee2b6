/** Somebody who listens to a vault over a real WebSocket. */
import * as v from 'valibot'
import { WebSocket } from 'ws'
import { LiveEvent } from '../api/live.ts'

export interface Listener {
  readonly socket: WebSocket
  /** Everything that came so far. */
  readonly events: LiveEvent[]
  /** Changes that came so far. */
  changes(): Extract<LiveEvent, { change: string }>[]
  /** Waits until something among the events is as wanted; fails after ten seconds. */
  until(wanted: (event: LiveEvent) => boolean): Promise<LiveEvent>
  /** Resolves with code and reason when the server has closed. */
  readonly closed: Promise<{ code: number; reason: string }>
  close(): Promise<void>
}

/** Connects; rejects with the status when the server refuses. Every event is held against what is declared. */
export function openListener(
  url: string,
  vaultId: string,
  { since, headers = {} }: { since?: string | number; headers?: Record<string, string> },
): Promise<Listener> {
  const query = since === undefined ? '' : `?since=${since}`
  const socket = new WebSocket(`${url.replace('http', 'ws')}/ws/vaults/${vaultId}${query}`, { headers })
  const events: LiveEvent[] = []
  const waiting = new Set<() => void>()
  socket.on('message', (data) => {
    events.push(v.parse(LiveEvent, JSON.parse(String(data))))
    for (const look of waiting) look()
  })
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
  })
  const listener: Listener = {
    socket,
    events,
    closed,
    changes: () => events.filter((event) => 'change' in event),
    until: (wanted) =>
      new Promise((resolve, reject) => {
        let seen = 0
        const late = setTimeout(() => {
          waiting.delete(look)
          reject(new Error(`It did not come. Last came: ${JSON.stringify(events.slice(-2))}`))
        }, 10_000)
        function look() {
          for (; seen < events.length; seen++) {
            const event = events[seen]
            if (!event || !wanted(event)) continue
            clearTimeout(late)
            waiting.delete(look)
            resolve(event)
            return
          }
        }
        waiting.add(look)
        look()
      }),
    async close() {
      socket.close()
      await closed
    },
  }
  return new Promise((resolve, reject) => {
    socket.on('open', () => resolve(listener))
    socket.on('unexpected-response', (request, answer) => {
      answer.resume()
      request.destroy()
      reject(new Error(`refused ${answer.statusCode}`))
    })
    socket.on('error', reject)
  })
}
