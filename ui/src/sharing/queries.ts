/** Links, as their makers and as guests see them; the only file here that calls. */
import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Input } from '../../../src/api/endpoint.ts'
import { getBrand } from '../../../src/api/settings.ts'
import * as shares from '../../../src/api/shares.ts'
import { call, callAsGuest } from '../call.ts'

export type { GuestFile, GuestFolder, GuestShare, Share } from '../../../src/api/shares.ts'

export const keys = {
  brand: ['brand'] as const,
  shares: ['shares'] as const,
  guest: (code: string) => ['guest', code] as const,
}

/** What is shared: a file or a folder. */
export type Shared = { fileId: string } | { folderId: string }

export function useBrand() {
  return useQuery({ queryKey: keys.brand, queryFn: ({ signal }) => call(getBrand, {}, { signal }), staleTime: 60_000 })
}

/** Links to one thing, or all of one's own. */
export function useShares(of?: Shared) {
  return useQuery({
    queryKey: [...keys.shares, of ?? 'all'],
    queryFn: async ({ signal }) => (await call(shares.listShares, of ? { query: of } : {}, { signal })).shares,
  })
}

function useShareChange<T, R>(work: (input: T) => Promise<R>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: work,
    onSettled: () => queries.invalidateQueries({ queryKey: [...keys.shares] }),
  })
}

export function useCreateShare() {
  return useShareChange((body: Input<typeof shares.createShare>['body']) => call(shares.createShare, { body }))
}

export function useChangeShare() {
  return useShareChange(({ id, ...body }: { id: string } & Input<typeof shares.changeShare>['body']) =>
    call(shares.changeShare, { params: { id }, body }),
  )
}

export function useRemoveShare() {
  return useShareChange((id: string) => call(shares.removeShare, { params: { id } }))
}

/** What was made public. */
export function usePublic() {
  return useQuery({
    queryKey: ['public'],
    queryFn: async ({ signal }) => (await callAsGuest(shares.listPublicFolders, {}, { signal })).folders,
  })
}

/** What stands behind a link, once it is open. */
export function useGuestShare(shortCode: string) {
  return useQuery({
    queryKey: keys.guest(shortCode),
    queryFn: ({ signal }) => callAsGuest(shares.getGuestShare, { params: { shortCode } }, { signal }),
    staleTime: Number.POSITIVE_INFINITY,
  })
}

export function useUnlock(shortCode: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: Input<typeof shares.unlockShare>['body']) =>
      callAsGuest(shares.unlockShare, { params: { shortCode }, body }),
    onSuccess: (share) => queries.setQueryData(keys.guest(shortCode), share),
  })
}

/** A folder behind a link, page by page. */
export function useGuestFiles(shortCode: string, path: string, enabled: boolean) {
  return useInfiniteQuery({
    queryKey: [...keys.guest(shortCode), 'files', path],
    queryFn: ({ signal, pageParam }) =>
      callAsGuest(
        shares.listGuestFiles,
        { params: { shortCode }, query: { path, limit: '200', ...(pageParam === '' ? {} : { cursor: pageParam }) } },
        { signal },
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.nextCursor,
    enabled,
  })
}

export function useGuestSearch(shortCode: string, q: string) {
  return useQuery({
    queryKey: [...keys.guest(shortCode), 'search', q],
    queryFn: ({ signal }) => callAsGuest(shares.searchGuestFiles, { params: { shortCode }, query: { q } }, { signal }),
    enabled: q !== '',
    placeholderData: (before) => before,
  })
}
