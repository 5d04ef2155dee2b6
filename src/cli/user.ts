/** `filevault user …`: users from the command line, with the server running or not. */
import * as v from 'valibot'
import { Email, Password, PersonName } from '../api/schema.ts'
import type { User } from '../api/users.ts'
import type { Config } from '../config.ts'
import { Problem } from '../problem.ts'
import { formatSize, parseSize } from '../sizes.ts'
import { addUser, alterUserByEmail, everyUser } from '../vault/users.ts'
import { openGuest } from './open.ts'
import { readPassword, type Terminal, table, UsageError } from './terminal.ts'

export interface UserFlags {
  name?: string | undefined
  admin?: boolean | undefined
  quota?: string | undefined
  'password-stdin'?: boolean | undefined
}

/** Runs one of `add`, `list`, `password`, `quota`, `disable`, `enable`. */
export async function user(
  config: Config,
  terminal: Terminal,
  [verb, ...rest]: string[],
  flags: UserFlags,
): Promise<void> {
  const [email, size] = rest
  const needed = (): string => email ?? usage()
  switch (verb) {
    case 'list':
      return list(config, terminal)
    case 'add': {
      const input = {
        email: valid(Email, needed()),
        name: valid(PersonName, flags.name ?? usage()),
        admin: flags.admin,
        quotaBytes: flags.quota === undefined ? undefined : parseSize(flags.quota),
      }
      const password = flags['password-stdin'] ? valid(Password, await readPassword()) : undefined
      await using core = await openGuest(config)
      const made = await addUser(core, { ...input, password })
      return terminal.print(
        made,
        made.password ? `Made ${made.email}. Their password, shown this once: ${made.password}` : `Made ${made.email}.`,
      )
    }
    case 'password': {
      needed()
      if (!flags['password-stdin']) usage()
      return alter(
        config,
        terminal,
        needed(),
        { password: valid(Password, await readPassword()) },
        'has a new password; their sessions ended',
      )
    }
    case 'quota':
      return alter(config, terminal, needed(), { quotaBytes: parseSize(size ?? usage()) }, `may use ${size}`)
    case 'disable':
      return alter(config, terminal, needed(), { disabled: true }, 'may do nothing any more; their files stay')
    case 'enable':
      return alter(config, terminal, needed(), { disabled: false }, 'may sign in again')
    default:
      return usage()
  }
}

async function list(config: Config, terminal: Terminal): Promise<void> {
  await using core = await openGuest(config)
  const users = await everyUser(core)
  const rows = users.map((one) => [
    one.email,
    one.name,
    state(one),
    one.fileCount,
    formatSize(one.usedBytes),
    formatSize(one.quotaBytes),
  ])
  terminal.print({ users }, table([['E-MAIL', 'NAME', 'STATE', 'FILES', 'USED', 'QUOTA'], ...rows]))
}

async function alter(
  config: Config,
  terminal: Terminal,
  email: string,
  change: Parameters<typeof alterUserByEmail>[2],
  done: string,
): Promise<void> {
  await using core = await openGuest(config)
  const changed = await alterUserByEmail(core, email, change)
  terminal.print(changed, `${changed.email} ${done}.`)
}

function state({ admin, disabled }: User): string {
  return disabled ? 'disabled' : admin ? 'administrator' : 'member'
}

function valid<S extends v.GenericSchema<string, string>>(schema: S, input: string): string {
  const result = v.safeParse(schema, input)
  if (!result.success) throw new Problem('bad-input', result.issues[0].message)
  return result.output
}

function usage(): never {
  throw new UsageError(`filevault user add EMAIL --name NAME [--admin] [--quota 10GB] [--password-stdin]
filevault user list
filevault user password EMAIL --password-stdin
filevault user quota EMAIL SIZE
filevault user disable EMAIL
filevault user enable EMAIL`)
}
