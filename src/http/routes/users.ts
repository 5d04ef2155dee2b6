/** Users and settings, for administrators. */
import * as settings from '../../api/settings.ts'
import * as api from '../../api/users.ts'
import * as vaults from '../../api/vaults.ts'
import type { Core } from '../../vault/core.ts'
import { changeAnyVault, listAllVaults } from '../../vault/every-vault.ts'
import { acceptInvitation, forgotPassword, getInvitation, inviteUser } from '../../vault/invitations.ts'
import { removeUser } from '../../vault/removing-users.ts'
import { endSessionsOf, whoIs } from '../../vault/sessions.ts'
import { changeSettings, getBrand, getLogo, getSettings, removeLogo, setLogo } from '../../vault/settings.ts'
import { changeUser, createUser, listUsers } from '../../vault/users.ts'
import type { On } from '../bind.ts'
import { wholeBody } from '../input.ts'
import { siteOf } from '../site.ts'

export function userRoutes(on: On, core: Core): void {
  on(api.listUsers, async (_, { actor }) => ({ users: await listUsers(core, actor) }))
  on(api.createUser, async ({ body }, call) => {
    const { invite, ...input } = body
    const { password, ...user } = await createUser(core, call.actor, input)
    if (invite) return { ...user, invitation: await inviteUser(core, call.actor, user.id, siteOf(core, call.context)) }
    return { ...user, ...(password === undefined ? {} : { password }) }
  })
  on(api.changeUser, ({ params, body }, { actor }) => changeUser(core, actor, params.id, body))
  on(api.removeUser, async ({ params, query }, { actor }) => {
    await removeUser(core, actor, params.id, query)
    return undefined
  })
  on(api.endSessions, async ({ params }, { actor }) => {
    await endSessionsOf(core, actor, params.id)
    return undefined
  })
  on(api.inviteUser, ({ params }, call) => inviteUser(core, call.actor, params.id, siteOf(core, call.context)))
  on(api.getInvitation, ({ params }, { origin }) => getInvitation(core, params.code, origin))
  on(api.acceptInvitation, async ({ params, body }, { context, callers, origin }) => {
    const session = await acceptInvitation(core, params.code, body.password, origin)
    callers.signIn(context, session)
    return whoIs(session.actor)
  })
  on(api.forgotPassword, async ({ body }, call) => {
    await forgotPassword(core, body.email, call.origin)
    return undefined
  })
  on(vaults.listAllVaults, async (_, { actor }) => ({ vaults: await listAllVaults(core, actor) }))
  on(vaults.changeAnyVault, ({ params, body }, { actor }) => changeAnyVault(core, actor, params.vaultId, body))
  on(settings.getSettings, (_, { actor }) => getSettings(core, actor))
  on(settings.getBrand, () => getBrand(core))
  on(settings.getLogo, () => {
    const { mimeType, bytes } = getLogo(core)
    return new Response(new Uint8Array(bytes), { headers: { 'content-type': mimeType, 'cache-control': 'no-cache' } })
  })
  on(settings.setLogo, async (_, { actor, context }) =>
    setLogo(core, actor, await wholeBody(context, settings.largestLogo)),
  )
  on(settings.removeLogo, async (_, { actor }) => {
    await removeLogo(core, actor)
    return undefined
  })
  on(settings.changeSettings, ({ body }, { actor }) => changeSettings(core, actor, body))
}
