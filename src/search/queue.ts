/** Searches wait their turn: few are worked on at once, and one that nobody waits for any more never is. */
import { Problem } from '../problem.ts'

/** Who waits for a search. */
export interface Asking {
  /** Aborted when nobody does any more. */
  signal?: AbortSignal | undefined
  /** A newer search of the same line takes the place of an older one that still waits. */
  line?: string | undefined
}

/** What became of the searches so far, and how many there are now. */
export interface QueueCounts {
  running: number
  waiting: number
  done: number
  /** Given up by who asked, or followed by a newer one, before they cost anything. */
  dropped: number
  /** Told to come again because too many were waiting. */
  refused: number
}

export interface Queue {
  /**
   * Works when it is its turn. Rejects with `slow-down` and a time to wait where too many wait already, and with `conflict`
   * where the search was dropped.
   */
  run<T>(asking: Asking | undefined, work: () => Promise<T>): Promise<T>
  readonly counts: Readonly<QueueCounts>
}

interface Waiting {
  start: () => void
  drop: (why: string) => void
}

/** Throws `conflict` when nobody waits any more: for work that has several steps. */
export function stillWanted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new Problem('conflict', 'Nobody waits for this search any more.')
}

/** A queue that works on `atOnce` and lets `most` wait, in the order they came. */
export function openQueue({ atOnce, most }: { atOnce: number; most: number }): Queue {
  const counts: QueueCounts = { running: 0, waiting: 0, done: 0, dropped: 0, refused: 0 }
  const waiting = new Set<Waiting>()
  const lines = new Map<string, Waiting>()

  const turn = ({ signal, line }: Asking): Promise<void> =>
    new Promise((resolve, reject) => {
      const leave = () => {
        waiting.delete(one)
        counts.waiting = waiting.size
        signal?.removeEventListener('abort', abandon)
        if (line !== undefined && lines.get(line) === one) lines.delete(line)
      }
      const one: Waiting = {
        start() {
          leave()
          resolve()
        },
        drop(why) {
          leave()
          counts.dropped++
          reject(new Problem('conflict', why))
        },
      }
      const abandon = () => one.drop('Nobody waits for this search any more.')
      waiting.add(one)
      counts.waiting = waiting.size
      signal?.addEventListener('abort', abandon)
      if (line !== undefined) lines.set(line, one)
    })
  const next = () => {
    const [first] = waiting
    if (!first) return
    counts.running++ // before anybody else can take the place
    first.start()
  }

  return {
    counts,
    async run(asking = {}, work) {
      const { signal, line } = asking
      if (signal?.aborted) {
        counts.dropped++
        throw new Problem('conflict', 'Nobody waits for this search any more.')
      }
      if (line !== undefined) lines.get(line)?.drop('A newer search took the place of this one.')
      if (counts.running < atOnce) counts.running++
      else if (waiting.size < most) await turn(asking)
      else {
        counts.refused++
        throw new Problem('slow-down', 'Too many searches at once. Try again in a moment.', { retryAfter: 1 })
      }
      try {
        return await work()
      } finally {
        counts.running--
        counts.done++
        next()
      }
    },
  }
}
