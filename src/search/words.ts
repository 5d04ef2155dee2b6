/** The words of a text, exactly as FTS5's tokeniser `unicode61 remove_diacritics 2` sees them. */

const mostWords = 16

/** Distinct words of a query in their order, folded; the first 16, because more do not find better. */
export function wordsOf(text: string): string[] {
  const folded = text.toWellFormed().normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
  const words = folded.match(/[\p{L}\p{N}\p{Co}]+/gu) ?? []
  return [...new Set(words)].slice(0, mostWords)
}
