/** The one error that a caller is meant to understand: a code for programs and a sentence for people. */

/** Every kind of refusal. Transports translate these, each in one table of its own. */
export type ProblemCode =
  | 'bad-input'
  | 'not-signed-in'
  | 'not-allowed'
  | 'not-found'
  | 'conflict'
  | 'stale'
  | 'too-large'
  | 'over-quota'
  | 'type-not-allowed'
  | 'upgrade-required'
  | 'slow-down'
  | 'disk-full'
  | 'storage-unavailable'
  | 'busy'

export interface Details {
  /** Which part of the input is wrong, as a dotted path, and why. */
  errors?: { path: string; message: string }[]
  /** Seconds to wait before trying again. */
  retryAfter?: number
  cause?: unknown
}

export class Problem extends Error {
  readonly code: ProblemCode
  readonly errors: { path: string; message: string }[] | undefined
  readonly retryAfter: number | undefined

  /** `message` says what is the case and what to do; it is shown to people as it stands. */
  constructor(code: ProblemCode, message: string, { errors, retryAfter, cause }: Details = {}) {
    super(message, { cause })
    this.name = 'Problem'
    this.code = code
    this.errors = errors
    this.retryAfter = retryAfter
  }
}
