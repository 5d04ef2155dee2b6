/** One structured logger: JSON lines on standard error, one child for each subsystem, no secrets. */
import { type Logger, pino } from 'pino'

export type Log = Logger

const secrets = ['authorization', 'cookie', 'password', 'token', 'secret']
/** How deep they are looked for: as far down as `err.config.headers.authorization`. */
const depths = ['', '*.', '*.*.', '*.*.*.']

/** `level`: `debug`, `info`, `warn`, `error` or `silent`. */
export function createLog(level: string): Log {
  const paths = secrets.flatMap((key) => depths.map((depth) => depth + key))
  return pino(
    { level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime, redact: { paths, censor: '(hidden)' } },
    pino.destination({ dest: 2, sync: true }),
  )
}
