/** Asks for a new name; the ending of a file is left unselected, as it is seldom meant. */
import { useEffect, useRef } from 'react'
import { AskText } from '../kit/AskText.tsx'
import { type Entry, entryName, useRename } from './queries.ts'

export function Rename({ entry, onClose }: { entry: Entry; onClose: () => void }) {
  const before = entryName(entry)
  const input = useRef<HTMLInputElement>(null)
  const { mutate, isPending, error } = useRename()
  useEffect(() => {
    const dot = entry.type === 'file' ? before.lastIndexOf('.') : -1
    input.current?.setSelectionRange(0, dot > 0 ? dot : before.length)
  }, [before, entry.type])
  return (
    <AskText
      title="Rename"
      label="New name"
      act="Rename"
      initial={before}
      inputRef={input}
      busy={isPending}
      error={error?.message}
      onSubmit={(name) => (name === before ? onClose() : mutate({ entry, name }, { onSuccess: onClose }))}
      onClose={onClose}
    />
  )
}
