/** How many requests one address may send in a window; in memory, since a restart forgives what was only much. */
import { LRUCache } from 'lru-cache'
import { Problem } from '../problem.ts'
import type { Core } from './core.ts'
import { currentSettings } from './settings.ts'

interface Window {
  requests: number
  endsAt: number
}

const windows = new WeakMap<Core, LRUCache<string, Window>>()

/** Counts a request of somebody without an account; throws `slow-down` where there were too many. */
export function requireRate(core: Core, address: string): void {
  const { guestRequests, signInWindow } = currentSettings(core)
  const seen = windows.get(core) ?? new LRUCache<string, Window>({ max: 100_000 })
  windows.set(core, seen)
  const now = core.now()
  const before = seen.get(address)
  const window = before && before.endsAt > now ? before : { requests: 0, endsAt: now + signInWindow * 60_000 }
  window.requests++
  if (window !== before) seen.set(address, window)
  if (window.requests <= guestRequests) return
  const wait = Math.ceil((window.endsAt - now) / 1000)
  throw new Problem('slow-down', `Too many requests from your address. Try again in ${wait} seconds.`, {
    retryAfter: wait,
  })
}
