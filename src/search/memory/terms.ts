/** Words and the documents that carry them: a sorted list of words, and for each the documents in order. */
import { addAll, addList, type Bits, noBits } from './bits.ts'
import { type Lists, ListsBuilder } from './lists.ts'

export interface Terms {
  /** In the order of JavaScript's `<`. */
  words: string[]
  documents: Lists
}

/** Collects words of documents; documents come in order, and a word twice in one counts once. */
export class TermsBuilder {
  readonly #numbers = new Map<string, number>()
  readonly #lists = new ListsBuilder()
  readonly #last: number[] = []

  add(word: string, document: number): void {
    let number = this.#numbers.get(word)
    if (number === undefined) {
      number = this.#numbers.size
      this.#numbers.set(word, number)
    } else if (this.#last[number] === document) return
    this.#last[number] = document
    this.#lists.add(number, document)
  }

  build(): Terms {
    const words = [...this.#numbers.keys()].sort((a, b) => (a < b ? -1 : 1))
    const order = new Uint32Array(words.length)
    for (const [i, word] of words.entries()) order[this.#numbers.get(word) as number] = i
    return { words, documents: this.#lists.build(words.length, order) }
  }
}

/** Finds documents by words; those of frequent words are kept as bits, which are faster to add than lists. */
export class TermIndex {
  readonly #terms: Terms
  readonly #frequent = new Map<number, Bits>()

  constructor(terms: Terms, size: number) {
    this.#terms = terms
    const { starts, values } = terms.documents
    for (let word = 0; word < terms.words.length; word++) {
      const [from, to] = [starts[word] as number, starts[word + 1] as number]
      if (to - from <= size / 32) continue
      const bits = noBits(size)
      addList(bits, values, from, to)
      this.#frequent.set(word, bits)
    }
  }

  hasBeginning(prefix: string): boolean {
    return this.#terms.words[firstAtLeast(this.#terms.words, prefix)]?.startsWith(prefix) ?? false
  }

  words(): readonly string[] {
    return this.#terms.words
  }

  /** Adds the documents that carry a word beginning with `prefix`. */
  addPrefixed(bits: Bits, prefix: string): void {
    const { words } = this.#terms
    for (let i = firstAtLeast(words, prefix); words[i]?.startsWith(prefix); i++) this.#add(bits, i)
  }

  /** Adds the documents of every word that passes. */
  addWhere(bits: Bits, passes: (word: string) => boolean): void {
    for (const [i, word] of this.#terms.words.entries()) if (passes(word)) this.#add(bits, i)
  }

  #add(bits: Bits, word: number): void {
    const frequent = this.#frequent.get(word)
    const { starts, values } = this.#terms.documents
    if (frequent) addAll(bits, frequent)
    else addList(bits, values, starts[word] as number, starts[word + 1] as number)
  }
}

function firstAtLeast(words: readonly string[], wanted: string): number {
  let low = 0
  let high = words.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((words[middle] as string) < wanted) low = middle + 1
    else high = middle
  }
  return low
}
