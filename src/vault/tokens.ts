/** API tokens: `fv_ID_SECRET`. The secret has 256 bits of chance, so its plain SHA-256 is kept. */
import { hash, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Scope, Token } from '../api/tokens.ts'
import { newId } from '../index/ids.ts'
import { fixed, q } from '../index/query.ts'
import type { Tables } from '../index/tables.ts'
import { Problem } from '../problem.ts'
import { type Actor, type PersonRow, personColumns, personOf, requireScope, requireVault } from './access.ts'
import type { Core } from './core.ts'

export interface NewToken {
  name: string
  scopes: Scope[]
  vaultId?: string | undefined
  expiresAt?: string | undefined
}

const seenEveryMs = 60_000

/** One's own tokens, newest first, without their secrets. */
export function listTokens(core: Core, actor: Actor): Token[] {
  requireScope(actor, 'read')
  return core.index.read
    .all(selectTokens().where('token.user_no', '=', actor.no).orderBy('token.created_at', 'desc'))
    .map(toToken)
}

/** Makes a token. It never grants more than its maker holds. */
export async function createToken(core: Core, actor: Actor, input: NewToken): Promise<Token & { token: string }> {
  for (const scope of ['write', ...input.scopes] as const) requireScope(actor, scope) // a token that only reads makes none
  if (input.scopes.includes('admin') && !actor.admin)
    throw new Problem('not-allowed', 'Only administrators may make a token with the "admin" scope.')
  const vault = input.vaultId === undefined ? undefined : requireVault(core, actor, input.vaultId, 'viewer')
  const maker =
    actor.by.kind === 'token'
      ? core.index.read.get(q.selectFrom('token').select(['vault_no', 'expires_at']).where('id', '=', actor.by.id))
      : undefined
  const ends = maker?.expires_at ?? Number.POSITIVE_INFINITY
  if (ends < (input.expiresAt === undefined ? Number.POSITIVE_INFINITY : Date.parse(input.expiresAt)))
    throw new Problem(
      'not-allowed',
      `A token that is made with this one has to end with it, by ${new Date(ends).toISOString()}. Name an expiresAt.`,
    )
  const made = await insertToken(core, actor.no, input, vault?.no ?? maker?.vault_no ?? null)
  core.events.note(actor, { act: 'token', subjectId: made.id, name: made.name })
  return made
}

/** Makes a token for a user, for the command line, where whoever may write the volume may do so. */
export function insertToken(
  core: Core,
  userNo: number,
  input: NewToken,
  vaultNo: number | null = null,
): Promise<Token & { token: string }> {
  const secret = randomBytes(32).toString('base64url')
  const now = core.now()
  const id = newId(now)
  const expiresAt = input.expiresAt === undefined ? null : Date.parse(input.expiresAt)
  if (expiresAt !== null && expiresAt <= now)
    throw new Problem('bad-input', 'The token would have expired already. Choose a time to come.')
  return core.index.write((tx) => {
    tx.run(
      q.insertInto('token').values({
        id,
        user_no: userNo,
        name: input.name,
        secret_hash: hashOf(secret),
        scopes: JSON.stringify([...new Set(input.scopes)]),
        vault_no: vaultNo,
        created_at: now,
        expires_at: expiresAt,
        last_used_at: null,
      }),
    )
    const row = tx.get(selectTokens().where('token.id', '=', id))
    if (!row) throw new Error('The token was not inserted.')
    return { ...toToken(row), token: `fv_${id}_${secret}` }
  })
}

/** Revokes one of one's own tokens at once. */
export async function removeToken(core: Core, actor: Actor, id: string): Promise<void> {
  requireScope(actor, 'write')
  const { changes } = await core.index.write((tx) =>
    tx.run(q.deleteFrom('token').where('id', '=', id).where('user_no', '=', actor.no)),
  )
  if (changes === 0) throw new Problem('not-found', 'There is no such token.')
  core.events.note(actor, { act: 'token', subjectId: id, name: 'revoked' })
}

/** The person behind a token, if it is good and its owner is not disabled. */
export function personOfToken(core: Core, text: string): Actor | undefined {
  const [, id, secret] = /^fv_([0-9a-z]{26})_([\w-]{43})$/.exec(text) ?? []
  if (!id || !secret) return undefined
  const digest = hash('sha256', secret, 'base64')
  const recent = core.recentCallers.get(digest)
  if (recent?.by.kind === 'token' && recent.by.id === id) return recent
  const row = core.index.read.get(ownerOfToken(id))
  const now = core.now()
  if (
    !row ||
    !timingSafeEqual(row.secret_hash, Buffer.from(digest, 'base64')) ||
    (row.expires_at !== null && row.expires_at <= now)
  )
    return undefined
  if (row.last_used_at === null || row.last_used_at + seenEveryMs <= now)
    core.afterwards(
      core.index.write((tx) => {
        tx.run(q.updateTable('token').set({ last_used_at: now }).where('id', '=', id))
        tx.run(q.updateTable('user').set({ last_seen_at: now }).where('no', '=', row.no))
      }),
    )
  const actor: Actor = {
    ...personOf(row),
    by: { kind: 'token', id, scopes: JSON.parse(row.scopes) as Scope[], vaultNo: row.vault_no },
  }
  core.recentCallers.keep(digest, actor)
  return actor
}

const ownerOfToken = fixed<
  Pick<Tables['token'], 'secret_hash' | 'scopes' | 'vault_no' | 'expires_at' | 'last_used_at'> & PersonRow
>(`
  SELECT t.secret_hash, t.scopes, t.vault_no, t.expires_at, t.last_used_at, ${personColumns}
  FROM token t JOIN user u ON u.no = t.user_no WHERE t.id = ? AND u.disabled_at IS NULL`)

function selectTokens() {
  return q
    .selectFrom('token')
    .leftJoin('vault', 'vault.no', 'token.vault_no')
    .selectAll('token')
    .select('vault.id as vault_id')
}

type TokenRow = Tables['token'] & { vault_id: string | null }

function toToken(row: TokenRow): Token {
  return {
    id: row.id,
    name: row.name,
    scopes: JSON.parse(row.scopes) as Scope[],
    vaultId: row.vault_id,
    createdAt: new Date(row.created_at).toISOString(),
    expiresAt: row.expires_at === null ? null : new Date(row.expires_at).toISOString(),
    lastUsedAt: row.last_used_at === null ? null : new Date(row.last_used_at).toISOString(),
  }
}

function hashOf(secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}
