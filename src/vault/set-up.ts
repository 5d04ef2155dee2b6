/** The first start: whoever can read the server's output makes the first administrator. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import { recordFailure, requireAttempt } from './attempts.ts'
import type { Core } from './core.ts'
import { type OpenedSession, type Origin, startSession } from './sessions.ts'
import { addFirstAdministrator, needsSetUp } from './users.ts'

export interface SetUpInput {
  /** From the link that the server printed. */
  code: string
  email: string
  name: string
  password: string
}

/** Makes the first administrator and signs them in. Of two at once, one gets it. */
export async function setUp(core: Core, input: SetUpInput, from: Origin): Promise<OpenedSession> {
  if (!needsSetUp(core)) throw new Problem('conflict', 'This File Vault is set up already. Sign in instead.')
  requireAttempt(core, 'set-up', from.address)
  if (!same(input.code, core.setUpCode)) {
    await recordFailure(core, 'set-up', from.address)
    throw new Problem('not-allowed', 'The set-up code is wrong. Open the link that the server printed when it started.')
  }
  const { id } = await addFirstAdministrator(core, input)
  const user = core.index.read.get(q.selectFrom('user').select('no').where('id', '=', id))
  if (!user) throw new Error('The first administrator cannot be read.')
  return startSession(core, user.no, from, true)
}

function same(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(a), digest(b))
}
