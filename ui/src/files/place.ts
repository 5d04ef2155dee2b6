/** The place: which list is shown and how, all of it in the address, so that it can be kept and gone back to. */
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { Order, Sort } from './queries.ts'

export type Shelf = 'files' | 'favourites' | 'recent' | 'trash'

export interface Place {
  /** A vault's id; absent: one's own. */
  vault?: string
  /** A folder's id; absent: the top. */
  folder?: string
  sort?: Sort
  order?: Order
  view?: 'grid'
  q?: string
  /** Where the words are looked for: in names, or in what documents say. */
  within?: 'documents'
  type?: string[]
  ext?: string[]
  tag?: string[]
  /** The file that fills the screen. */
  open?: string
}

const sorts: readonly string[] = ['name', 'size', 'updatedAt', 'createdAt', 'extension']

/** Reads an address that anybody may have typed; what makes no sense is left out. */
export function readPlace(search: Record<string, unknown>): Place {
  const text = (key: string) => (typeof search[key] === 'string' && search[key] !== '' ? { [key]: search[key] } : {})
  const list = (key: string) => {
    const values = [search[key]].flat().filter((one): one is string => typeof one === 'string' && one !== '')
    return values.length > 0 ? { [key]: values } : {}
  }
  return {
    ...text('vault'),
    ...text('folder'),
    ...text('q'),
    ...text('open'),
    ...list('type'),
    ...list('ext'),
    ...list('tag'),
    ...(search.within === 'documents' ? { within: 'documents' as const } : {}),
    ...(search.view === 'grid' ? { view: 'grid' } : {}),
    ...(sorts.includes(String(search.sort)) ? { sort: search.sort as Sort } : {}),
    ...(search.order === 'asc' || search.order === 'desc' ? { order: search.order } : {}),
  }
}

export const shelfPaths = { files: '/files', favourites: '/favourites', recent: '/recent', trash: '/trash' } as const

/** Where one is, and going elsewhere. */
export function usePlace() {
  const place = useSearch({ strict: false }) as Place
  const navigate = useNavigate()
  return {
    place,
    /** Another shelf or folder; search and filters end. */
    go: (shelf: Shelf, folder?: string) =>
      void navigate({
        to: shelfPaths[shelf],
        search: (old: Place) => ({
          ...(old.vault ? { vault: old.vault } : {}),
          ...(old.view ? { view: old.view } : {}),
          ...(folder ? { folder } : {}),
        }),
      } as never),
    /** The top of a vault. */
    goToVault: (vault: string | undefined) =>
      void navigate({
        to: shelfPaths.files,
        search: (old: Place) => ({ ...(vault ? { vault } : {}), ...(old.view ? { view: old.view } : {}) }),
      } as never),
    /** The same list, shown otherwise. `replace`: not a step to go back to. */
    change: (next: Partial<Place>, replace = false) =>
      void navigate({
        search: (old: Place) => readPlace({ ...old, ...next } as Record<string, unknown>),
        to: '.',
        replace,
      } as never),
  }
}
