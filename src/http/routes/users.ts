/** Users and settings, for administrators. */
import * as settings from '../../api/settings.ts'
import * as api from '../../api/users.ts'
import type { Core } from '../../vault/core.ts'
import { changeSettings, getSettings } from '../../vault/settings.ts'
import { changeUser, createUser, listUsers, removeUser } from '../../vault/users.ts'
import type { On } from '../bind.ts'

export function userRoutes(on: On, core: Core): void {
  on(api.listUsers, async (_, { actor }) => ({ users: await listUsers(core, actor) }))
  on(api.createUser, ({ body }, { actor }) => createUser(core, actor, body))
  on(api.changeUser, ({ params, body }, { actor }) => changeUser(core, actor, params.id, body))
  on(api.removeUser, async ({ params }, { actor }) => {
    await removeUser(core, actor, params.id)
    return undefined
  })
  on(settings.getSettings, (_, { actor }) => getSettings(core, actor))
  on(settings.changeSettings, ({ body }, { actor }) => changeSettings(core, actor, body))
}
