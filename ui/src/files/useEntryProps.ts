/** How an entry behaves in the table and in the grid alike: clicks, dragging, dropping, its menu. */
import type { DragEvent, MouseEvent } from 'react'
import { startDrag, useDropEntries } from './dragging.ts'
import type { ListProps } from './list.ts'
import { type Entry, entryId, entryName } from './queries.ts'

export interface Shown extends Pick<ListProps, 'selection' | 'onOpen' | 'onMenu'> {
  entry: Entry
  index: number
  /** Neither dragged nor dropped on: it lies in the trash. */
  fixed: boolean
}

/** `props` for its element; whether it is selected, and whether something is held over it. */
export function useEntryProps({ entry, index, fixed, selection, onOpen, onMenu }: Shown) {
  const id = entryId(entry)
  const on = selection.has(id)
  const { over, handlers } = useDropEntries(id, entryName(entry))
  return {
    on,
    over,
    props: {
      id: `row-${id}`,
      'aria-selected': on,
      draggable: !fixed,
      ...(entry.type === 'folder' && !fixed ? handlers : {}),
      onDragStart: (event: DragEvent) => startDrag(event, on ? selection.selected : [entry]),
      onClick: (event: MouseEvent) =>
        selection.to(index, { range: event.shiftKey, toggle: event.ctrlKey || event.metaKey }),
      onDoubleClick: () => onOpen(entry),
      onContextMenu: (event: MouseEvent) => {
        event.preventDefault()
        if (!on) selection.to(index)
        onMenu({ x: event.clientX, y: event.clientY })
      },
    },
  }
}
