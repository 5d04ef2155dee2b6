/** Users: the first administrator, and those that administrators make. */
import { randomBytes } from 'node:crypto'
import { type ExpressionBuilder, sql } from 'kysely'
import type { User } from '../api/users.ts'
import { newId } from '../index/ids.ts'
import type { Reader, Transaction } from '../index/open.ts'
import { q } from '../index/query.ts'
import type { Tables } from '../index/tables.ts'
import { Problem } from '../problem.ts'
import { type Actor, requireAdmin } from './access.ts'
import type { Core } from './core.ts'
import { requireGoodPassword } from './password-rules.ts'
import { currentSettings } from './settings.ts'
import { insertVault } from './vaults.ts'

export interface NewUser {
  email: string
  name: string
  quotaBytes?: number | undefined
  admin?: boolean | undefined
  password?: string | undefined
}

export interface UserChange {
  name?: string | undefined
  quotaBytes?: number | undefined
  admin?: boolean | undefined
  disabled?: boolean | undefined
  password?: string | undefined
}

/** What makes two addresses the same person. */
export function emailKey(email: string): string {
  return email.normalize('NFKC').trim().toLowerCase()
}

/** True until somebody was made: only then may `setUp` make the first administrator. */
export function needsSetUp(core: Core): boolean {
  return core.index.read.get(q.selectFrom('user').select('no').limit(1)) === undefined
}

/** Makes the first administrator; of two at once, one gets it and the other a conflict. */
export function addFirstAdministrator(
  core: Core,
  input: Required<Pick<NewUser, 'email' | 'name' | 'password'>>,
): Promise<User> {
  return insertUser(core, { ...input, admin: true }, (tx) => {
    if (tx.get(q.selectFrom('user').select('no').limit(1)))
      throw new Problem('conflict', 'This File Vault is set up already. Sign in instead.')
  })
}

/** Makes a user with a personal vault. Without a password one is made up and answered, the only time it is seen. */
export async function createUser(core: Core, actor: Actor, input: NewUser): Promise<User & { password?: string }> {
  requireAdmin(actor)
  if (input.password !== undefined) await requireGoodPassword(input.password, input)
  const made = await addUser(core, input)
  core.events.note(actor, { act: 'user', subjectId: made.id, name: `${made.email}: made` })
  return made
}

/** The same for the command line, where whoever may write the volume may make users. */
export async function addUser(core: Core, input: NewUser): Promise<User & { password?: string }> {
  if (input.password) return insertUser(core, { ...input, password: input.password })
  const password = randomBytes(15).toString('base64url')
  return { ...(await insertUser(core, { ...input, password })), password }
}

export async function listUsers(core: Core, actor: Actor): Promise<User[]> {
  requireAdmin(actor)
  return everyUser(core)
}

/** Every user, for the command line. */
export async function everyUser(core: Core): Promise<User[]> {
  const rows = await core.index.readAway(selectUsers().orderBy('user.name').orderBy('user.no'))
  return rows.map(toUser)
}

/** Changes a user; a new password or being disabled ends every session at once. */
export async function changeUser(core: Core, actor: Actor, id: string, change: UserChange): Promise<User> {
  requireAdmin(actor)
  if (id === actor.id && (change.disabled || change.admin === false))
    throw new Problem('conflict', 'You cannot shut yourself out. Ask another administrator to do it.')
  const user = requireUser(core.index.read, (eb) => eb('user.id', '=', id))
  if (change.password !== undefined) await requireGoodPassword(change.password, user)
  const changed = await alterUser(core, user.id, change)
  const what = Object.entries(change)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => (key === 'password' ? key : `${key} ${value}`))
  core.events.note(actor, { act: 'user', subjectId: id, name: `${user.email}: ${what.join(', ')}` })
  return changed
}

/** The same by e-mail address, for the command line. */
export function alterUserByEmail(core: Core, email: string, change: UserChange): Promise<User> {
  return alterUser(core, userByEmail(core, email).id, change)
}

function userByEmail(core: Core, email: string): User {
  const key = emailKey(email)
  return requireUser(
    core.index.read,
    (eb) => eb('user.email_key', '=', key),
    `There is no user ${email}. "filevault user list" shows all.`,
  )
}

/** The row number of a user, for the command line. */
export function userNoByEmail(core: Core, email: string): number {
  const { id } = userByEmail(core, email)
  return core.index.read.get(q.selectFrom('user').select('no').where('id', '=', id))?.no ?? 0
}

/** Sets the quota of the personal vault of a user. */
export async function setQuota(core: Core, actor: Actor, id: string, quotaBytes: number): Promise<User> {
  return changeUser(core, actor, id, { quotaBytes })
}

async function insertUser(
  core: Core,
  input: NewUser & { password: string },
  first?: (tx: Transaction) => void,
): Promise<User> {
  const key = emailKey(input.email)
  const taken = new Problem('conflict', `There is a user ${input.email} already.`)
  if (core.index.read.get(q.selectFrom('user').select('no').where('email_key', '=', key))) throw taken
  const passwordHash = await core.passwords.hash(input.password) // slow: before the transaction
  const vaultId = newId(core.now())
  await core.volume.createVault(vaultId)
  try {
    return await core.index.write((tx) => {
      first?.(tx)
      if (tx.get(q.selectFrom('user').select('no').where('email_key', '=', key))) throw taken
      const user = tx.get(
        q
          .insertInto('user')
          .values({
            id: newId(core.now()),
            email: input.email.trim(),
            email_key: key,
            name: input.name,
            password_hash: passwordHash,
            admin: input.admin ? 1 : 0,
            created_at: core.now(),
            disabled_at: null,
            last_seen_at: null,
          })
          .returning(['no', 'id', 'name']),
      )
      if (!user) throw new Error('The user was not inserted.')
      insertVault(core, tx, {
        id: vaultId,
        kind: 'personal',
        ownerNo: user.no,
        name: user.name,
        quotaBytes: input.quotaBytes ?? currentSettings(core).defaultQuotaBytes,
      })
      return requireUser(tx, (eb) => eb('user.no', '=', user.no))
    })
  } catch (error) {
    if (error instanceof Problem && error.code === 'conflict') await core.volume.removeVault(vaultId)
    throw error
  }
}

async function alterUser(core: Core, id: string, change: UserChange): Promise<User> {
  const passwordHash = change.password === undefined ? undefined : await core.passwords.hash(change.password)
  return core.index.write((tx) => {
    const before = tx.get(q.selectFrom('user').selectAll().where('id', '=', id))
    if (!before) throw new Problem('not-found', 'There is no such user.')
    tx.run(
      q
        .updateTable('user')
        .set({
          name: change.name ?? before.name,
          admin: change.admin === undefined ? before.admin : Number(change.admin),
          disabled_at:
            change.disabled === undefined
              ? before.disabled_at
              : change.disabled
                ? (before.disabled_at ?? core.now())
                : null,
          password_hash: passwordHash ?? before.password_hash,
        })
        .where('no', '=', before.no),
    )
    if (change.quotaBytes !== undefined)
      tx.run(
        q
          .updateTable('vault')
          .set({ quota_bytes: change.quotaBytes })
          .where('owner_no', '=', before.no)
          .where('kind', '=', 'personal'),
      )
    if (passwordHash !== undefined || change.disabled) tx.run(q.deleteFrom('session').where('user_no', '=', before.no))
    const administrators = tx.get(
      sql<{ n: number }>`SELECT count(*) AS n FROM user WHERE admin = 1 AND disabled_at IS NULL`,
    )
    if (administrators?.n === 0) throw new Problem('conflict', 'At least one administrator has to remain.')
    return requireUser(tx, (eb) => eb('user.no', '=', before.no))
  })
}

type UserTables = Pick<Tables, 'user' | 'vault'>
type Condition = (
  eb: ExpressionBuilder<UserTables, 'user' | 'vault'>,
) => ReturnType<ExpressionBuilder<UserTables, 'user' | 'vault'>>

function requireUser(read: Reader, condition: Condition, sentence = 'There is no such user.'): User {
  const row = read.get(selectUsers().where(condition))
  if (!row) throw new Problem('not-found', sentence)
  return toUser(row)
}

function selectUsers() {
  return q
    .selectFrom('user')
    .innerJoin('vault', (join) => join.onRef('vault.owner_no', '=', 'user.no').on('vault.kind', '=', 'personal'))
    .select([
      'user.id',
      'user.email',
      'user.name',
      'user.admin',
      'user.disabled_at',
      'user.created_at',
      'user.last_seen_at',
      'vault.id as vault_id',
      'vault.quota_bytes',
      'vault.used_bytes',
      'vault.file_count',
    ])
}

function toUser(row: {
  id: string
  email: string
  name: string
  admin: number
  disabled_at: number | null
  created_at: number
  last_seen_at: number | null
  vault_id: string
  quota_bytes: number
  used_bytes: number
  file_count: number
}): User {
  return {
    id: row.id,
    email: row.email,
    name: row.name,
    admin: row.admin === 1,
    disabled: row.disabled_at !== null,
    vaultId: row.vault_id,
    quotaBytes: row.quota_bytes,
    usedBytes: row.used_bytes,
    fileCount: row.file_count,
    createdAt: new Date(row.created_at).toISOString(),
    lastSeenAt: row.last_seen_at === null ? null : new Date(row.last_seen_at).toISOString(),
  }
}
