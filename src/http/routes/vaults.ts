/** Vaults, what they use, and searching them. */
import { search, searchEverywhere } from '../../api/search.ts'
import * as storage from '../../api/storage.ts'
import * as api from '../../api/vaults.ts'
import type { Core } from '../../vault/core.ts'
import { findEverywhere, findFiles } from '../../vault/find.ts'
import { addMember, changeMember, listMembers, removeMember } from '../../vault/members.ts'
import { getStats, getUsage, initialize, setQuota } from '../../vault/storage.ts'
import { changeVault, createVault, getVault, listVaults, removeVault } from '../../vault/vaults.ts'
import type { On } from '../bind.ts'

export function vaultRoutes(on: On, core: Core): void {
  on(api.listVaults, (_, { actor }) => ({ vaults: listVaults(core, actor) }))
  on(api.getVault, ({ params }, { actor }) => getVault(core, actor, params.vaultId))
  on(api.changeVault, ({ params, body }, { actor }) => changeVault(core, actor, params.vaultId, body))
  on(api.createVault, ({ body }, { actor }) => createVault(core, actor, body))
  on(api.removeVault, async ({ params }, { actor }) => {
    await removeVault(core, actor, params.vaultId)
    return undefined
  })
  on(api.listMembers, ({ params }, { actor }) => ({ members: listMembers(core, actor, params.vaultId) }))
  on(api.addMember, ({ params, body }, { actor }) => addMember(core, actor, params.vaultId, body))
  on(api.changeMember, ({ params, body }, { actor }) =>
    changeMember(core, actor, params.vaultId, params.userId, body.role),
  )
  on(api.removeMember, async ({ params }, { actor }) => {
    await removeMember(core, actor, params.vaultId, params.userId)
    return undefined
  })
  on(storage.getUsage, (_, { actor }) => getUsage(core, actor))
  on(storage.initializeStorage, (_, { actor }) => initialize(core, actor))
  on(storage.setQuota, ({ body }, { actor }) => setQuota(core, actor, body.userId, body.maxBytes))
  on(storage.getStats, (_, { actor }) => getStats(core, actor))
  on(search, ({ params, query }, { actor, signal }) => findFiles(core, actor, params.vaultId, query, signal))
  on(searchEverywhere, ({ query }, { actor, signal }) => findEverywhere(core, actor, query, signal))
}
