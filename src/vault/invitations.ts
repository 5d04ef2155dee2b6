/** Links by which people choose their password: when they are new, when an administrator or they themselves asked for one. */
import { hash, randomBytes } from 'node:crypto'
import type { Invitation } from '../api/users.ts'
import { fixed, q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import { type Actor, requireAdmin } from './access.ts'
import { recordFailure, requireAttempt } from './attempts.ts'
import type { Core } from './core.ts'
import { writeEvent } from './events.ts'
import { requireGoodPassword } from './password-rules.ts'
import { type OpenedSession, type Origin, startSession } from './sessions.ts'
import { currentSettings } from './settings.ts'
import { emailKey } from './users.ts'

const day = 86_400_000
const goodMs = { invitation: 7 * day, forgotten: day / 12 }

interface Invited {
  no: number
  id: string
  email: string
  name: string
  last_seen_at: number | null
}

const userOf = fixed<Invited>('SELECT no, id, email, name, last_seen_at FROM user WHERE id = ? AND disabled_at IS NULL')
const userByKey = fixed<Invited>(
  'SELECT no, id, email, name, last_seen_at FROM user WHERE email_key = ? AND disabled_at IS NULL',
)
const invitedBy = fixed<Invited>(`
  SELECT u.no, u.id, u.email, u.name, u.last_seen_at FROM invitation i JOIN user u ON u.no = i.user_no
  WHERE i.secret_hash = ? AND i.expires_at > ? AND u.disabled_at IS NULL`)

/** Makes a link by which a user chooses a new password, and mails it where mail is set. `origin` is where the page is. */
export async function inviteUser(core: Core, actor: Actor, id: string, origin: string): Promise<Invitation> {
  requireAdmin(actor)
  const user = core.index.read.get(userOf(id))
  if (!user) throw new Problem('not-found', 'There is no such user, or they are disabled.')
  const invitation = await invite(core, user, goodMs.invitation, origin, actor)
  if (!core.mail) return invitation
  const { brandName } = currentSettings(core)
  try {
    await core.mail.send({
      to: user.email,
      subject: `Your account at ${brandName}`,
      text: `${actor.name} made an account for you at ${brandName}, or a way back into it.\n\nChoose a password here, within seven days:\n\n${invitation.url}\n`,
    })
    return { ...invitation, mailed: true }
  } catch (error) {
    core.log.warn({ err: error }, 'an invitation could not be mailed')
    return invitation
  }
}

/** Mails a link to whoever forgot their password. Nobody learns whether there is such a user, not by time either. */
export async function forgotPassword(core: Core, email: string, from: Origin): Promise<void> {
  // Never the host that the request names: whoever sends it could name their own, and the link would go there.
  const site = core.config.server.publicUrl
  if (!core.mail || site === undefined)
    throw new Problem(
      'conflict',
      'This File Vault sends no mail. Ask an administrator for a link to choose a password.',
    )
  const account = `forgotten ${emailKey(email)}`
  requireAttempt(core, account, from.address)
  await recordFailure(core, account, from.address) // each call counts, so that nobody's mailbox is filled
  core.afterwards(mailReset(core, emailKey(email), from, site))
}

async function mailReset(core: Core, key: string, from: Origin, origin: string): Promise<void> {
  const user = core.index.read.get(userByKey(key))
  if (!user) return
  const { url } = await invite(core, user, goodMs.forgotten, origin, { no: 0, email: key, address: from.address })
  await core.mail?.send({
    to: user.email,
    subject: 'Choose a new password',
    text: `Somebody, probably you, asked for a new password.\n\nChoose it here, within two hours:\n\n${url}\n\nIf it was not you, nothing needs to be done.\n`,
  })
}

async function invite(
  core: Core,
  user: Invited,
  forMs: number,
  origin: string,
  by: Pick<Actor, 'no' | 'email' | 'address'>,
): Promise<Invitation> {
  const code = randomBytes(32).toString('base64url')
  const now = core.now()
  const expiresAt = now + forMs
  await core.index.write((tx) => {
    tx.run(q.deleteFrom('invitation').where('user_no', '=', user.no))
    tx.run(q.deleteFrom('invitation').where('expires_at', '<=', now))
    tx.run(
      q
        .insertInto('invitation')
        .values({ secret_hash: hashOf(code), user_no: user.no, created_at: now, expires_at: expiresAt }),
    )
    writeEvent(tx, now, by, { act: 'user', subjectId: user.id, name: `${user.email}: link to choose a password` })
  })
  return { url: `${origin}/join/${code}`, expiresAt: new Date(expiresAt).toISOString(), mailed: false }
}

/** Whom a link is for. */
export function getInvitation(core: Core, code: string, from: Origin): { email: string; name: string; isNew: boolean } {
  const { email, name, last_seen_at } = requireInvitation(core, code, from)
  return { email, name, isNew: last_seen_at === null }
}

/** Chooses the password, once, and signs in; every session that there was ends. */
export async function acceptInvitation(
  core: Core,
  code: string,
  password: string,
  from: Origin,
): Promise<OpenedSession> {
  const user = requireInvitation(core, code, from)
  await requireGoodPassword(password, user)
  const passwordHash = await core.passwords.hash(password)
  await core.index.write((tx) => {
    const { changes } = tx.run(q.deleteFrom('invitation').where('secret_hash', '=', hashOf(code)))
    if (changes === 0) throw unknown()
    tx.run(q.updateTable('user').set({ password_hash: passwordHash }).where('no', '=', user.no))
    tx.run(q.deleteFrom('session').where('user_no', '=', user.no))
    writeEvent(tx, core.now(), { ...user, address: from.address }, { act: 'password', subjectId: user.id })
  })
  return startSession(core, user.no, from, false)
}

function requireInvitation(core: Core, code: string, from: Origin): Invited {
  requireAttempt(core, null, from.address)
  const user = core.index.read.get(invitedBy(hashOf(code), core.now()))
  if (user) return user
  core.afterwards(recordFailure(core, null, from.address))
  throw unknown()
}

function unknown(): Problem {
  return new Problem('not-found', 'This link leads nowhere: it was used, has expired, or a newer one was made.')
}

function hashOf(code: string): Buffer {
  return hash('sha256', code, 'buffer')
}
