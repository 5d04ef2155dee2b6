/** A file's own metadata as names and values, each edited in place; an emptied value takes the field away. */
import { useState } from 'react'
import { useTold } from '../kit/Toast.tsx'
import { type File, useSetMetadata } from './queries.ts'

const cell =
  'h-7 w-full rounded bg-transparent px-1.5 outline-none placeholder:text-faint hover:bg-hover focus:bg-hover'

export function Metadata({ file }: { file: File }) {
  const { mutateAsync } = useSetMetadata()
  const told = useTold()
  const [name, setName] = useState('')
  const set = (key: string, text: string) => {
    const before = file.metadata[key]
    if (shown(before) !== text)
      told(mutateAsync({ id: file.id, metadata: { [key]: text === '' ? null : alike(before, text) } }))
  }
  return (
    <div className="-mx-1.5 grid grid-cols-[5.5rem_minmax(0,1fr)] items-center gap-y-0.5">
      {Object.entries(file.metadata).map(([key, value]) => (
        <div key={key} className="contents">
          <span className="truncate px-1.5 text-faint" title={key}>
            {key}
          </span>
          <input
            aria-label={key}
            defaultValue={shown(value)}
            className={cell}
            onBlur={(event) => set(key, event.target.value)}
            onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
          />
        </div>
      ))}
      <input
        aria-label="Name of a new field"
        placeholder="New field"
        value={name}
        onChange={(event) => setName(event.target.value)}
        className={cell}
      />
      <input
        aria-label="Value of the new field"
        placeholder="Value"
        disabled={name.trim() === ''}
        className={cell}
        onBlur={(event) => {
          if (event.target.value === '') return
          set(name.trim(), event.target.value)
          event.target.value = ''
          setName('')
        }}
        onKeyDown={(event) => event.key === 'Enter' && event.currentTarget.blur()}
      />
    </div>
  )
}

function shown(value: unknown): string {
  return Array.isArray(value) ? value.join(', ') : value === undefined ? '' : String(value)
}

/** A number stays a number, a list a list. */
function alike(before: unknown, text: string): unknown {
  if (typeof before === 'number' && text.trim() !== '' && Number.isFinite(Number(text))) return Number(text)
  if (typeof before === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  if (Array.isArray(before)) return text.split(',').map((one) => one.trim())
  return text
}
