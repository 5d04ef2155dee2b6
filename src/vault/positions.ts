/** Where a client stands in the journal of a vault, as the opaque text it is given as `lastSync`. */
import { Problem } from '../problem.ts'

/** Every change up to `seq` was told, or will have been when the walk is over. */
export interface Position {
  seq: number
  /**
   * What is under way: nothing; the whole of what lives, or of the trash, after which changes from `seq` on follow; or what
   * lies below the folder that the change after `seq` is about.
   */
  walking?: { what: 'living' | 'trash' | 'below'; from: readonly number[] }
  /** A folder came back from the trash among changes already told: what is moved from here on has to be told with all below. */
  restored?: boolean
}

const letters = { living: 'l', trash: 't', below: 'b' } as const
const shape = /^(\d{1,15})(r?)(?:([ltb])((?:~\d{1,16})*))?$/

export function writePosition({ seq, walking, restored }: Position): string {
  const walk = walking ? letters[walking.what] + walking.from.map((no) => `~${no}`).join('') : ''
  return `${seq}${restored ? 'r' : ''}${walk}`
}

/** The position that a text stands for, if it is one: a `lastSync`, or a bare `seq`. */
export function readPosition(text: string): Position | undefined {
  const [, seq, restored, letter, from = ''] = shape.exec(text) ?? []
  if (seq === undefined) return undefined
  const what = letter === 'l' ? 'living' : letter === 't' ? 'trash' : letter === 'b' ? 'below' : undefined
  return {
    seq: Number(seq),
    ...(restored ? { restored: true } : {}),
    ...(what ? { walking: { what, from: from.split('~').slice(1).map(Number) } } : {}),
  }
}

export function notAPosition(text: string): Problem {
  const message = `"${text}" is no place in the journal. Send a lastSync as it was answered, or a time like 2026-01-31T12:00:00Z.`
  return new Problem('bad-input', message, { errors: [{ path: 'since', message }] })
}
