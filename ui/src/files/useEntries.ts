/** The entries of a place: folders and files of a folder, a shelf, or what a search found. */
import { useMemo } from 'react'
import { useSearchResults } from '../search/queries.ts'
import type { Shelf } from './place.ts'
import { usePlace } from './place.ts'
import { type Entry, type Order, type Sort, useFileList, useFolderList, useVault } from './queries.ts'

export interface Entries {
  entries: Entry[]
  searching: boolean
  /** Nothing has come yet. */
  loading: boolean
  /** What is shown is of the question before. */
  waiting: boolean
  error: unknown
  retry: () => void
  /** Asks for the next page, where there is one. */
  more: () => void
  hasMore: boolean
  sort: Sort
  order: Order
  answer: ReturnType<typeof useSearchResults>['data']
}

export function useEntries(shelf: Shelf): Entries {
  const { place } = usePlace()
  const { vault, error: vaultError, refetch: askVault } = useVault()
  const searching = place.q !== undefined
  const sort = place.sort ?? (shelf === 'recent' ? 'updatedAt' : 'name')
  const order = place.order ?? (sort === 'name' || sort === 'extension' ? 'asc' : 'desc')
  const list = useFileList(
    vault?.id,
    {
      sort,
      order,
      ...(shelf === 'files' ? { folder: place.folder ?? 'root' } : {}),
      ...(shelf === 'favourites' ? { favorite: true } : {}),
      ...(shelf === 'trash' ? { trash: true } : {}),
    },
    !searching,
  )
  const withFolders = shelf === 'files' || shelf === 'trash'
  const folders = useFolderList(vault?.id, place.folder ?? 'root', {
    trash: shelf === 'trash',
    enabled: !searching && withFolders,
  })
  const found = useSearchResults(vault?.id, place)
  const asked = searching ? found : list
  const entries = useMemo<Entry[]>(() => {
    if (searching)
      return (found.data?.pages ?? []).flatMap(({ files }) => files.map((file): Entry => ({ type: 'file', file })))
    const below = ((withFolders && folders.data) || []).map((folder): Entry => ({ type: 'folder', folder }))
    if (sort === 'name' && order === 'desc') below.reverse()
    return [
      ...below,
      ...(list.data?.pages ?? []).flatMap(({ files }) => files.map((file): Entry => ({ type: 'file', file }))),
    ]
  }, [searching, withFolders, found.data, folders.data, list.data, sort, order])
  return {
    entries,
    searching,
    loading: asked.data === undefined && !asked.isError && !vaultError,
    waiting: asked.isPlaceholderData,
    error: vaultError ?? (asked.data === undefined ? asked.error : null),
    retry: () => void Promise.all([askVault(), asked.refetch(), folders.refetch()]),
    more: () => {
      if (asked.hasNextPage && !asked.isFetchingNextPage) void asked.fetchNextPage()
    },
    hasMore: asked.hasNextPage,
    sort,
    order,
    answer: found.data,
  }
}
