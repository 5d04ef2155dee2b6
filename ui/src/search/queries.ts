/** Asking for what matches; the only file here that calls. */
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import { search } from '../../../src/api/search.ts'
import { call } from '../call.ts'
import type { Place } from '../files/place.ts'
import { keys } from '../files/queries.ts'

const pageSize = 200

/** What matches the words and filters of a place, by pages. A newer question ends the older one. */
export function useSearchResults(vaultId: string | undefined, { q, type, ext, tag, sort, order, within }: Place) {
  const content = within === 'documents' || undefined
  const query = { q: q ?? '', type, extension: ext, tag, sort, order, content }
  return useInfiniteQuery({
    queryKey: [...keys.search, vaultId, query],
    enabled: vaultId !== undefined && q !== undefined,
    initialPageParam: 0,
    queryFn: ({ pageParam, signal }) =>
      call(
        search,
        { params: { vaultId: vaultId ?? '' }, query: { ...query, limit: pageSize, offset: pageParam } },
        { signal },
      ),
    getNextPageParam: ({ total }, pages) => (pages.length * pageSize < total ? pages.length * pageSize : undefined),
    placeholderData: keepPreviousData,
    gcTime: 30_000,
  })
}
