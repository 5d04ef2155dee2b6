/**
 * Who called a moment ago. Reading a person from the index costs more than all the rest of a small answer, so what was
 * read is kept for a second at most, and not beyond the next commit of this process: what is revoked here ends at once,
 * what the command line revokes within a second.
 */
import { LRUCache } from 'lru-cache'
import type { Hits } from '../metrics.ts'
import type { Actor } from './access.ts'

const keptMs = 1000

interface Seen {
  actor: Actor
  until: number
  commits: number
}

export interface RecentCallers {
  /** The person behind a secret, if that was read a moment ago and nothing has changed since. */
  get(hash: string): Actor | undefined
  keep(hash: string, actor: Actor): void
}

export function openRecentCallers(now: () => number, commits: () => number, asked: Hits): RecentCallers {
  const seen = new LRUCache<string, Seen>({ max: 1000 })
  return {
    get(hash) {
      const one = seen.get(hash)
      const isGood = one !== undefined && one.until > now() && one.commits === commits()
      if (isGood) asked.hits++
      else asked.misses++
      return isGood ? one.actor : undefined
    },
    keep(hash, actor) {
      seen.set(hash, { actor, until: now() + keptMs, commits: commits() })
    },
  }
}
