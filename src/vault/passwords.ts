/** Hashing passwords with argon2id, at most two at once: more would starve file I/O, which shares the thread pool. */
import argon2 from 'argon2'
import { Problem } from '../problem.ts'

export interface PasswordCost {
  memoryKiB: number
  passes: number
}

/** One of the settings that OWASP's password storage sheet names for argon2id. */
const cost: PasswordCost = { memoryKiB: 47_104, passes: 1 }

const atOnce = 2
const waitingAtMost = 50
const longestBytes = 256

export interface Passwords {
  hash(password: string): Promise<string>
  /** Whether the password is the one that was hashed. Without a hash (nobody of that name) it takes as long and says no. */
  verify(hash: string | undefined, password: string): Promise<boolean>
  /** Whether a hash was made with other costs than today's. */
  outdated(hash: string): boolean
}

export function openPasswords({ memoryKiB, passes }: PasswordCost = cost): Passwords {
  const options = { type: argon2.argon2id, memoryCost: memoryKiB, timeCost: passes, parallelism: 1 } as const
  let running = 0
  const waiting: (() => void)[] = []
  let nobody: Promise<string> | undefined

  async function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (running >= atOnce) {
      if (waiting.length >= waitingAtMost)
        throw new Problem('slow-down', 'Too many people are signing in at once. Try again in a few seconds.', {
          retryAfter: 5,
        })
      await new Promise<void>((go) => waiting.push(go))
    } else running++
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }

  return {
    hash: (password) => inTurn(() => argon2.hash(checkLength(password), options)),
    async verify(hash, password) {
      if (Buffer.byteLength(password) > longestBytes * 4) return false
      nobody ??= argon2.hash('a password of nobody', options)
      const against = hash ?? (await nobody)
      const same = await inTurn(() => argon2.verify(against, password))
      return same && hash !== undefined
    },
    outdated: (hash) => argon2.needsRehash(hash, options),
  }
}

function checkLength(password: string): string {
  if (Buffer.byteLength(password) > longestBytes * 4)
    throw new Problem('bad-input', `A password has at most ${longestBytes} characters.`)
  return password
}
