/** The search field: `/` and Ctrl-K bring it up, results come while one types. */
import { Search, X } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { usePlace } from '../files/place.ts'
import { useVault } from '../files/queries.ts'
import { formatCount } from '../kit/format.ts'

const settleMs = 120
const hint = 'Words, and filters: -without ext:pdf tag:"to pay" type:image size:>10mb modified:2026 in:/Folder'

export function SearchField() {
  const { place, change } = usePlace()
  const { vault } = useVault()
  const [text, setText] = useState(place.q ?? '')
  const input = useRef<HTMLInputElement>(null)
  const sent = useRef(place.q ?? '')

  useEffect(() => {
    const keys = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLElement && event.target.closest('input, textarea, [contenteditable]')
      if (!((event.key === '/' && !typing) || (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey))))
        return
      event.preventDefault()
      input.current?.focus()
      input.current?.select()
    }
    addEventListener('keydown', keys)
    return () => removeEventListener('keydown', keys)
  }, [])

  // The address may change by itself: back, forward, another folder.
  useEffect(() => {
    if ((place.q ?? '') === sent.current) return
    sent.current = place.q ?? ''
    setText(place.q ?? '')
  }, [place.q])

  useEffect(() => {
    if (text === sent.current) return
    const timer = setTimeout(() => {
      const replace = sent.current !== '' // one search is one step to go back, however many letters it took
      sent.current = text
      change(text === '' ? { q: undefined, type: undefined, ext: undefined, tag: undefined } : { q: text }, replace)
    }, settleMs)
    return () => clearTimeout(timer)
  }, [text, change])

  return (
    <search className="relative w-full max-w-140 min-w-0">
      <Search
        size={16}
        strokeWidth={1.75}
        className="pointer-events-none absolute top-1/2 left-3 -translate-y-1/2 text-faint"
        aria-hidden
      />
      <input
        ref={input}
        type="text"
        role="searchbox"
        aria-label="Search"
        title={hint}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') {
            setText('')
            event.currentTarget.blur()
          }
          if (event.key === 'ArrowDown') document.getElementById('list')?.focus()
        }}
        placeholder={vault && vault.fileCount > 0 ? `Search ${formatCount(vault.fileCount, 'file')}` : 'Search'}
        className="h-9 w-full rounded-md border border-line bg-card pr-9 pl-9 outline-none placeholder:text-faint focus:border-accent focus:ring-2 focus:ring-accent/20"
      />
      {text === '' ? (
        <kbd className="pointer-events-none absolute top-1/2 right-2.5 hidden -translate-y-1/2 rounded border border-line px-1.5 font-sans text-xs text-faint sm:block">
          /
        </kbd>
      ) : (
        <button
          type="button"
          aria-label="Clear the search"
          onClick={() => setText('')}
          className="absolute top-1/2 right-2 -translate-y-1/2 rounded p-1 text-soft hover:text-text"
        >
          <X size={14} aria-hidden />
        </button>
      )}
    </search>
  )
}
