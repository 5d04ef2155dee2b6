/** Health, and the documentation of the API. */
import * as api from '../../api/system.ts'
import type { Core } from '../../vault/core.ts'
import { openHealth } from '../../vault/health.ts'
import type { On } from '../bind.ts'
import { openApiDocument } from '../openapi.ts'
import { siteOf } from '../site.ts'

export function systemRoutes(on: On, core: Core, version: string): void {
  const check = openHealth(core, version)
  on(api.health, async (_, { context }) => {
    const health = await check()
    if (health.status === 'failed') context.env.outgoing.statusCode = 503
    return health
  })
  on(api.openapi, (_, { context }) => openApiDocument(version, siteOf(core, context)))
}
