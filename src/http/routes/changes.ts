/** What changed, for clients that follow a vault. */
import * as api from '../../api/changes.ts'
import { listChanges } from '../../vault/changes.ts'
import type { Core } from '../../vault/core.ts'
import type { On } from '../bind.ts'

export function changeRoutes(on: On, core: Core): void {
  on(api.listChanges, ({ params, query }, { actor }) => listChanges(core, actor, params.vaultId, query))
}
