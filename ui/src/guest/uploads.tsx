/** What a guest puts in: one file after the other, each with its progress; what failed says why and can be tried again. */
import { useQueryClient } from '@tanstack/react-query'
import { Check, CircleAlert, RotateCcw } from 'lucide-react'
import { useCallback, useRef, useState } from 'react'
import { putGuestFile } from '../../../src/api/shares.ts'
import { putFromBrowser } from '../../../src/transfer/send.ts'
import type { Entry } from '../../../src/transfer/transfers.ts'
import { addressOf } from '../call.ts'
import { Bar } from '../kit/Bar.tsx'
import { IconButton } from '../kit/Button.tsx'
import { formatBytes } from '../kit/format.ts'
import { type GuestShare, keys } from '../sharing/queries.ts'

export interface GuestUpload {
  id: number
  name: string
  size: number
  sent: number
  state: 'waiting' | 'sending' | 'done' | 'failed'
  problem?: string
  again: () => void
}

interface Waiting {
  id: number
  path: string
  file: Blob
}

export function useGuestUploads(share: GuestShare, path: string) {
  const { shortCode } = share
  const [list, setList] = useState<GuestUpload[]>([])
  const waiting = useRef<Waiting[]>([])
  const running = useRef(false)
  const last = useRef(0)
  const queries = useQueryClient()

  const run = useCallback(async () => {
    if (running.current) return
    running.current = true
    const tell = (id: number, change: Partial<GuestUpload>) =>
      setList((all) => all.map((one) => (one.id === id ? { ...one, ...change } : one)))
    for (let next = waiting.current.shift(); next; next = waiting.current.shift()) {
      const { id, file } = next
      tell(id, { state: 'sending', sent: 0 })
      try {
        const address = addressOf(putGuestFile, { params: { shortCode, path: next.path } })
        const { signal } = new AbortController()
        await putFromBrowser(address, file, { signal, onProgress: (sent) => tell(id, { sent }) })
        tell(id, { state: 'done' })
      } catch (error) {
        tell(id, { state: 'failed', problem: error instanceof Error ? error.message : String(error) })
      }
    }
    running.current = false
    await queries.invalidateQueries({ queryKey: [...keys.guest(shortCode), 'files'] })
  }, [shortCode, queries])

  const add = useCallback(
    (entries: Entry[]) => {
      const added = entries.map(({ file, name, path: below }) => {
        const id = ++last.current
        const to = [path, below, name].flatMap((part) => part.split('/')).filter(Boolean)
        const queue = () => {
          waiting.current.push({ id, path: to.join('/'), file: file as Blob })
          void run()
        }
        return {
          queue,
          shown: { id, name, size: (file as Blob).size, sent: 0, state: 'waiting', again: queue } as const,
        }
      })
      setList((all) => [...all.filter(({ state }) => state !== 'done'), ...added.map(({ shown }) => shown)])
      for (const { queue } of added) queue()
    },
    [path, run],
  )
  return { list, add }
}

export function Sent({ uploads }: { uploads: GuestUpload[] }) {
  if (uploads.length === 0) return null
  const done = uploads.filter(({ state }) => state === 'done').length
  return (
    <section aria-label="Your files" className="rounded-lg border border-line bg-card">
      <h2 className="border-b border-line px-4 py-2 font-medium" aria-live="polite">
        {done === uploads.length ? `${done} put in. Thank you.` : `${done} of ${uploads.length} put in`}
      </h2>
      <ul className="max-h-56 overflow-auto px-4">
        {uploads.map(({ id, name, size, sent, state, problem, again }) => (
          <li key={id} className="row-line flex min-h-10 items-center gap-3 border-b py-1.5 last:border-0">
            <bdi className="min-w-0 flex-1 truncate">{name}</bdi>
            {state === 'failed' ? (
              <>
                <span className="flex items-center gap-1.5 text-sm text-danger">
                  <CircleAlert size={14} aria-hidden /> {problem}
                </span>
                <IconButton icon={RotateCcw} label={`Try ${name} again`} onPress={again} />
              </>
            ) : state === 'done' ? (
              <span className="flex items-center gap-1.5 text-sm text-good">
                <Check size={14} aria-hidden /> {formatBytes(size)}
              </span>
            ) : (
              <span className="w-40">
                <Bar label={`Sent of ${name}`} value={size === 0 ? 0 : sent / size} tone="accent" />
              </span>
            )}
          </li>
        ))}
      </ul>
    </section>
  )
}
