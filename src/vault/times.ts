/** Times as callers write them. */
import { Problem } from '../problem.ts'

/** Milliseconds since 1970 of an ISO date or time; undefined stays undefined, anything else is `bad-input` at `path`. */
export function timeOf(text: string | undefined, path: string): number | undefined {
  if (text === undefined) return undefined
  const at = Date.parse(text)
  if (!Number.isNaN(at)) return at
  const message = `"${text}" is not a date. Write 2026-01-31 or 2026-01-31T12:00:00Z.`
  throw new Problem('bad-input', message, { errors: [{ path, message }] })
}
