/**
 * What systemd is told (sd_notify): that the server is ready, that it still turns, that it is stopping. Node has no
 * datagram sockets of the Unix kind, so systemd's own program sends the messages; it needs `NotifyAccess=all`.
 */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Config } from '../config.ts'
import type { Log } from '../log.ts'

export interface Supervisor {
  /** The server can be used. From here on the watchdog is answered, by the very loop that answers requests. */
  ready(): Promise<void>
  stopping(): Promise<void>
}

const run = promisify(execFile)
const longestMs = 5000

/** Speaks to systemd where it started us and asked to be told, else to nobody. Nothing here ever fails a server. */
export function openSupervisor({ supervisor }: Config, log: Log): Supervisor {
  if (!supervisor) return { ready: async () => {}, stopping: async () => {} }
  const { socket, watchdogMs } = supervisor
  const tell = async (...message: string[]) => {
    try {
      await run('systemd-notify', message, {
        env: { NOTIFY_SOCKET: socket, PATH: '/usr/bin:/bin' },
        timeout: longestMs,
      })
    } catch (error) {
      log.warn({ err: error, message }, 'systemd could not be told')
    }
  }
  let alive: NodeJS.Timeout | undefined
  return {
    async ready() {
      await tell('--ready')
      // Three messages in each of its periods: one may be late.
      if (watchdogMs !== undefined) alive = setInterval(() => void tell('WATCHDOG=1'), watchdogMs / 3).unref()
    },
    async stopping() {
      clearInterval(alive)
      await tell('STOPPING=1')
    },
  }
}
