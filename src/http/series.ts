/** Counting requests by declared endpoint: never by the path that was asked for, of which there is no end. */
import { parametersInPath } from '../api/endpoint.ts'
import type { Metrics, Requests } from '../metrics.ts'

export interface Series {
  /** Counts an answer that took `ms` milliseconds to its end. */
  count(method: string, status: number, ms: number): void
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'])

/** Counters of one endpoint, made with the first request of each method. */
export function seriesOf(metrics: Metrics, path: string): Series {
  const route = path.replace(parametersInPath, ':$1')
  const known = new Map<string, Requests>()
  function open(given: string): Requests {
    const method = methods.has(given) ? given : 'other'
    const requests = known.get(method) ?? metrics.requestsOf(route, method)
    known.set(method, requests)
    return requests
  }
  return {
    count(method, status, ms) {
      ;(known.get(method) ?? open(method)).count(status, ms)
    },
  }
}
