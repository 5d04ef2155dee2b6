/**
 * The words of a text, cut where FTS5's tokeniser `unicode61 remove_diacritics 2` cuts; it folds them itself. What is newer than
 * Unicode 6.1 and no letter (many emoji) ends a word here and belongs to it for FTS5; such capitals are letters of their own there.
 */

const mostWords = 16

// Letters, digits and private use begin and make up a word; the accents that SQLite knows go on with it. Other marks
// end it. The ranges taken out are letters for Unicode 17 and not for SQLite: a word with one would be two for FTS5, a
// phrase, which our index cannot answer.
const letter = String.raw`[[\p{L}\p{N}\p{Co}]--[\u19b0-\u19c0\u19c8\u19c9\u1cf2\u1cf3]]`
const accent = String.raw`[\u0300-\u0304\u0306-\u030c\u030f\u0311\u031b\u0323-\u0328\u032d\u032e\u0330\u0331]`
const word = new RegExp(`${letter}(?:${letter}|${accent})*`, 'gv')

/** Every word of a text as FTS5 folds it: without case and accents. */
export function foldedWords(text: string): string[] {
  return (text.toWellFormed().normalize('NFC').toLowerCase().normalize('NFC').match(word) ?? []).map(fold)
}

/** Every word of a text as it stands there, with its place. */
export function wordsIn(text: string): IteratorObject<RegExpExecArray> {
  return text.matchAll(word)
}

/**
 * A word of {@link foldedWords} before it is folded, as the engine in memory compares it: as FTS5 does, and without the accents
 * of Greek and Cyrillic, which FTS5 keeps. Nothing that FTS5 takes for one word is two here.
 */
export const fold = letterByLetter((c) => (isAccented.test(c) ? withoutAccents(ftsLetter(c)) : ftsLetter(c)))

/** The same word as FTS5 compares it (`remove_diacritics 2`): without accents over the letters a to z. */
export const ftsFold = letterByLetter(ftsLetter)

/** Texts may be long, and different letters are few: what becomes of each is kept. */
function letterByLetter(folded: (c: string) => string): (text: string) => string {
  const known = new Map<string, string>()
  return (text) =>
    isPlain.test(text)
      ? text
      : text.replace(notPlain, (c) => {
          const is = known.get(c) ?? folded(c)
          known.set(c, is)
          return is
        })
}

function ftsLetter(c: string): string {
  const bare = withoutAccents(c)
  return otherForm[c] ?? (/^[a-z]?$/.test(bare) && c !== 'ǡ' ? bare : c)
}

const isPlain = /^\p{ASCII}*$/u
const notPlain = /\P{ASCII}/gu
const isAccented = /[\p{Script=Greek}\p{Script=Cyrillic}]/u

/** What is the same letter for SQLite, and another small letter for JavaScript. */
const otherForm: Record<string, string> = {
  ſ: 's',
  ẛ: 's',
  µ: 'μ',
  ς: 'σ',
  ϐ: 'β',
  ϑ: 'θ',
  ϕ: 'φ',
  ϖ: 'π',
  ϰ: 'κ',
  ϱ: 'ρ',
  ϵ: 'ε',
}

function withoutAccents(c: string): string {
  return c.normalize('NFD').replace(/\p{M}/gu, '').normalize('NFC')
}

/** Distinct words of a query in their order, in NFC as names are stored; the first 16, because more do not find better. */
export function wordsOf(text: string): string[] {
  const words = text.toWellFormed().normalize('NFC').toLowerCase().normalize('NFC').match(word) ?? []
  return [...new Set(words)].slice(0, mostWords)
}
