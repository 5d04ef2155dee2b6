/**
 * What a word of a query may mean. Beginnings of words first; only a word that begins nothing at all is looked for inside
 * words, and only one that is nowhere is taken for a slip of the fingers.
 */
import { distance } from 'fastest-levenshtein'

/** Words that are looked through: of the arrays, of what changed since, and of folders. */
export interface Vocabulary {
  hasBeginning(word: string): boolean
  /** Every word, in no order; some may come twice. */
  words(): Iterable<string>
}

const leastInside = 3
const leastForOneSlip = 4
const leastForTwoSlips = 8
const mostMeant = 5
const hasDigit = /\p{N}/u

export interface Meaning {
  passes: (one: string) => boolean
  /** It is the beginnings: those lie side by side in a sorted list. */
  isBeginning: boolean
}

/** The words that are meant. With `exact` only beginnings are. */
export function meaningOf(word: string, vocabulary: Vocabulary, exact: boolean): Meaning {
  const begins = { passes: (one: string) => one.startsWith(word), isBeginning: true }
  if (exact || vocabulary.hasBeginning(word)) return begins
  if (word.length >= leastInside) {
    const contains = (one: string) => one.includes(word)
    for (const one of vocabulary.words()) if (contains(one)) return { passes: contains, isBeginning: false }
  }
  const meant = slips(word, vocabulary)
  return meant.size === 0 ? begins : { passes: (one) => meant.has(one), isBeginning: false }
}

// Numbers are meant as they are typed: a wrong digit is another number.
function slips(word: string, vocabulary: Vocabulary): Set<string> {
  if (word.length < leastForOneSlip || hasDigit.test(word)) return new Set()
  const most = word.length >= leastForTwoSlips ? 2 : 1
  const near = new Map<string, number>()
  for (const one of vocabulary.words()) {
    if (Math.abs(one.length - word.length) > most || near.has(one) || hasDigit.test(one)) continue
    const slip = isSwapped(one, word) ? 1 : distance(one, word)
    if (slip <= most) near.set(one, slip)
  }
  const best = [...near].sort(([a, n], [b, m]) => n - m || (a < b ? -1 : 1)).slice(0, mostMeant)
  return new Set(best.map(([one]) => one))
}

/** Two letters next to each other changed places: one slip, that the edit distance counts as two. */
function isSwapped(a: string, b: string): boolean {
  if (a.length !== b.length) return false
  let i = 0
  while (i < a.length && a[i] === b[i]) i++
  return a[i] === b[i + 1] && a[i + 1] === b[i] && a.slice(i + 2) === b.slice(i + 2)
}
