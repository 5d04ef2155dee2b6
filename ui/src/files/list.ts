/** What the table and the grid are both given. */
import type { KeyboardEvent } from 'react'
import type { Point } from '../kit/Menu.tsx'
import type { Shelf } from './place.ts'
import type { Entry } from './queries.ts'
import type { Selection } from './selection.ts'
import type { Entries } from './useEntries.ts'

export interface ListProps {
  list: Entries
  shelf: Shelf
  selection: Selection
  /** What the list is called, read aloud. */
  label: string
  onKeys: (event: KeyboardEvent) => void
  onOpen: (entry: Entry) => void
  onMenu: (at: Point) => void
}
