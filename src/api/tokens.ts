/** API tokens: a name, scopes, and a secret that is shown once. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { Id, Time } from './schema.ts'

export const Scope = v.picklist(['read', 'write', 'admin'])
export type Scope = v.InferOutput<typeof Scope>

export const Token = v.object({
  id: Id,
  name: v.string(),
  scopes: v.array(Scope),
  vaultId: v.nullable(Id),
  createdAt: Time,
  expiresAt: v.nullable(Time),
  lastUsedAt: v.nullable(Time),
})
export type Token = v.InferOutput<typeof Token>

export const listTokens = endpoint('GET /api/tokens', {
  summary: "One's own API tokens, without their secrets.",
  returns: v.object({ tokens: v.array(Token) }),
})

export const createToken = endpoint('POST /api/tokens', {
  summary: 'Makes an API token. The answer is the only time its secret is shown.',
  body: v.object({
    name: v.pipe(v.string(), v.trim(), v.minLength(1, 'A name is needed.'), v.maxLength(100)),
    scopes: v.pipe(v.array(Scope), v.minLength(1, 'At least one scope is needed: read, write or admin.')),
    vaultId: v.optional(Id),
    expiresAt: v.optional(Time),
  }),
  returns: v.object({ ...Token.entries, token: v.string() }),
  status: 201,
})

export const removeToken = endpoint('DELETE /api/tokens/:id', { summary: 'Revokes an API token at once.' })
