/** What is selected in a list, and the row that the keys are on; the rules of desktop file managers. */
import { useCallback, useMemo, useState } from 'react'
import { type Entry, entryId } from './queries.ts'

export interface Selection {
  /** Index of the row that the keys are on; -1: none yet. */
  cursor: number
  selected: Entry[]
  has(id: string): boolean
  /** A click or a step of the keys, with what was held. */
  to(index: number, held?: { range?: boolean; toggle?: boolean }): void
  all(): void
  clear(): void
}

interface State {
  cursor: string | undefined
  anchor: string | undefined
  ids: ReadonlySet<string>
}

const nothing: State = { cursor: undefined, anchor: undefined, ids: new Set() }

/** Selection by id, so that it stays on its entries while rows come and go. */
export function useSelection(entries: readonly Entry[]): Selection {
  const [state, setState] = useState(nothing)
  const indexes = useMemo(() => new Map(entries.map((entry, i) => [entryId(entry), i])), [entries])
  const indexOf = (id: string | undefined) => (id === undefined ? -1 : (indexes.get(id) ?? -1))
  const selected = useMemo(() => entries.filter((entry) => state.ids.has(entryId(entry))), [entries, state.ids])

  const to = (index: number, { range = false, toggle = false } = {}) => {
    const entry = entries[index]
    if (!entry) return
    const id = entryId(entry)
    if (range) {
      const anchor = Math.max(0, indexOf(state.anchor))
      const [from, until] = anchor < index ? [anchor, index] : [index, anchor]
      setState({ cursor: id, anchor: state.anchor ?? id, ids: new Set(entries.slice(from, until + 1).map(entryId)) })
    } else if (toggle) {
      const ids = new Set(state.ids)
      if (!ids.delete(id)) ids.add(id)
      setState({ cursor: id, anchor: id, ids })
    } else setState({ cursor: id, anchor: id, ids: new Set([id]) })
  }
  return {
    cursor: indexOf(state.cursor),
    selected,
    has: (id) => state.ids.has(id),
    to,
    all: () => setState({ ...state, ids: new Set(entries.map(entryId)) }),
    clear: useCallback(() => setState(nothing), []),
  }
}
