/** A quota that is edited where it stands: Enter keeps it, Escape does not. */
import { useState } from 'react'
import { formatBytes, parseBytes } from '../kit/format.ts'
import { useToast, useTold } from '../kit/Toast.tsx'

export function Quota({
  of,
  quotaBytes: before,
  onChange,
}: {
  of: string
  quotaBytes: number
  onChange: (quotaBytes: number) => Promise<unknown>
}) {
  const [text, setText] = useState<string>()
  const told = useTold()
  const show = useToast()
  const save = () => {
    if (text === undefined) return
    const quotaBytes = parseBytes(text)
    setText(undefined)
    if (quotaBytes === undefined) show({ text: `"${text}" is not a size. Write it like 10 GB.`, wrong: true })
    else if (text !== formatBytes(before)) told(onChange(quotaBytes))
  }
  return (
    <input
      aria-label={`Quota of ${of}`}
      value={text ?? formatBytes(before)}
      onFocus={(event) => {
        setText(formatBytes(before))
        event.currentTarget.select()
      }}
      onChange={(event) => setText(event.target.value)}
      onBlur={save}
      onKeyDown={(event) => {
        if (event.key === 'Enter') event.currentTarget.blur()
        if (event.key === 'Escape') {
          setText(undefined)
          const field = event.currentTarget
          requestAnimationFrame(() => field.blur())
        }
      }}
      className="h-8 w-28 rounded-md border border-transparent bg-transparent px-2 hover:border-line focus:border-accent focus:bg-card focus:outline-none"
    />
  )
}
