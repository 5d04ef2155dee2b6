/** The list as pictures. Only the rows in sight are in the page. */
import { useVirtualizer } from '@tanstack/react-virtual'
import { Star } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { classes } from '../kit/classes.ts'
import { formatBytes, formatCount, formatDuration } from '../kit/format.ts'
import type { ListProps } from './list.ts'
import { LargePicture } from './Picture.tsx'
import { entryId, entryName } from './queries.ts'
import { type Shown, useEntryProps } from './useEntryProps.ts'

const least = 168
const gap = 12
const caption = 44

export function Grid({
  list,
  shelf,
  selection,
  label,
  onKeys,
  onOpen,
  onMenu,
  onColumns,
}: ListProps & { onColumns: (columns: number) => void }) {
  const { entries, hasMore, more } = list
  const scroller = useRef<HTMLDivElement>(null)
  const [width, setWidth] = useState(0)
  useEffect(() => {
    const element = scroller.current
    if (!element) return
    const observer = new ResizeObserver(() => setWidth(element.clientWidth - 2 * 16))
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const columns = Math.max(1, Math.floor((width + gap) / (least + gap)))
  const side = width > 0 ? (width - gap * (columns - 1)) / columns : least
  useEffect(() => onColumns(columns), [columns, onColumns])
  const rows = useVirtualizer({
    count: Math.ceil(entries.length / columns),
    getScrollElement: () => scroller.current,
    estimateSize: () => side * 0.75 + caption + gap,
    overscan: 3,
    paddingStart: 12,
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: heights follow the width
  useEffect(() => rows.measure(), [side, rows])
  const items = rows.getVirtualItems()
  const last = (items.at(-1)?.index ?? 0) * columns
  useEffect(() => {
    if (hasMore && last > entries.length - 250) more()
  }, [last, entries.length, hasMore, more])
  useEffect(() => {
    if (selection.cursor >= 0) rows.scrollToIndex(Math.floor(selection.cursor / columns))
  }, [selection.cursor, columns, rows])
  const focused = entries[selection.cursor]

  return (
    <div
      ref={scroller}
      id="list"
      role="listbox"
      aria-label={label}
      aria-multiselectable
      tabIndex={0}
      aria-activedescendant={focused ? `row-${entryId(focused)}` : undefined}
      onKeyDown={onKeys}
      className="min-h-0 flex-1 overflow-auto px-4 outline-none"
    >
      <div role="presentation" style={{ height: rows.getTotalSize() }} className="relative">
        {items.map(({ index, start }) => (
          <div
            key={index}
            role="presentation"
            className="absolute inset-x-0 grid"
            style={{
              transform: `translateY(${start}px)`,
              gap,
              gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`,
            }}
          >
            {entries.slice(index * columns, (index + 1) * columns).map((entry, i) => (
              <Tile
                key={entryId(entry)}
                entry={entry}
                index={index * columns + i}
                height={side * 0.75}
                fixed={shelf === 'trash'}
                {...{ selection, onOpen, onMenu }}
              />
            ))}
          </div>
        ))}
      </div>
    </div>
  )
}

interface TileProps extends Shown {
  height: number
}

function Tile({ height, ...shown }: TileProps) {
  const { entry, index, selection } = shown
  const { on, over, props } = useEntryProps(shown)
  const name = entryName(entry)
  return (
    <div
      {...props}
      role="option"
      aria-selected={on}
      className={classes(
        'min-w-0 rounded-lg p-1.5 select-none',
        on ? 'bg-selected' : 'hover:bg-hover',
        (over || selection.cursor === index) && 'ring-2 ring-accent',
      )}
    >
      <div className="relative overflow-hidden rounded-md bg-block" style={{ height: height - 12 }}>
        <LargePicture entry={entry} />
        {entry.type === 'file' && entry.file.duration !== null && (
          <span className="absolute right-1.5 bottom-1.5 rounded bg-black/70 px-1 text-xs text-white">
            {formatDuration(entry.file.duration)}
          </span>
        )}
        {entry.type === 'file' && entry.file.favorite && (
          <Star size={14} fill="currentColor" className="absolute top-1.5 right-1.5 text-warn" aria-label="Favourite" />
        )}
      </div>
      <div className="px-1 pt-1.5">
        <bdi className="block truncate">{name}</bdi>
        <div className="truncate text-sm text-faint">
          {entry.type === 'file'
            ? formatBytes(entry.file.size)
            : formatCount(entry.folder.fileCount + entry.folder.folderCount, 'item')}
        </div>
      </div>
    </div>
  )
}
