/** The transfers, at the bottom right while there are any: how far, how fast, how long, and what to do where one stopped. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { Check, ChevronDown, ChevronUp, CircleAlert, Pause, Play, RotateCcw, X } from 'lucide-react'
import { useMemo, useRef, useState } from 'react'
import type { Snapshot, Transfer } from '../../../src/transfer/transfers.ts'
import { Bar } from '../kit/Bar.tsx'
import { Button, IconButton } from '../kit/Button.tsx'
import { formatBytes, formatCount, formatLeft, formatNumber } from '../kit/format.ts'
import { useTransfers, useUploads } from './uploads.ts'

const rowHeight = 52
const tallest = 260

export function Tray() {
  const shown = useTransfers()
  const { cancelAll, clear, resume } = useUploads()
  const [folded, setFolded] = useState(false)
  const { counts, items } = shown
  if (items.length === 0) return null
  const busy = counts.sending + counts.waiting > 0
  const conflict = items.find(({ status }) => status === 'conflict')
  return (
    <section
      aria-label="Transfers"
      className="appear fixed right-4 bottom-4 z-30 w-[404px] max-w-[calc(100vw-2rem)] overflow-hidden rounded-[10px] border border-line bg-card shadow-float"
    >
      <header className="flex h-11 items-center gap-2 border-b border-line pr-1.5 pl-3">
        <h2 role="status" className="flex-1 truncate font-semibold">
          {title(shown)}
        </h2>
        {busy && <span className="text-sm text-faint">{pace(shown)}</span>}
        <IconButton
          icon={folded ? ChevronUp : ChevronDown}
          label={folded ? 'Show the transfers' : 'Fold'}
          onPress={() => setFolded(!folded)}
        />
        <IconButton icon={X} label={busy ? 'Cancel all' : 'Close'} onPress={busy ? cancelAll : clear} />
      </header>
      {busy && folded && (
        <Bar label="All transfers" value={shown.totalBytes === 0 ? 0 : shown.sentBytes / shown.totalBytes} />
      )}
      {shown.signedOut && (
        <div className="flex items-center gap-2 border-b border-line px-3 py-2">
          <span className="flex-1">Sign in again in another tab, then go on.</span>
          <Button onPress={resume}>Go on</Button>
        </div>
      )}
      {conflict && !folded && <Conflict item={conflict} count={counts.conflict} />}
      {!folded && <List items={items} />}
    </section>
  )
}

function title({ counts, items }: Snapshot): string {
  const over = counts.done + counts.failed + counts.cancelled + counts.conflict
  if (counts.sending + counts.waiting > 0)
    return `Uploading ${formatNumber(Math.min(items.length, over + 1))} of ${formatNumber(items.length)}`
  if (counts.paused > 0) return `${formatCount(counts.paused, 'upload')} paused`
  if (counts.failed > 0) return `${formatCount(counts.done, 'file')} uploaded, ${formatNumber(counts.failed)} not`
  return counts.done > 0 ? `${formatCount(counts.done, 'file')} uploaded` : 'Nothing was uploaded'
}

function pace({ bytesPerSecond, secondsLeft }: Snapshot): string {
  if (bytesPerSecond <= 0) return ''
  return `${formatBytes(bytesPerSecond)}/s${secondsLeft === undefined ? '' : ` · ${formatLeft(secondsLeft)} left`}`
}

function Conflict({ item, count }: { item: Transfer; count: number }) {
  const { resolve } = useUploads()
  return (
    <div role="alert" className="border-b border-line bg-hover px-3 py-2.5">
      <p className="pb-2">
        There is a <bdi className="font-medium">{item.name}</bdi> already
        {count > 1 ? `, and ${formatNumber(count - 1)} more like it` : ''}.
      </p>
      <div className="flex gap-2">
        <Button onPress={() => resolve(item.id, 'rename', { all: true })}>
          {count > 1 ? 'Keep both, for all' : 'Keep both'}
        </Button>
        <Button onPress={() => resolve(item.id, 'replace', { all: true })}>
          {count > 1 ? 'Replace all' : 'Replace'}
        </Button>
        <Button look="quiet" onPress={() => resolve(item.id, 'skip', { all: true })}>
          {count > 1 ? 'Skip all' : 'Skip'}
        </Button>
      </div>
    </div>
  )
}

/** What goes on first, then what waits, then what is over; only the rows in sight are in the page. */
function List({ items }: { items: readonly Transfer[] }) {
  const scroller = useRef<HTMLDivElement>(null)
  const sorted = useMemo(() => {
    const order = { sending: 0, conflict: 1, failed: 2, paused: 3, waiting: 4, done: 5, cancelled: 6 }
    return [...items].sort((a, b) => order[a.status] - order[b.status] || a.id - b.id)
  }, [items])
  const rows = useVirtualizer({
    count: sorted.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 4,
    initialRect: { width: 400, height: tallest },
  })
  return (
    <section
      ref={scroller}
      // biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keys can scroll it
      tabIndex={0}
      aria-label="Files"
      className="overflow-auto outline-none"
      style={{ maxHeight: tallest }}
    >
      <ul className="relative" style={{ height: rows.getTotalSize() }}>
        {rows.getVirtualItems().map(({ index, start }) => {
          const item = sorted[index]
          return item && <Row key={item.id} item={item} start={start} />
        })}
      </ul>
    </section>
  )
}

function Row({ item, start }: { item: Transfer; start: number }) {
  const { cancel, retry, pause } = useUploads()
  const { status, name, message } = item
  return (
    <li
      className="absolute inset-x-0 flex flex-col justify-center gap-1.5 px-3"
      style={{ height: rowHeight, transform: `translateY(${start}px)` }}
    >
      <div className="flex items-center gap-2">
        {(status === 'failed' || status === 'conflict') && (
          <CircleAlert size={14} className="shrink-0 text-danger" aria-hidden />
        )}
        <bdi className="min-w-0 flex-1 truncate">{name}</bdi>
        <span className="shrink-0 text-sm text-faint">{stateOf(item)}</span>
        {status === 'done' && <Check size={16} className="shrink-0 text-good" aria-label="Done" />}
        {item.isLarge && (status === 'sending' || status === 'waiting') && (
          <Small icon={Pause} label={`Pause ${name}`} onPress={() => pause(item.id)} />
        )}
        {status === 'paused' && <Small icon={Play} label={`Go on with ${name}`} onPress={() => retry(item.id)} />}
        {(status === 'sending' || status === 'waiting' || status === 'paused') && (
          <Small icon={X} label={`Cancel ${name}`} onPress={() => cancel(item.id)} />
        )}
        {(status === 'failed' || status === 'cancelled') && (
          <Small icon={RotateCcw} label={`Try ${name} again`} onPress={() => retry(item.id)} />
        )}
      </div>
      {message !== undefined && (status === 'failed' || status === 'conflict') ? (
        <p className="truncate text-sm text-danger" title={message}>
          {message}
        </p>
      ) : (
        <Bar label={name} value={shareOf(item)} tone={status === 'done' ? 'good' : 'accent'} />
      )}
    </li>
  )
}

function shareOf({ size, sent, status }: Transfer): number {
  return size === 0 ? Number(status === 'done') : sent / size
}

function stateOf({ status, size, sent, travelled }: Transfer): string {
  if (travelled !== undefined && (status === 'sending' || status === 'done'))
    return `sent ${formatBytes(travelled)} of ${formatBytes(size)}`
  if (status === 'sending' && size > 0) return `${Math.floor((sent / size) * 100)} %`
  if (status === 'paused') return `paused at ${size === 0 ? 0 : Math.floor((sent / size) * 100)} %`
  if (status === 'cancelled') return 'cancelled'
  return status === 'waiting' ? 'waits' : formatBytes(size)
}

function Small({ icon: Icon, label, onPress }: { icon: typeof X; label: string; onPress: () => void }) {
  return (
    <button type="button" aria-label={label} onClick={onPress} className="rounded p-0.5 text-soft hover:text-text">
      <Icon size={15} aria-hidden />
    </button>
  )
}
