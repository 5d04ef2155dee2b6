/** Text as it comes out of a document, piece by piece, up to a limit. */

/** Characters (UTF-16 units) of text that are kept of one document; what comes after is not found. */
export const mostText = 1_000_000

/** Collects pieces: runs of blanks become one, runs of line breaks become one. */
export class Gathering {
  readonly #pieces: string[] = []
  #length = 0
  #gap: '' | ' ' | '\n' = ''

  /** Whether nothing more is taken. */
  get isFull(): boolean {
    return this.#length >= mostText
  }

  /** Adds text as it stands; words of two calls without a blank between them are one word. */
  add(text: string): void {
    if (text === '' || this.isFull) return
    const [start = '', middle = '', end = ''] = apart(text)
    this.#widen(start)
    if (middle !== '') this.#push(middle.replace(blanks, (run) => (run.includes('\n') ? '\n' : ' ')))
    this.#widen(end)
  }

  /** What comes next begins a line. */
  newLine(): void {
    this.#gap = '\n'
  }

  /** What comes next is another word. */
  space(): void {
    if (this.#gap === '') this.#gap = ' '
  }

  toString(): string {
    return this.#pieces.join('').toWellFormed()
  }

  #widen(blank: string): void {
    if (blank.includes('\n')) this.newLine()
    else if (blank !== '') this.space()
  }

  #push(text: string): void {
    const whole = (this.#length === 0 ? '' : this.#gap) + text
    const taken = whole.slice(0, mostText - this.#length)
    this.#gap = ''
    this.#pieces.push(taken)
    this.#length += taken.length
  }
}

// Control characters are no text; a soft hyphen only says where a word may be broken.
const blanks = /[\s\p{Cc}\u200b]+/gu
const isBlank = /[\s\p{Cc}\u200b]/u

/** Blanks before, text, blanks behind. */
function apart(text: string): [string, string, string] {
  const clean = text.replaceAll('\u00ad', '')
  let from = 0
  let to = clean.length
  while (from < to && isBlank.test(clean[from] as string)) from++
  while (to > from && isBlank.test(clean[to - 1] as string)) to--
  return [clean.slice(0, from), clean.slice(from, to), clean.slice(to)]
}
