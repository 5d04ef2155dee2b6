/**
 * What is counted while the server runs, in the words of Prometheus. One set for each server, so that several can run in one
 * process; no label ever holds an id, a name or a path that a caller chose.
 */
import { Counter, collectDefaultMetrics, Gauge, Histogram, type Metric, Registry } from 'prom-client'

/** How often a cache had what it was asked for. Plain numbers, since some are asked with every request. */
export interface Hits {
  hits: number
  misses: number
}

/** How an upload ended: `refused` is the caller's fault, `interrupted` the line's, `failed` ours. */
export type UploadOutcome = 'stored' | 'refused' | 'interrupted' | 'failed'

export type Metrics = ReturnType<typeof openMetrics>

const seconds = [0.002, 0.005, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 60]
const diskSeconds = [0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10]
const searchSeconds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 5]
const jobSeconds = [0.01, 0.1, 1, 10, 30, 60, 120, 300]

/** Answered requests of one route and method. */
export interface Requests {
  /** Counts an answer with `status` that took `ms` milliseconds to its end. */
  count(status: number, ms: number): void
}

const secondsName = 'filevault_http_request_seconds'
const statuses = ['1xx', '2xx', '3xx', '4xx', '5xx']

function openRequests(registry: Registry): (route: string, method: string) => Requests {
  const all: {
    labels: { route: string; method: string }
    byStatus: number[]
    byTime: number[]
    totals: { ms: number }
  }[] = []
  const values = {
    total: () =>
      all.flatMap(({ labels, byStatus }) =>
        statuses.flatMap((status, i) => (byStatus[i] ? [{ labels: { ...labels, status }, value: byStatus[i] }] : [])),
      ),
    seconds: () =>
      all.flatMap(({ labels, byTime, totals }) => {
        let sum = 0
        const buckets = byTime.map((many, i) => {
          sum += many
          return { metricName: `${secondsName}_bucket`, labels: { le: seconds[i] ?? '+Inf', ...labels }, value: sum }
        })
        return [
          ...buckets,
          { metricName: `${secondsName}_sum`, labels, value: totals.ms / 1000 },
          { metricName: `${secondsName}_count`, labels, value: sum },
        ]
      }),
  }
  const add = (name: string, type: 'counter' | 'histogram', help: string, read: () => unknown[]) =>
    registry.registerMetric({ name, get: async () => ({ name, type, help, values: read() }) } as unknown as Metric)
  add('filevault_http_requests_total', 'counter', 'Answered requests, by declared endpoint.', values.total)
  add(secondsName, 'histogram', 'Time to the end of the answer, by declared endpoint.', values.seconds)

  return (route, method) => {
    const byStatus = statuses.map(() => 0)
    const byTime = [...seconds, 0].map(() => 0)
    const totals = { ms: 0 }
    all.push({ labels: { route, method }, byStatus, byTime, totals })
    return {
      count(status, ms) {
        const digit = Math.floor(status / 100) - 1
        if (digit >= 0 && digit < byStatus.length) byStatus[digit] = (byStatus[digit] as number) + 1
        let i = 0
        while (i < seconds.length && ms > (seconds[i] as number) * 1000) i++
        byTime[i] = (byTime[i] as number) + 1
        totals.ms += ms
      },
    }
  }
}

/** Makes the counters of a server, all at zero. Reading them is `text()`. */
export function openMetrics() {
  const registry = new Registry()
  const registers = [registry]
  const counter = <T extends string>(name: string, help: string, ...labelNames: T[]) =>
    new Counter({ name: `filevault_${name}`, help, labelNames, registers })
  const gauge = <T extends string>(name: string, help: string, ...labelNames: T[]) =>
    new Gauge({ name: `filevault_${name}`, help, labelNames, registers })
  const histogram = <T extends string>(name: string, help: string, buckets: number[], ...labelNames: T[]) =>
    new Histogram({ name: `filevault_${name}`, help, buckets, labelNames, registers })

  const caches = new Map<string, Hits>()
  new Counter({
    name: 'filevault_cache_requests_total',
    help: 'What caches were asked for, by whether they had it.',
    labelNames: ['cache', 'result'],
    registers,
    collect() {
      this.reset()
      for (const [cache, { hits, misses }] of caches) {
        this.inc({ cache, result: 'hit' }, hits)
        this.inc({ cache, result: 'miss' }, misses)
      }
    },
  })

  const lastBackup = gauge(
    'last_backup_timestamp_seconds',
    'When the last backup was complete; absent where none is known.',
  )
  lastBackup.remove()
  let watchesProcess = false
  const uploads = counter('uploads_total', 'Files received, by how it ended: failed is the server at fault.', 'outcome')
  for (const outcome of ['stored', 'refused', 'interrupted', 'failed'] satisfies UploadOutcome[])
    uploads.inc({ outcome }, 0)
  const downloads = counter('downloads_total', 'Answers with the bytes of files, by who asked.', 'by')
  const downloadBytes = counter('download_bytes_total', 'Bytes of files that went out, by who asked.', 'by')
  for (const by of ['member', 'link'] as const) {
    downloads.inc({ by }, 0)
    downloadBytes.inc({ by }, 0)
  }

  return {
    /** Files that people put into vaults, whichever way. */
    uploads,
    uploadBytes: counter('upload_bytes_total', 'Bytes of the files that were stored.'),
    downloads,
    downloadBytes,
    linkDeliveries: counter('link_deliveries_total', 'Downloads through links that went through to their end.'),
    storageSeconds: histogram(
      'storage_write_seconds',
      'How long the disk took to make received bytes durable, without waiting for the sender.',
      diskSeconds,
    ),
    searchSeconds: histogram(
      'search_seconds',
      'How long searches took, by the engine that answered.',
      searchSeconds,
      'engine',
    ),
    /** Requests of one route, counted with plain numbers: a small answer takes 30 µs, and a counter with labels costs one. */
    requestsOf: openRequests(registry),
    jobSeconds: histogram(
      'job_seconds',
      'How long background jobs ran, by kind and outcome.',
      jobSeconds,
      'kind',
      'outcome',
    ),

    // What follows is read from the index and the volume when somebody asks (vault/watching.ts).
    build: gauge('build_info', 'Always 1; the label says which version runs.', 'version'),
    readable: gauge('readings_ok', 'Whether the values below could be read: 1 or 0.'),
    storageOk: gauge('storage_ok', 'Whether the volume is there and takes writes: 1 or 0.'),
    jobs: gauge('jobs', 'Background jobs, by kind and state; failed are those that were given up.', 'kind', 'state'),
    jobsFailed: gauge('jobs_failed', 'Background jobs that were given up and wait for somebody to look.'),
    oldestJob: gauge('job_oldest_waiting_seconds', 'For how long the oldest due job has waited to be begun.'),
    longestJob: gauge('job_longest_running_seconds', 'For how long the job that runs longest has been running.'),
    users: gauge('users', 'Accounts that are not disabled.'),
    vaults: gauge('vaults', 'Vaults.'),
    vaultsNearlyFull: gauge('vaults_nearly_full', 'Vaults that use more than 95 % of their quota.'),
    files: gauge('files', 'Files that are not in the trash.'),
    usedBytes: gauge('used_bytes', 'What all vaults use.'),
    quotaBytes: gauge('quota_bytes', 'What all vaults may use.'),
    trashBytes: gauge('trash_bytes', 'The part of what is used that lies in the trash.'),
    volumeFreeBytes: gauge('volume_free_bytes', 'Free bytes of the file system of the volume.'),
    volumeTotalBytes: gauge('volume_total_bytes', 'Size of the file system of the volume.'),
    sessions: gauge('sessions_open', 'Sessions of browsers that are signed in.'),
    uploadsOpen: gauge('uploads_open', 'Resumable uploads under way.'),
    deliveriesOpen: gauge('link_deliveries_open', 'Downloads through links that have begun and are not through.'),
    lastBackup,

    /** Counts for a cache; asked twice for one name, the same. */
    cache(name: string): Hits {
      const known = caches.get(name) ?? { hits: 0, misses: 0 }
      caches.set(name, known)
      return known
    },
    contentType: registry.contentType,
    /** Everything as Prometheus reads it. What is known of the process is watched from the first time on. */
    text(): Promise<string> {
      if (!watchesProcess) collectDefaultMetrics({ register: registry })
      watchesProcess = true
      return registry.metrics()
    },
  }
}
