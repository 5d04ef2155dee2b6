/** Opening the domain for a short command, beside a running server or without one. */
import type { Config } from '../config.ts'
import { createLog } from '../log.ts'
import { type Core, openCore } from '../vault/core.ts'

/** Rows only: such a command never touches what the server does with bytes. */
export function openGuest(config: Config): Promise<Core> {
  return openCore({ config, log: createLog('warn'), as: 'guest' })
}
