/** The piece of a text that shows why it was found, cut into what is marked and what is not. */
import { ftsFold, wordsIn } from '../words.ts'

/** A stretch of an excerpt: one of the words that were looked for, or what stands between them. */
export interface Piece {
  text: string
  marked: boolean
}

/** A word that is looked for, folded, and whether its beginning is enough. */
export interface Wanted {
  word: string
  isBeginning: boolean
}

/** Characters of an excerpt, and how much of them stands before the first word. */
const length = 240
const lead = 60
/** Texts are looked through in stretches of so many characters; most are one. */
const stretchLength = 32_768
/** No word is longer; so much is looked at again where two stretches meet. */
const overlap = 120

/**
 * The first piece with as many of the words as one piece of this length has in the first stretch where any stands; an
 * ellipsis says that there is more. Undefined where none of them stands in the text.
 */
export function excerptOf(text: string, wanted: readonly Wanted[]): Piece[] | undefined {
  for (let at = 0; at < text.length; at += stretchLength) {
    const start = Math.max(0, at - overlap)
    const stretch = text.slice(start, at + stretchLength)
    if (!mayHold(stretch, wanted)) continue
    // A word that the stretch cuts is whole in the one before or in the next.
    const isWhole = (mark: Mark) =>
      (mark.start > 0 || start === 0) && (mark.end < stretch.length || at + stretchLength >= text.length)
    const found = marksIn(stretch, wanted).filter(isWhole)
    if (found.length > 0) return cut(text, start, found)
  }
  return undefined
}

interface Mark {
  start: number
  end: number
  word: string
}

/** A quick look: most stretches of a long text hold no such letters. */
function mayHold(stretch: string, wanted: readonly Wanted[]): boolean {
  const folded = ftsFold(stretch.normalize('NFC').toLowerCase().normalize('NFC'))
  return wanted.some(({ word }) => folded.includes(word))
}

function marksIn(stretch: string, wanted: readonly Wanted[]): Mark[] {
  const marks: Mark[] = []
  for (const { 0: one, index } of wordsIn(stretch)) {
    const folded = ftsFold(one.normalize('NFC').toLowerCase().normalize('NFC'))
    const is = wanted.find(({ word, isBeginning }) => (isBeginning ? folded.startsWith(word) : folded === word))
    if (is) marks.push({ start: index, end: index + one.length, word: is.word })
  }
  return marks
}

function cut(text: string, offset: number, marks: Mark[]): Piece[] {
  const first = best(marks)
  const from = wordStart(text, offset + first.start - lead)
  const to = wordEnd(text, from + length, offset + first.end)
  const pieces: Piece[] = []
  let at = from
  const add = (end: number, marked: boolean) => {
    if (end > at) pieces.push({ text: text.slice(at, end), marked })
    at = end
  }
  if (from > 0) pieces.push({ text: '…', marked: false })
  for (const { start, end } of marks) {
    if (offset + start < at || offset + end > to) continue
    add(offset + start, false)
    add(offset + end, true)
  }
  add(to, false)
  if (to < text.length) pieces.push({ text: '…', marked: false })
  return joined(pieces)
}

/** The mark behind which, as far as an excerpt reaches, most different words stand. */
function best(marks: Mark[]): Mark {
  let chosen = marks[0] as Mark
  let most = 0
  for (const [i, mark] of marks.entries()) {
    const words = new Set<string>()
    for (let j = i; j < marks.length && (marks[j] as Mark).end - mark.start < length - lead; j++)
      words.add((marks[j] as Mark).word)
    if (words.size > most) {
      chosen = mark
      most = words.size
    }
  }
  return chosen
}

const blank = /\s/

/** The beginning of a word at or behind `at`, unless there is none nearby. */
function wordStart(text: string, at: number): number {
  if (at <= 0) return 0
  for (let i = at; i < at + lead / 2; i++) if (blank.test(text[i] as string)) return i + 1
  return whole(text, at)
}

/** The end of a word at or before `at`, but not before `least`. */
function wordEnd(text: string, at: number, least: number): number {
  if (at >= text.length) return text.length
  for (let i = at; i > Math.max(least, at - lead / 2); i--) if (blank.test(text[i] as string)) return i
  return whole(text, Math.max(at, least))
}

/** Never between the two halves of a character. */
function whole(text: string, at: number): number {
  return /[\udc00-\udfff]/.test(text[at] ?? '') ? at + 1 : at
}

function joined(pieces: Piece[]): Piece[] {
  const all: Piece[] = []
  for (const piece of pieces) {
    const last = all.at(-1)
    if (last?.marked === false && !piece.marked) last.text += piece.text
    else all.push({ ...piece })
  }
  return all
}
