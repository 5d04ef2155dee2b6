/** Health, and the documentation of the API. */
import * as api from '../../api/system.ts'
import type { Core } from '../../vault/core.ts'
import { checkHealth } from '../../vault/health.ts'
import type { On } from '../bind.ts'
import { openApiDocument } from '../openapi.ts'

export function systemRoutes(on: On, core: Core, version: string): void {
  on(api.health, async (_, { context }) => {
    const health = await checkHealth(core, version)
    context.status(health.status === 'failed' ? 503 : 200)
    return health
  })
  on(api.openapi, (_, { context }) =>
    openApiDocument(version, core.config.server.publicUrl ?? new URL(context.req.url).origin),
  )
}
