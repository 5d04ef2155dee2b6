/** The one queue of uploads of this page. When files arrive, what shows files is asked for again. */
import { type QueryClient, useQueryClient } from '@tanstack/react-query'
import { useSyncExternalStore } from 'react'
import { openLarge } from '../../../src/transfer/large.ts'
import { sendFromBrowser } from '../../../src/transfer/send.ts'
import {
  type Entry,
  openTransfers,
  type Snapshot,
  type Target,
  type Transfers,
} from '../../../src/transfer/transfers.ts'
import { addressOf, call } from '../call.ts'
import { makeStale } from '../files/queries.ts'

/** Soon after the first has arrived, then once in a while. */
const soonMs = 150
const refreshMs = 1500

let queries: QueryClient | undefined
let refreshing: ReturnType<typeof setTimeout> | undefined
let refreshedAt = 0

const transfers: Transfers = openTransfers({
  send: sendFromBrowser,
  sendLarge: openLarge({ call, url: addressOf }),
  onArrived() {
    if (refreshing !== undefined) return
    const wait = performance.now() - refreshedAt > refreshMs ? soonMs : refreshMs
    refreshing = setTimeout(() => {
      refreshing = undefined
      refreshedAt = performance.now()
      if (queries) void makeStale(queries)
    }, wait)
  },
})

// Leaving the page ends what is being sent; the browser asks first.
addEventListener('beforeunload', (event) => {
  const { sending, waiting } = transfers.snapshot().counts
  if (sending + waiting > 0) event.preventDefault()
})

/** The verbs of the queue; does not draw again when it moves. */
export function useUploads(): Omit<Transfers, 'subscribe' | 'snapshot'> & {
  add(entries: readonly Entry[], target: Target): void
} {
  queries = useQueryClient()
  return transfers
}

/** The queue as it is now. */
export function useTransfers(): Snapshot {
  return useSyncExternalStore(transfers.subscribe, transfers.snapshot)
}
