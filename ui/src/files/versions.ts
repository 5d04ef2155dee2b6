/** What the server knows of a file's versions. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import * as api from '../../../src/api/versions.ts'
import { addressOf, call } from '../call.ts'
import { type File, makeStale } from './queries.ts'

export type Version = api.Version

/** Newest first. What old ones take shrinks for a while after they were replaced, so they are asked for again. */
export function useVersions({ id, version }: File) {
  return useQuery({
    queryKey: ['file', id, 'versions', version],
    queryFn: async ({ signal }) => (await call(api.listVersions, { params: { id } }, { signal })).versions,
    refetchInterval: ({ state }) =>
      state.dataUpdateCount < 4 && state.data?.some((one) => one.number < version && one.storedBytes === one.size)
        ? 3000
        : false,
  })
}

export function useRestoreVersion() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ id, number }: { id: string; number: number }) =>
      call(api.restoreVersion, { params: { id, n: String(number) } }),
    onSettled: () => makeStale(queries),
  })
}

export function versionAddress(id: string, number: number): string {
  return addressOf(api.downloadVersion, { params: { id, n: String(number) }, query: {} })
}
