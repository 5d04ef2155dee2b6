/**
 * The words of a text, fewer: what the index of contents is given. A word counts up to eight times, which is where BM25
 * hardly tells any more, so that a long text costs what its different words cost.
 */

const mostRepeats = 8
/** Of one document. Indexing them takes some 10 ms on the thread that writes. */
const mostDifferent = 20_000
const mostTokens = 50_000
/** Longer runs of letters and digits are data, not words. */
const longestWord = 60

// Every letter, digit and mark that SQLite may take as part of a word; it cuts finer by itself.
const run = /[\p{L}\p{N}\p{M}\p{Co}]+/gu

/** Words in the order in which each came first, in NFC and lower case, between blanks. */
export function condense(text: string): string {
  const counts = new Map<string, number>()
  let tokens = 0
  for (const [found] of text.normalize('NFC').toLowerCase().normalize('NFC').matchAll(run)) {
    if (found.length > longestWord) continue
    const before = counts.get(found) ?? 0
    if (before === mostRepeats || (before === 0 && counts.size === mostDifferent)) continue
    if (++tokens > mostTokens) break
    counts.set(found, before + 1)
  }
  let words = ''
  for (const [one, times] of counts) words += `${one} `.repeat(times)
  return words.trimEnd()
}
