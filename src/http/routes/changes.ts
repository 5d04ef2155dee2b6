/** What changed, for clients that follow a vault. */
import * as api from '../../api/changes.ts'
import { follow } from '../../api/live.ts'
import { Problem } from '../../problem.ts'
import { requireVault } from '../../vault/access.ts'
import { listChanges } from '../../vault/changes.ts'
import type { Core } from '../../vault/core.ts'
import { snapshotOf } from '../../vault/snapshot.ts'
import type { On } from '../bind.ts'
import { sendCompressed } from '../streamed.ts'

export function changeRoutes(on: On, core: Core): void {
  on(api.listChanges, ({ params, query }, { actor }) => listChanges(core, actor, params.vaultId, query))
  on(follow, ({ params }, { actor }) => {
    requireVault(core, actor, params.vaultId, 'viewer')
    throw new Problem('upgrade-required', 'Events come over a WebSocket: connect to this address with one.')
  })
  on(api.getSnapshot, ({ params, query }, { actor, context }) => {
    const lines = snapshotOf(core, actor, params.vaultId, { includeDeleted: query.include_deleted ?? false })
    return sendCompressed(context, lines, 'application/x-ndjson')
  })
}
