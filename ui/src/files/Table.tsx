/** The list as a table. Only the rows in sight are in the page; the arrow keys walk all of them. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { ArrowDown, ArrowUp, Star } from 'lucide-react'
import { useEffect, useRef } from 'react'
import { classes } from '../kit/classes.ts'
import { formatBytes, formatCount, formatMoment, formatTime } from '../kit/format.ts'
import { kindLooks } from '../kit/kinds.ts'
import type { ListProps } from './list.ts'
import { Owner } from './Owner.tsx'
import { Picture } from './Picture.tsx'
import { usePlace } from './place.ts'
import { type Entry, entryId, type Sort } from './queries.ts'
import { useEntryProps } from './useEntryProps.ts'

const rowHeight = 36
const grid =
  'grid grid-cols-[minmax(0,1fr)_5.5rem_5.5rem] sm:grid-cols-[minmax(12rem,1fr)_4.5rem_5.5rem_minmax(0,11rem)_5.5rem_1.75rem] items-center gap-x-4 px-4'
const columns: { name: string; sort?: Sort; end?: boolean; wide?: boolean }[] = [
  { name: 'Name', sort: 'name' },
  { name: 'Type', sort: 'extension', wide: true },
  { name: 'Size', sort: 'size', end: true },
  { name: 'Tags', wide: true },
  { name: 'Changed', sort: 'updatedAt' },
  { name: 'Owner', wide: true },
]

export function Table({ list, shelf, selection, label, onKeys, onOpen, onMenu }: ListProps) {
  const { entries, sort, order, searching, hasMore, more } = list
  const { change, place } = usePlace()
  const scroller = useRef<HTMLDivElement>(null)
  const rows = useVirtualizer({
    count: entries.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    overscan: 16,
  })
  const items = rows.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    if (hasMore && last > entries.length - 250) more()
  }, [last, entries.length, hasMore, more])
  useEffect(() => {
    if (selection.cursor >= 0) rows.scrollToIndex(selection.cursor)
  }, [selection.cursor, rows])
  const sorted = searching && place.sort === undefined ? undefined : sort
  const sortBy = (next: Sort) =>
    change(
      {
        sort: next,
        order:
          sorted === next && order === 'asc'
            ? 'desc'
            : sorted === next
              ? 'asc'
              : next === 'name' || next === 'extension'
                ? 'asc'
                : 'desc',
      },
      true,
    )
  const focused = entries[selection.cursor]

  return (
    <div
      role="grid"
      aria-label={label}
      aria-rowcount={hasMore ? -1 : entries.length + 1}
      aria-multiselectable
      id="list"
      tabIndex={0}
      aria-activedescendant={focused ? `row-${entryId(focused)}` : undefined}
      onKeyDown={(event) => event.target === event.currentTarget && onKeys(event)}
      className="group flex min-h-0 flex-1 flex-col outline-none"
    >
      <div
        role="row"
        aria-rowindex={1}
        className={classes(grid, 'h-[30px] shrink-0 border-b border-line text-sm text-soft')}
      >
        {columns.map(({ name, sort: by, end, wide }) => (
          <div
            key={name}
            role="columnheader"
            aria-sort={by !== undefined && by === sorted ? (order === 'asc' ? 'ascending' : 'descending') : 'none'}
            className={classes(
              'flex min-w-0',
              end && 'justify-end',
              wide && 'max-sm:hidden',
              name === 'Name' && 'pl-[38px]',
            )}
          >
            {by && shelf !== 'trash' ? (
              <button
                type="button"
                onClick={() => sortBy(by)}
                className="flex items-center gap-1 rounded hover:text-text"
              >
                {name}
                {by === sorted &&
                  (order === 'asc' ? <ArrowUp size={12} aria-hidden /> : <ArrowDown size={12} aria-hidden />)}
              </button>
            ) : (
              <span className={classes(name === 'Owner' && 'sr-only')}>{name}</span>
            )}
          </div>
        ))}
      </div>
      <div ref={scroller} role="rowgroup" className="min-h-0 flex-1 overflow-auto">
        <div style={{ height: rows.getTotalSize() }} className="relative">
          {items.map(({ index, start }) => {
            const entry = entries[index]
            return (
              entry && (
                <Row
                  key={entryId(entry)}
                  {...{ entry, index, start, selection, onOpen, onMenu, list }}
                  deleted={shelf === 'trash'}
                  showPath={searching || shelf !== 'files'}
                />
              )
            )
          })}
        </div>
      </div>
    </div>
  )
}

interface RowProps extends Pick<ListProps, 'selection' | 'onOpen' | 'onMenu' | 'list'> {
  entry: Entry
  index: number
  start: number
  deleted: boolean
  /** Says where it lies: not everything shown is in one folder. */
  showPath: boolean
}

function Row({ entry, index, start, selection, onOpen, onMenu, deleted, showPath }: RowProps) {
  const { on, over, props } = useEntryProps({ entry, index, fixed: deleted, selection, onOpen, onMenu })
  const { name, path, updatedAt, deletedAt } = entry.type === 'file' ? entry.file : entry.folder
  const above = path.slice(0, path.lastIndexOf('/'))
  const when = deleted && deletedAt ? deletedAt : updatedAt
  return (
    <div
      {...props}
      role="row"
      aria-rowindex={index + 2}
      className={classes(
        grid,
        'row-line absolute inset-x-0 h-9 border-b select-none',
        on ? 'bg-selected' : 'hover:bg-hover',
        over && 'ring-2 ring-accent ring-inset',
        selection.cursor === index && 'shadow-[inset_2px_0_0_var(--accent)]',
      )}
      style={{ transform: `translateY(${start}px)` }}
    >
      <div role="gridcell" className="flex min-w-0 items-center gap-3">
        <Picture entry={entry} />
        <bdi className="truncate">{name}</bdi>
        {entry.type === 'file' && entry.file.favorite && (
          <Star size={13} fill="currentColor" className="shrink-0 text-warn" aria-label="Favourite" />
        )}
        {entry.type === 'file' && entry.file.snippet ? (
          <Snippet pieces={entry.file.snippet} />
        ) : (
          showPath &&
          above !== '' && (
            <bdi className="hidden min-w-0 shrink-[3] truncate text-sm text-faint md:block">{above.slice(1)}</bdi>
          )
        )}
      </div>
      <div
        role="gridcell"
        className={classes(
          'truncate text-xs font-semibold uppercase max-sm:hidden',
          entry.type === 'file' && kindLooks[entry.file.kind].color,
        )}
      >
        {entry.type === 'file' ? entry.file.extension.slice(0, 6) : ''}
      </div>
      <div role="gridcell" className="truncate text-right text-soft">
        {entry.type === 'file'
          ? formatBytes(entry.file.size)
          : formatCount(entry.folder.fileCount + entry.folder.folderCount, 'item')}
      </div>
      <div role="gridcell" className="flex gap-1.5 overflow-hidden max-sm:hidden">
        {entry.type === 'file' &&
          entry.file.tags.map((tag) => (
            <span key={tag} className="shrink-0 rounded bg-block px-1.5 text-sm text-soft">
              {tag}
            </span>
          ))}
      </div>
      <div role="gridcell" className="truncate text-soft" title={formatMoment(when)}>
        {formatTime(when)}
      </div>
      <div role="gridcell" className="max-sm:hidden">
        {entry.type === 'file' && <Owner file={entry.file} />}
      </div>
    </div>
  )
}

/** Where the words stand in a document. */
function Snippet({ pieces }: { pieces: { text: string; marked: boolean }[] }) {
  return (
    <bdi className="min-w-0 flex-1 shrink-[3] truncate text-sm text-soft max-md:hidden">
      {pieces.map(({ text, marked }, i) =>
        marked ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text have no names
          <mark key={i} className="rounded-sm bg-selected px-0.5 font-medium text-accent-strong">
            {text}
          </mark>
        ) : (
          text
        ),
      )}
    </bdi>
  )
}
