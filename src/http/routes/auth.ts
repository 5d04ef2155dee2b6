/** Setting up, signing in and out, one's own profile. */
import * as api from '../../api/auth.ts'
import type { Core } from '../../vault/core.ts'
import { changeName, changePassword, endSession, listSessions, signIn, whoIs } from '../../vault/sessions.ts'
import { setUp } from '../../vault/set-up.ts'
import { needsSetUp } from '../../vault/users.ts'
import type { On } from '../bind.ts'

export function authRoutes(on: On, core: Core): void {
  on(api.getSetup, () => ({ needed: needsSetUp(core) }))
  on(api.setUp, async ({ body }, { context, callers, origin }) => {
    const session = await setUp(core, body, origin)
    callers.signIn(context, session)
    return whoIs(session.actor)
  })
  on(api.login, async ({ body }, { context, callers, origin }) => {
    const session = await signIn(core, body, origin)
    callers.signIn(context, session)
    return whoIs(session.actor)
  })
  on(api.logout, async (_, { actor, context, callers }) => {
    if (actor.by.kind === 'session') await endSession(core, actor, actor.by.id)
    callers.signOut(context)
    return undefined
  })
  on(api.getMe, (_, { actor }) => whoIs(actor))
  on(api.changeMe, ({ body }, { actor }) => changeName(core, actor, body.name))
  on(api.changePassword, async ({ body }, { actor, origin }) => {
    await changePassword(core, actor, body, origin)
    return undefined
  })
  on(api.listSessions, (_, { actor }) => ({ sessions: listSessions(core, actor) }))
  on(api.removeSession, async ({ params }, { actor }) => {
    await endSession(core, actor, params.id)
    return undefined
  })
}
