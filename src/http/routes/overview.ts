/** The overview for administrators. */
import * as api from '../../api/overview.ts'
import type { Core } from '../../vault/core.ts'
import { openOverview } from '../../vault/overview.ts'
import type { On } from '../bind.ts'

export function overviewRoutes(on: On, core: Core): void {
  const overview = openOverview(core)
  on(api.getOverview, (_, { actor }) => overview(actor))
}
