/** The words of a text, cut exactly where FTS5's tokeniser `unicode61 remove_diacritics 2` cuts; it folds them itself. */

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

/** A word as FTS5 compares it (`remove_diacritics 2`). */
export function fold(one: string): string {
  return isPlain.test(one) ? one : one.normalize('NFD').replace(/\p{M}/gu, '').normalize('NFC')
}
const isPlain = /^\p{ASCII}*$/u

/** Distinct words of a query in their order, in NFC as names are stored; the first 16, because more do not find better. */
export function wordsOf(text: string): string[] {
  const words = text.toWellFormed().normalize('NFC').toLowerCase().normalize('NFC').match(word) ?? []
  return [...new Set(words)].slice(0, mostWords)
}
