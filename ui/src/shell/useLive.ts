/** Listens to what happens in a vault, and asks anew for what is shown. After a break it goes on where it was. */
import { useQueryClient } from '@tanstack/react-query'
import { useEffect } from 'react'
import { closeCodes, type LiveEvent } from '../../../src/api/live.ts'
import { makeStale } from '../files/queries.ts'

/** Many changes at once are one question. */
const gatherMs = 400
const firstWaitMs = 1000
const longestWaitMs = 30_000

export function useLive(vaultId: string | undefined): void {
  const queries = useQueryClient()
  useEffect(() => {
    if (vaultId === undefined) return
    let socket: WebSocket | undefined
    let since: number | undefined
    let waitMs = firstWaitMs
    let isOver = false
    let asking: number | undefined
    let returning: number | undefined

    const ask = () => {
      asking ??= window.setTimeout(() => {
        asking = undefined
        void makeStale(queries)
      }, gatherMs)
    }
    const open = () => {
      const address = `${location.origin.replace(/^http/, 'ws')}/ws/vaults/${encodeURIComponent(vaultId)}`
      socket = new WebSocket(since === undefined ? address : `${address}?since=${since}`)
      socket.onmessage = ({ data }) => {
        const event = JSON.parse(String(data)) as LiveEvent
        waitMs = firstWaitMs
        if ('seq' in event) since = event.seq
        if (event.type === 'sync_status') {
          if (event.behind > 0 || event.reset) ask()
        } else if (event.type !== 'sync_completed' && event.type !== 'transfer_progress') ask()
      }
      socket.onclose = ({ code }) => {
        if (isOver || code === closeCodes.signedOut) return
        // Who may not listen any more finds out what they may see.
        if (code === closeCodes.notAllowed) return ask()
        returning = window.setTimeout(open, waitMs)
        waitMs = Math.min(longestWaitMs, waitMs * 2)
      }
    }
    open()
    return () => {
      isOver = true
      window.clearTimeout(asking)
      window.clearTimeout(returning)
      socket?.close()
    }
  }, [vaultId, queries])
}
