/** What administrators see and change; the only file here that calls. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Input } from '../../../src/api/endpoint.ts'
import * as jobs from '../../../src/api/jobs.ts'
import { getOverview } from '../../../src/api/overview.ts'
import * as settings from '../../../src/api/settings.ts'
import { health } from '../../../src/api/system.ts'
import * as users from '../../../src/api/users.ts'
import * as vaults from '../../../src/api/vaults.ts'
import { call } from '../call.ts'
import { keys } from '../files/queries.ts'
import { keys as sharing } from '../sharing/queries.ts'

export type User = users.User
export type VaultSummary = vaults.VaultSummary

const own = {
  users: ['users'] as const,
  vaults: ['every-vault'] as const,
  health: ['health'] as const,
  settings: ['settings'] as const,
  overview: ['overview'] as const,
  jobs: ['jobs'] as const,
}
const lookEveryMs = 15_000

export function useUsers() {
  return useQuery({
    queryKey: own.users,
    queryFn: async ({ signal }) => (await call(users.listUsers, {}, { signal })).users,
  })
}

/** A change of users, after which they, the totals and one's own vault are asked for again. */
function useUserChange<T, R>(work: (input: T) => Promise<R>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: work,
    onSettled: () =>
      Promise.all(
        [own.users, own.vaults, own.overview, keys.vaults, keys.me].map((queryKey) =>
          queries.invalidateQueries({ queryKey: [...queryKey] }),
        ),
      ),
  })
}

export function useCreateUser() {
  return useUserChange((body: Input<typeof users.createUser>['body']) => call(users.createUser, { body }))
}

export function useChangeUser() {
  return useUserChange(({ id, ...body }: { id: string } & Input<typeof users.changeUser>['body']) =>
    call(users.changeUser, { params: { id }, body }),
  )
}

export function useRemoveUser() {
  return useUserChange(({ id, ...query }: { id: string; handOver?: string; keep?: boolean }) =>
    call(users.removeUser, { params: { id }, query }),
  )
}

export function useEndSessions() {
  return useUserChange((id: string) => call(users.endSessions, { params: { id } }))
}

export function useInviteUser() {
  return useUserChange((id: string) => call(users.inviteUser, { params: { id } }))
}

export function useAllVaults() {
  return useQuery({
    queryKey: own.vaults,
    queryFn: async ({ signal }) => (await call(vaults.listAllVaults, {}, { signal })).vaults,
  })
}

export function useChangeAnyVault() {
  return useUserChange(({ vaultId, ...body }: { vaultId: string } & Input<typeof vaults.changeAnyVault>['body']) =>
    call(vaults.changeAnyVault, { params: { vaultId }, body }),
  )
}

export function useOverview() {
  return useQuery({
    queryKey: own.overview,
    queryFn: ({ signal }) => call(getOverview, {}, { signal }),
    // A long log is still being read: the rest of it comes in a moment.
    refetchInterval: ({ state }) => (state.data?.seriesComplete === false ? 2000 : lookEveryMs),
  })
}

export function useJobs() {
  return useQuery({
    queryKey: own.jobs,
    queryFn: ({ signal }) => call(jobs.listJobs, {}, { signal }),
    refetchInterval: 3000,
  })
}

export function useRetryJob() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (id: string) => call(jobs.retryJob, { params: { id } }),
    onSettled: () => queries.invalidateQueries({ queryKey: [...own.jobs] }),
  })
}

export function useHealth() {
  return useQuery({
    queryKey: own.health,
    queryFn: ({ signal }) => call(health, {}, { signal }),
    refetchInterval: lookEveryMs,
  })
}

export function useSettings() {
  return useQuery({ queryKey: own.settings, queryFn: ({ signal }) => call(settings.getSettings, {}, { signal }) })
}

export function useChangeSettings() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: Partial<settings.Settings>) => call(settings.changeSettings, { body }),
    onSuccess: (changed) => {
      queries.setQueryData(own.settings, changed)
      return queries.invalidateQueries({ queryKey: [...sharing.brand] })
    },
  })
}

function useBrandChange<T, R>(work: (input: T) => Promise<R>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: work,
    onSettled: () => queries.invalidateQueries({ queryKey: [...sharing.brand] }),
  })
}

export function useSetLogo() {
  return useBrandChange((body: Blob) => call(settings.setLogo, { body }))
}

export function useRemoveLogo() {
  return useBrandChange(() => call(settings.removeLogo, {}))
}
