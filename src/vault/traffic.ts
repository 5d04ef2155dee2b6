/**
 * What went in and out on each of the last 30 days, from the access log. Lines are only ever added, so each is read once: the
 * sums are kept, and what was added since is read in pieces that hold up nobody on the reading thread.
 */
import { setImmediate } from 'node:timers/promises'
import type { Day } from '../api/overview.ts'
import { fixed } from '../index/query.ts'
import type { Core } from './core.ts'

const dayMs = 86_400_000
const days = 30
const linesAtOnce = 20_000 // some 10 ms
const keptMs = 60_000
/** So long somebody waits for a log that is read for the first time. */
const patienceMs = 1500

export interface Traffic {
  /** Thirty days, oldest first, today the last; whether every line is in it. */
  read(): Promise<{ series: Day[]; complete: boolean }>
}

type Sums = Omit<Day, 'date'>

const firstAt = fixed<{ no: number | null }>(
  'SELECT min(no) AS no FROM (SELECT no FROM event WHERE at >= ? ORDER BY at LIMIT 50)',
)
const sumsAfter = fixed<{ day: number; act: string; many: number; bytes: number; last: number }>(`
  SELECT at / ${dayMs} AS day, act, count(*) AS many, coalesce(sum(bytes), 0) AS bytes, max(no) AS last
  FROM (SELECT no, at, act, bytes FROM event WHERE no > ? ORDER BY no LIMIT ${linesAtOnce}) GROUP BY day, act`)

export function openTraffic(core: Core): Traffic {
  const sums = new Map<number, Sums>()
  let last: number | undefined
  let readAt = Number.NEGATIVE_INFINITY
  let reading: Promise<void> | undefined

  async function catchUp(): Promise<void> {
    await core.events.flush()
    const today = Math.floor(core.now() / dayMs)
    for (const day of sums.keys()) if (day <= today - days) sums.delete(day)
    if (last === undefined) {
      const [first] = await core.index.readAway(firstAt((today - days + 1) * dayMs))
      if (typeof first?.no !== 'number') return // nothing happened yet
      last = first.no - 1
    }
    for (let lines = linesAtOnce; lines >= linesAtOnce; ) {
      const rows = await core.index.readAway(sumsAfter(last))
      lines = 0
      for (const { day, act, many, bytes, last: no } of rows) {
        lines += many
        last = Math.max(last, no)
        if (day <= today - days || (act !== 'upload' && act !== 'download')) continue
        const sum = sums.get(day) ?? nothing()
        if (act === 'upload')
          sums.set(day, { ...sum, uploads: sum.uploads + many, uploadBytes: sum.uploadBytes + bytes })
        else sums.set(day, { ...sum, downloads: sum.downloads + many, downloadBytes: sum.downloadBytes + bytes })
      }
      await setImmediate()
    }
    readAt = core.now()
  }

  return {
    async read() {
      const now = core.now()
      if (!reading && !(now - readAt >= 0 && now - readAt < keptMs)) {
        reading = catchUp().finally(() => {
          reading = undefined
        })
        reading.catch((error: unknown) => core.log.warn({ err: error }, 'the access log could not be summed up'))
      }
      if (reading) await orPatience(reading)
      const today = Math.floor(now / dayMs)
      const series = Array.from({ length: days }, (_, i): Day => {
        const day = today - days + 1 + i
        return { date: new Date(day * dayMs).toISOString().slice(0, 10), ...(sums.get(day) ?? nothing()) }
      })
      return { series, complete: reading === undefined }
    },
  }
}

function nothing(): Sums {
  return { uploads: 0, uploadBytes: 0, downloads: 0, downloadBytes: 0 }
}

async function orPatience(work: Promise<void>): Promise<void> {
  const late = Promise.withResolvers<void>()
  const timer = setTimeout(late.resolve, patienceMs)
  try {
    await Promise.race([work, late.promise])
  } finally {
    clearTimeout(timer)
  }
}
