/** Counting requests by declared endpoint: never by the path that was asked for, of which there is no end. */
import { parametersInPath } from '../api/endpoint.ts'
import type { Metrics } from '../metrics.ts'

export interface Series {
  /** Counts an answer that took `ms` milliseconds to its end. */
  count(method: string, status: number, ms: number): void
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Counters of one endpoint. What is counted with every request is looked up once, as looking up costs as much as counting. */
export function seriesOf({ httpRequests, httpSeconds }: Metrics, path: string): Series {
  const route = path.replace(parametersInPath, ':$1')
  const known = new Map<string, (status: number, ms: number) => void>()

  function open(method: string) {
    const duration = httpSeconds.labels(route, method)
    const classes = [1, 2, 3, 4, 5].map((digit) => httpRequests.labels(route, method, `${digit}xx`))
    return (status: number, ms: number) => {
      duration.observe(ms / 1000)
      classes[Math.floor(status / 100) - 1]?.inc()
    }
  }
  return {
    count(given, status, ms) {
      const method = methods.has(given) ? given : 'other'
      let counted = known.get(method)
      if (!counted) {
        counted = open(method)
        known.set(method, counted)
      }
      counted(status, ms)
    },
  }
}
