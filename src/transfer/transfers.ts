/**
 * The queue of uploads of one client: small files go ten to a request, three requests go at once, what was lost on the
 * way is sent again, and one bad file does not keep the others from arriving.
 */
import { ApiProblem } from '../api/client.ts'
import { nextBatch } from './batches.ts'
import { isLarge, type SendLarge } from './large.ts'
import type { Send } from './send.ts'
import { openSpeed } from './speed.ts'

export interface Entry {
  file: Blob
  name: string
  /** Folders below the target, `Photos/2026`; empty for the target itself. */
  path: string
}

export interface Target {
  vaultId: string
  /** Null: the top of the vault. */
  folderId: string | null
}

export type Status = 'waiting' | 'sending' | 'paused' | 'done' | 'conflict' | 'failed' | 'cancelled'

/** One file, as it is now. A new object for each change, so that who shows it knows. */
export interface Transfer {
  readonly id: number
  readonly name: string
  readonly path: string
  readonly size: number
  readonly status: Status
  readonly sent: number
  /** Of a file that was replaced: how many bytes had to travel. */
  readonly travelled?: number
  /** It goes by itself, and can be paused. */
  readonly isLarge: boolean
  /** Why it failed, or what is in its place. */
  readonly message?: string
}

export interface Snapshot {
  /** In the order they were added. */
  readonly items: readonly Transfer[]
  readonly counts: Readonly<Record<Status, number>>
  readonly sentBytes: number
  readonly totalBytes: number
  readonly bytesPerSecond: number
  /** Seconds; undefined while nobody can say. */
  readonly secondsLeft: number | undefined
  /** Somebody has to sign in again before it goes on. */
  readonly signedOut: boolean
}

export interface Transfers {
  add(entries: readonly Entry[], target: Target): void
  cancel(id: number): void
  cancelAll(): void
  retry(id: number): void
  /** Stops a large file for now; `retry` goes on with what is missing. */
  pause(id: number): void
  /** Answers a conflict: send it under a free name, as the next version of what is there, or leave it. `all`: every conflict that is open now too. */
  resolve(id: number, how: 'rename' | 'replace' | 'skip', options?: { all?: boolean }): void
  /** Forgets what is over. */
  clear(): void
  /** Goes on after somebody has signed in again. */
  resume(): void
  subscribe(listener: () => void): () => void
  snapshot(): Snapshot
}

export interface TransferOptions {
  send: Send
  sendLarge: SendLarge
  /** Told when files have arrived, a few times a second at most. */
  onArrived?: () => void
  now?: () => number
}

interface Item {
  shown: Transfer
  file: Blob
  target: Target
  group: string
  size: number
  alone: boolean
  onConflict: 'fail' | 'rename' | 'replace'
  attempts: number
  abort: AbortController | undefined
}

const requestsAtOnce = 3
const tellEveryMs = 100
const mostAttempts = 6
const firstRetryMs = 1000
const refusals = new Set([403, 404, 409, 413, 415, 422])

export function openTransfers({
  send,
  sendLarge,
  onArrived = () => {},
  now = () => performance.now(),
}: TransferOptions): Transfers {
  const items = new Map<number, Item>()
  const listeners = new Set<() => void>()
  const speed = openSpeed(now)
  let waiting: Item[] = []
  let running = 0
  let last = 0
  let signedOut = false
  let arrived = false
  let timer: ReturnType<typeof setTimeout> | undefined
  let shown = emptySnapshot

  function tell(): void {
    if (timer !== undefined) return
    timer = setTimeout(() => {
      timer = undefined
      shown = summary()
      for (const listener of listeners) listener()
      if (arrived) onArrived()
      arrived = false
    }, tellEveryMs)
  }

  function summary(): Snapshot {
    const all = [...items.values()].map((item) => item.shown)
    const counts: Record<Status, number> = {
      waiting: 0,
      sending: 0,
      paused: 0,
      done: 0,
      conflict: 0,
      failed: 0,
      cancelled: 0,
    }
    let [sentBytes, totalBytes] = [0, 0]
    for (const { status, sent, size } of all) {
      counts[status]++
      if (status === 'cancelled' || status === 'failed') continue
      totalBytes += size
      sentBytes += sent
    }
    const bytesPerSecond = counts.sending > 0 ? speed.perSecond() : 0
    return {
      items: all,
      counts,
      sentBytes,
      totalBytes,
      bytesPerSecond,
      secondsLeft: bytesPerSecond > 0 ? (totalBytes - sentBytes) / bytesPerSecond : undefined,
      signedOut,
    }
  }

  function change(item: Item, next: Partial<Transfer>): void {
    item.shown = { ...item.shown, ...next }
    tell()
  }

  function queue(item: Item, first = false): void {
    change(item, { status: 'waiting', sent: 0 })
    if (first) waiting.unshift(item)
    else waiting.push(item)
  }

  function pump(): void {
    while (running < requestsAtOnce && !signedOut) {
      const batch = nextBatch(waiting)
      if (batch.length === 0) return
      const taken = new Set(batch)
      waiting = waiting.filter((item) => !taken.has(item))
      running++
      void run(batch).finally(() => {
        running--
        pump()
      })
    }
  }

  async function run(batch: Item[]): Promise<void> {
    const abort = new AbortController()
    const total = batch.reduce((sum, { size }) => sum + size, 0)
    let before = 0
    for (const item of batch) {
      item.abort = abort
      item.attempts++
      change(item, { status: 'sending', sent: 0 })
    }
    const onProgress = (sent: number) => {
      const part = total === 0 ? 1 : Math.min(1, sent / total)
      speed.add(Math.max(0, Math.min(sent, total) - before))
      before = Math.min(sent, total)
      for (const item of batch) change(item, { sent: Math.round(item.size * part) })
    }
    const [first] = batch
    try {
      if (first?.shown.isLarge) await sendAlone(first, abort.signal, onProgress)
      else await send({ body: formOf(batch), signal: abort.signal, onProgress })
      speed.add(Math.max(0, total - before))
      arrived = true
      for (const item of batch) change(item, { status: 'done', sent: item.size })
    } catch (error) {
      await refused(batch, error)
    }
  }

  function sendAlone(item: Item, signal: AbortSignal, onProgress: (sent: number) => void): Promise<void> {
    const { name, path } = item.shown
    return sendLarge({
      file: item.file,
      ...item.target,
      path: path === '' ? name : `${path}/${name}`,
      onConflict: item.onConflict,
      signal,
      onProgress(done, travelled) {
        onProgress(done)
        if (item.onConflict === 'replace') change(item, { travelled })
      },
    })
  }

  // A request is all or none. So of several, each goes again by itself, and only the bad one is told so.
  async function refused(batch: Item[], error: unknown): Promise<void> {
    const isStopped = ({ shown: one }: Item) => one.status === 'cancelled' || one.status === 'paused'
    const cancelled = batch.filter(isStopped)
    const left = batch.filter((item) => !isStopped(item))
    if (cancelled.length > 0) {
      for (const item of left.reverse()) queue(item, true)
      return
    }
    const problem =
      error instanceof ApiProblem
        ? error
        : new ApiProblem({ detail: error instanceof Error ? error.message : String(error) })
    if (problem.status === 401) {
      signedOut = true
      for (const item of left) queue(item, true)
    } else if (refusals.has(problem.status)) {
      const [only] = left
      if (left.length > 1) {
        for (const item of left.reverse()) {
          item.alone = true
          queue(item, true)
        }
      } else if (only)
        change(only, { status: problem.status === 409 ? 'conflict' : 'failed', sent: 0, message: problem.message })
    } else {
      const tired = left.filter(({ attempts }) => attempts >= mostAttempts)
      for (const item of tired) change(item, { status: 'failed', sent: 0, message: problem.message })
      const again = left.filter(({ attempts }) => attempts < mostAttempts)
      if (again.length === 0) return
      for (const item of again) change(item, { status: 'waiting', sent: 0 })
      await new Promise((resolve) =>
        setTimeout(
          resolve,
          problem.retryAfter ? problem.retryAfter * 1000 : firstRetryMs * 2 ** ((again[0]?.attempts ?? 1) - 1),
        ),
      )
      waiting.unshift(...again.filter((item) => item.shown.status === 'waiting'))
    }
  }

  function cancel(item: Item): void {
    if (item.shown.status === 'done') return
    const sending = item.shown.status === 'sending'
    change(item, { status: 'cancelled', sent: 0 })
    sendLarge.forget(item.file)
    waiting = waiting.filter((one) => one !== item)
    if (sending) item.abort?.abort(new Error('Cancelled.'))
  }

  return {
    add(entries, target) {
      for (const { file, name, path } of entries) {
        const id = ++last
        const item: Item = {
          shown: { id, name, path, size: file.size, status: 'waiting', sent: 0, isLarge: isLarge(file.size, 'fail') },
          file,
          target,
          group: `${target.vaultId} ${target.folderId} ${path}`,
          size: file.size,
          alone: isLarge(file.size, 'fail'),
          onConflict: 'fail',
          attempts: 0,
          abort: undefined,
        }
        items.set(id, item)
        waiting.push(item)
      }
      tell()
      pump()
    },
    cancel(id) {
      const item = items.get(id)
      if (item) cancel(item)
    },
    cancelAll() {
      for (const item of items.values()) if (!over(item)) cancel(item)
    },
    retry(id) {
      const item = items.get(id)
      if (!item || !['failed', 'cancelled', 'conflict', 'paused'].includes(item.shown.status)) return
      item.attempts = 0
      queue(item)
      pump()
    },
    pause(id) {
      const item = items.get(id)
      if (!item?.shown.isLarge || !['sending', 'waiting'].includes(item.shown.status)) return
      const sending = item.shown.status === 'sending'
      change(item, { status: 'paused' })
      waiting = waiting.filter((one) => one !== item)
      if (sending) item.abort?.abort(new Error('Paused.'))
    },
    resolve(id, how, { all = false } = {}) {
      const open = [...items.values()].filter(({ shown: one }) => one.status === 'conflict' && (all || one.id === id))
      for (const item of open) {
        if (how === 'skip') change(item, { status: 'cancelled' })
        else {
          item.onConflict = how
          item.alone = true
          change(item, { isLarge: isLarge(item.size, how) })
          queue(item)
        }
      }
      pump()
    },
    clear() {
      for (const [id, item] of items) if (over(item)) items.delete(id)
      tell()
    },
    resume() {
      signedOut = false
      tell()
      pump()
    },
    subscribe(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    snapshot: () => shown,
  }
}

function over({ shown }: Item): boolean {
  return shown.status === 'done' || shown.status === 'failed' || shown.status === 'cancelled'
}

function formOf(batch: Item[]): FormData {
  const form = new FormData()
  const [first] = batch
  if (!first) return form
  form.append('vaultId', first.target.vaultId)
  if (first.target.folderId !== null) form.append('folderId', first.target.folderId)
  if (first.shown.path !== '') form.append('path', first.shown.path)
  form.append('onConflict', first.onConflict)
  for (const { file, shown } of batch) form.append('files', file, shown.name)
  return form
}

const emptySnapshot: Snapshot = {
  items: [],
  counts: { waiting: 0, sending: 0, paused: 0, done: 0, conflict: 0, failed: 0, cancelled: 0 },
  sentBytes: 0,
  totalBytes: 0,
  bytesPerSecond: 0,
  secondsLeft: undefined,
  signedOut: false,
}
