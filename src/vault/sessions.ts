/**
 * Sessions of browsers. The cookie holds 256 bits of chance, the index only its hash; the value changes every day, and
 * the user's state is read with each request, so that disabling somebody takes effect at once.
 */
import { hash, randomBytes } from 'node:crypto'
import type { Me, Session } from '../api/auth.ts'
import { newId } from '../index/ids.ts'
import { fixed, q } from '../index/query.ts'
import type { Tables } from '../index/tables.ts'
import { Problem } from '../problem.ts'
import { type Actor, type PersonRow, personColumns, personOf, requireAdmin, requireScope } from './access.ts'
import { forgetFailures, recordFailure, requireAttempt } from './attempts.ts'
import type { Core } from './core.ts'
import { writeEvent } from './events.ts'
import { requireGoodPassword } from './password-rules.ts'
import { emailKey } from './users.ts'

const hour = 3_600_000
const idleMs = { remembered: 14 * 24 * hour, other: 12 * hour }
const longestMs = 30 * 24 * hour
const rotateMs = 24 * hour
const overlapMs = 60_000
const seenEveryMs = 60_000

/** Where a request came from, for the list of sessions and for the limits. */
export interface Origin {
  address: string
  userAgent: string
}

export interface OpenedSession {
  actor: Actor
  /** The value for the cookie; only where it is new. */
  cookie?: string
  /** Seconds that the cookie may live; absent: until the browser closes. */
  maxAge?: number
}

/** Signs in with e-mail and password. Unknown, disabled and wrong look the same and take the same time. */
export async function signIn(
  core: Core,
  input: { email: string; password: string; remember?: boolean | undefined },
  from: Origin,
): Promise<OpenedSession> {
  const account = emailKey(input.email)
  requireAttempt(core, account, from.address)
  const user = core.index.read.get(
    q
      .selectFrom('user')
      .select(['no', 'password_hash'])
      .where('email_key', '=', account)
      .where('disabled_at', 'is', null),
  )
  if (!(await core.passwords.verify(user?.password_hash, input.password)) || !user) {
    await recordFailure(core, account, from.address)
    core.events.note({ no: 0, email: account.slice(0, 254), address: from.address }, { act: 'sign-in-failed' })
    throw new Problem('not-signed-in', 'The e-mail address or the password is wrong.')
  }
  await forgetFailures(core, account, from.address)
  if (core.passwords.outdated(user.password_hash)) {
    const hash = await core.passwords.hash(input.password)
    await core.index.write((tx) => tx.run(q.updateTable('user').set({ password_hash: hash }).where('no', '=', user.no)))
  }
  return startSession(core, user.no, from, input.remember === true)
}

/** Opens a session for a user who has proved who they are. */
export async function startSession(
  core: Core,
  userNo: number,
  from: Origin,
  remember: boolean,
): Promise<OpenedSession> {
  const cookie = randomBytes(32).toString('base64url')
  const now = core.now()
  const id = newId(now)
  await core.index.write((tx) => {
    tx.run(
      q.insertInto('session').values({
        id,
        user_no: userNo,
        secret_hash: hashOf(cookie),
        previous_hash: null,
        previous_until: null,
        rotated_at: now,
        idle_ms: remember ? idleMs.remembered : idleMs.other,
        created_at: now,
        last_seen_at: now,
        expires_at: now + longestMs,
        user_agent: from.userAgent.slice(0, 300),
        address: from.address,
      }),
    )
    tx.run(q.updateTable('user').set({ last_seen_at: now }).where('no', '=', userNo))
    tx.run(q.deleteFrom('session').where('expires_at', '<=', now))
  })
  const actor = await resumeSession(core, cookie)
  if (!actor) throw new Error('The new session cannot be read.')
  core.events.note({ ...actor.actor, address: from.address }, { act: 'sign-in', name: from.userAgent })
  return { actor: actor.actor, cookie, ...(remember ? { maxAge: longestMs / 1000 } : {}) }
}

/** The person behind a cookie, if the session still lives; with a new value for the cookie once a day. */
export async function resumeSession(core: Core, cookie: string): Promise<OpenedSession | undefined> {
  const digest = hash('sha256', cookie, 'base64')
  const recent = core.recentCallers.get(digest)
  if (recent) return { actor: recent }
  const now = core.now()
  const secretHash = Buffer.from(digest, 'base64')
  const row = core.index.read.get(sessionOf(secretHash, secretHash, now))
  if (!row || row.expires_at <= now || row.last_seen_at + row.idle_ms <= now) return undefined
  const actor: Actor = { ...personOf(row), by: { kind: 'session', id: row.session_id } }
  const current = row.secret_hash.equals(secretHash)
  if (current && row.rotated_at + rotateMs <= now)
    return {
      actor,
      cookie: await rotate(core, row.session_id, secretHash),
      maxAge: Math.floor((row.expires_at - now) / 1000),
    }
  if (row.last_seen_at + seenEveryMs <= now)
    await core.index.write((tx) => {
      tx.run(q.updateTable('session').set({ last_seen_at: now }).where('id', '=', row.session_id))
      tx.run(q.updateTable('user').set({ last_seen_at: now }).where('no', '=', row.no))
    })
  if (current) core.recentCallers.keep(digest, actor)
  return { actor }
}

/** One's own sessions, newest first. */
export function listSessions(core: Core, actor: Actor): Session[] {
  requireScope(actor, 'read')
  const now = core.now()
  const rows = core.index.read.all(
    q
      .selectFrom('session')
      .selectAll()
      .where('user_no', '=', actor.no)
      .where('expires_at', '>', now)
      .orderBy('last_seen_at', 'desc'),
  )
  return rows
    .filter((row) => row.last_seen_at + row.idle_ms > now)
    .map((row) => ({
      id: row.id,
      current: actor.by.kind === 'session' && actor.by.id === row.id,
      userAgent: row.user_agent,
      address: row.address,
      createdAt: new Date(row.created_at).toISOString(),
      lastSeenAt: new Date(row.last_seen_at).toISOString(),
    }))
}

/** Ends one of one's own sessions. */
export async function endSession(core: Core, actor: Actor, id: string): Promise<void> {
  requireScope(actor, 'write')
  const { changes } = await core.index.write((tx) =>
    tx.run(q.deleteFrom('session').where('id', '=', id).where('user_no', '=', actor.no)),
  )
  if (changes > 0) core.events.note(actor, { act: 'sign-out', subjectId: id })
  if (changes === 0) throw new Problem('not-found', 'There is no such session.')
}

/** Signs somebody out everywhere, for administrators. */
export async function endSessionsOf(core: Core, actor: Actor, userId: string): Promise<void> {
  requireAdmin(actor)
  await core.index.write((tx) => {
    const user = tx.get(q.selectFrom('user').select(['no', 'email']).where('id', '=', userId))
    if (!user) throw new Problem('not-found', 'There is no such user.')
    tx.run(q.deleteFrom('session').where('user_no', '=', user.no))
    writeEvent(tx, core.now(), actor, { act: 'user', subjectId: userId, name: `${user.email}: signed out everywhere` })
  })
}

/** Changes one's own password, given the present one; every other session and nothing else ends. */
export async function changePassword(
  core: Core,
  actor: Actor,
  input: { current: string; password: string },
  from: Origin,
): Promise<void> {
  if (actor.by.kind !== 'session')
    throw new Problem('not-allowed', 'A password is changed in the browser, not with a token.')
  const account = emailKey(actor.email)
  requireAttempt(core, account, from.address)
  const user = core.index.read.get(q.selectFrom('user').select('password_hash').where('no', '=', actor.no))
  if (!(await core.passwords.verify(user?.password_hash, input.current))) {
    await recordFailure(core, account, from.address)
    throw new Problem('bad-input', 'The present password is wrong.', {
      errors: [{ path: 'current', message: 'The present password is wrong.' }],
    })
  }
  await requireGoodPassword(input.password, actor)
  const hash = await core.passwords.hash(input.password)
  const session = actor.by.id
  await core.index.write((tx) => {
    tx.run(q.updateTable('user').set({ password_hash: hash }).where('no', '=', actor.no))
    tx.run(q.deleteFrom('session').where('user_no', '=', actor.no).where('id', '!=', session))
    writeEvent(tx, core.now(), actor, { act: 'password', subjectId: actor.id })
  })
}

/** Changes one's own name. */
export async function changeName(core: Core, actor: Actor, name: string): Promise<Me> {
  requireScope(actor, 'write')
  await core.index.write((tx) => tx.run(q.updateTable('user').set({ name }).where('no', '=', actor.no)))
  return whoIs({ ...actor, name })
}

/** What a person may know of themselves. */
export function whoIs({ id, email, name, admin, vaultId }: Actor): Me {
  return { id, email, name, admin, vaultId: vaultId ?? '' }
}

type SessionRow = Pick<Tables['session'], 'secret_hash' | 'rotated_at' | 'last_seen_at' | 'idle_ms' | 'expires_at'> &
  PersonRow & { session_id: string }

const sessionOf = fixed<SessionRow>(`
  SELECT s.id AS session_id, s.secret_hash, s.rotated_at, s.last_seen_at, s.idle_ms, s.expires_at, ${personColumns}
  FROM session s JOIN user u ON u.no = s.user_no
  WHERE (s.secret_hash = ? OR (s.previous_hash = ? AND s.previous_until > ?)) AND u.disabled_at IS NULL`)

async function rotate(core: Core, id: string, previous: Buffer): Promise<string> {
  const cookie = randomBytes(32).toString('base64url')
  const now = core.now()
  await core.index.write((tx) =>
    tx.run(
      q
        .updateTable('session')
        .set({
          secret_hash: hashOf(cookie),
          previous_hash: previous,
          previous_until: now + overlapMs,
          rotated_at: now,
          last_seen_at: now,
        })
        .where('id', '=', id),
    ),
  )
  return cookie
}

function hashOf(cookie: string): Buffer {
  return hash('sha256', cookie, 'buffer')
}
