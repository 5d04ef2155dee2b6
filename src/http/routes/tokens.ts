/** API tokens. */
import * as api from '../../api/tokens.ts'
import type { Core } from '../../vault/core.ts'
import { createToken, listTokens, removeToken } from '../../vault/tokens.ts'
import type { On } from '../bind.ts'

export function tokenRoutes(on: On, core: Core): void {
  on(api.listTokens, (_, { actor }) => ({ tokens: listTokens(core, actor) }))
  on(api.createToken, ({ body }, { actor }) => createToken(core, actor, body))
  on(api.removeToken, async ({ params }, { actor }) => {
    await removeToken(core, actor, params.id)
    return undefined
  })
}
