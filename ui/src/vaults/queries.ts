/** Vaults and their members; the only file here that calls. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { Input } from '../../../src/api/endpoint.ts'
import * as vaults from '../../../src/api/vaults.ts'
import { call } from '../call.ts'
import { keys as files } from '../files/queries.ts'

export type { Member, Role, Vault } from '../../../src/api/vaults.ts'

const keys = { members: (vaultId: string) => ['members', vaultId] as const }

export function useCreateVault() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (name: string) => call(vaults.createVault, { body: { name } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: [...files.vaults] }),
  })
}

export function useChangeVault(vaultId: string) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (body: Input<typeof vaults.changeVault>['body']) =>
      call(vaults.changeVault, { params: { vaultId }, body }),
    onSuccess: () => queries.invalidateQueries({ queryKey: [...files.vaults] }),
  })
}

export function useRemoveVault() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: (vaultId: string) => call(vaults.removeVault, { params: { vaultId } }),
    onSuccess: () => queries.invalidateQueries({ queryKey: [...files.vaults] }),
  })
}

export function useMembers(vaultId: string, enabled = true) {
  return useQuery({
    enabled,
    queryKey: keys.members(vaultId),
    queryFn: async ({ signal }) => (await call(vaults.listMembers, { params: { vaultId } }, { signal })).members,
  })
}

function useMemberChange<T, R>(vaultId: string, work: (input: T) => Promise<R>) {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: work,
    onSettled: () =>
      Promise.all([
        queries.invalidateQueries({ queryKey: [...keys.members(vaultId)] }),
        queries.invalidateQueries({ queryKey: [...files.vaults] }),
      ]),
  })
}

export function useAddMember(vaultId: string) {
  return useMemberChange(vaultId, (body: { email: string; role: vaults.Role }) =>
    call(vaults.addMember, { params: { vaultId }, body }),
  )
}

export function useChangeMember(vaultId: string) {
  return useMemberChange(vaultId, ({ userId, role }: { userId: string; role: vaults.Role }) =>
    call(vaults.changeMember, { params: { vaultId, userId }, body: { role } }),
  )
}

export function useRemoveMember(vaultId: string) {
  return useMemberChange(vaultId, (userId: string) => call(vaults.removeMember, { params: { vaultId, userId } }))
}
