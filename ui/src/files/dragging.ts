/** Dragging entries of the list onto a folder. What is dragged stays in this page; the desktop only learns that something is. */
import { type DragEvent, useState } from 'react'
import { formatCount } from '../kit/format.ts'
import { useToast, useTold } from '../kit/Toast.tsx'
import { type Entry, entryId, useMove, useMoveBack } from './queries.ts'

const type = 'application/x-filevault-entries'
let dragged: Entry[] = []

export function startDrag(event: DragEvent, entries: Entry[]): void {
  dragged = entries
  event.dataTransfer.setData(type, String(entries.length))
  event.dataTransfer.effectAllowed = 'move'
}

/** Moves entries and offers the way back. */
export function useMoveEntries(): (entries: Entry[], to: string | null, name: string) => void {
  const { mutateAsync: move } = useMove()
  const { mutateAsync: back } = useMoveBack()
  const show = useToast()
  const told = useTold()
  return (entries, to, name) =>
    told(
      move({ entries, to }).then(() =>
        show({ text: `Moved ${formatCount(entries.length, 'item')} to ${name}.`, undo: () => told(back(entries)) }),
      ),
    )
}

/** Makes an element take dragged entries; null is the top of the vault. */
export function useDropEntries(folderId: string | null, name = 'the folder') {
  const [over, setOver] = useState(false)
  const move = useMoveEntries()
  const takes = (event: DragEvent) => event.dataTransfer.types.includes(type)
  return {
    over,
    handlers: {
      onDragOver: (event: DragEvent) => {
        if (!takes(event)) return
        event.preventDefault()
        setOver(true)
      },
      onDragLeave: () => setOver(false),
      onDrop: (event: DragEvent) => {
        setOver(false)
        if (!takes(event)) return
        event.preventDefault()
        event.stopPropagation()
        const entries = dragged.filter((entry) => entryId(entry) !== folderId)
        if (entries.length > 0) move(entries, folderId, name)
      },
    },
  }
}
