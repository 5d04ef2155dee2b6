/** Opaque ids: ULIDs in lower case (https://github.com/ulid/spec), so that new rows lie together in the indexes. */
import { randomBytes } from 'node:crypto'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** 26 characters: 48 bits of time, 80 bits of chance. Ordered by time to the millisecond; not a secret. */
export function newId(now = Date.now()): string {
  let time = ''
  for (let i = 0, rest = now; i < 10; i++, rest = Math.floor(rest / 32)) time = alphabet[rest % 32] + time
  let chance = ''
  for (const byte of randomBytes(16)) chance += alphabet[byte % 32]
  return time + chance
}
