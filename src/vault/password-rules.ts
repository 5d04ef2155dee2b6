/** Which passwords people may choose. How long they are is said where they are declared; here is what everybody tries first. */
import { Problem } from '../problem.ts'

let common: Promise<Set<string>> | undefined

/** The most common passwords of 49,000 known ones (zxcvbn's list) that are long enough to pass otherwise. */
async function commonPasswords(): Promise<Set<string>> {
  const { dictionary } = await import('@zxcvbn-ts/language-common')
  return new Set(dictionary['passwords-common'].filter((password) => password.length >= shortest))
}

const shortest = 8

/** Refuses a password that is on every list, is one character again and again, or is the person's own name or address. */
export async function requireGoodPassword(password: string, person: { email: string; name: string }): Promise<void> {
  common ??= commonPasswords()
  const folded = password.normalize('NFKC').toLowerCase()
  const refuse = (message: string): never => {
    throw new Problem('bad-input', message, { errors: [{ path: 'password', message }] })
  }
  const known = await common
  // A digit or an exclamation mark at the end makes none of them another.
  if (known.has(folded) || known.has(folded.replace(/[\d!?.]+$/, '')))
    refuse('This password is one that many people use, and the first that is tried. A few words are good.')
  if (new Set(folded).size < 4) refuse('This password has too few different characters. A few words are good.')
  const own = [person.email, person.email.split('@')[0] ?? '', person.name].map((one) => one.toLowerCase())
  if (own.includes(folded)) refuse('Your name or address is no password. A few words are good.')
}
