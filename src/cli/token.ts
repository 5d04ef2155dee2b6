/** `filevault token create`: prints an API token, alone on standard output. */
import * as v from 'valibot'
import { Scope } from '../api/tokens.ts'
import type { Config } from '../config.ts'
import { insertToken } from '../vault/tokens.ts'
import { userNoByEmail } from '../vault/users.ts'
import { openGuest } from './open.ts'
import { type Terminal, UsageError } from './terminal.ts'

export interface TokenFlags {
  user?: string | undefined
  name?: string | undefined
  scope?: string | undefined
}

export async function token(config: Config, terminal: Terminal, [verb]: string[], flags: TokenFlags): Promise<void> {
  const { user: email, name } = flags
  const scopes = v.safeParse(v.array(Scope), (flags.scope ?? 'read,write').split(','))
  if (verb !== 'create' || !email || !name || !scopes.success)
    throw new UsageError('filevault token create --user EMAIL --name NAME [--scope read,write,admin]')
  await using core = await openGuest(config)
  const made = await insertToken(core, userNoByEmail(core, email), { name, scopes: scopes.output })
  terminal.print(made, made.token)
}
