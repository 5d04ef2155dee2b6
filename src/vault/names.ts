/** What a name of a file or folder may be, when two are the same, and in which order people expect them. */
import { Problem } from '../problem.ts'

const longestBytes = 255 // what ext4, APFS and NTFS can hold, so that a copy on any disk keeps its name
const longestPathBytes = 4096
export const deepestFolder = 128

// Control characters; and the marks that turn the reading direction, with which `exe.fdp` passes for a document.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const forbidden = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

/** A name as it is stored: NFC. Throws `bad-input` with what is wrong and where (`path`). */
export function cleanName(given: string, path = 'name'): string {
  const refuse = (why: string): never => {
    throw new Problem('bad-input', why, { errors: [{ path, message: why }] })
  }
  if (!given.isWellFormed()) refuse('The name is not valid Unicode text.')
  const name = given.normalize('NFC')
  if (name.trim() === '') refuse('A name is needed.')
  if (name === '.' || name === '..') refuse(`A file or folder cannot be called "${name}".`)
  if (name.includes('/') || name.includes('\\')) refuse('A name cannot contain / or \\.')
  if (forbidden.test(name)) refuse('A name cannot contain control characters or marks that turn the reading direction.')
  const bytes = Buffer.byteLength(name)
  if (bytes > longestBytes)
    refuse(`The name has ${bytes} bytes; ${longestBytes} is the most a disk can hold. Shorten it.`)
  return name
}

/** The names of a path below a folder (`Photos/2026`), each cleaned; empty steps are passed over. */
export function cleanPath(given: string, path = 'path'): string[] {
  if (Buffer.byteLength(given) > longestPathBytes) {
    const why = `The path has more than ${longestPathBytes} bytes. Shorten it.`
    throw new Problem('bad-input', why, { errors: [{ path, message: why }] })
  }
  const names = given
    .split('/')
    .filter((step) => step !== '')
    .map((step) => cleanName(step, path))
  if (names.length > deepestFolder) throw tooDeep()
  return names
}

export function tooDeep(): Problem {
  return new Problem('bad-input', `Folders can be ${deepestFolder} deep. Choose a place nearer to the top.`)
}

/** Two names with the same key are the same to people: composed or not, upper or lower case, a space at the end. */
export function nameKey(name: string): string {
  return name.normalize('NFC').toLowerCase().normalize('NFC').trim()
}

/** A key whose binary order is the order people expect: accents and case folded, `img2` before `img10`. */
export function nameSort(name: string): string {
  const folded = name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase()
  return folded.replace(/\d+/g, (digits) => {
    const number = digits.replace(/^0+(?=\d)/, '')
    return String(Math.min(number.length, 99)).padStart(2, '0') + number
  })
}

/** Lower case, without the dot; empty where there is none (`README`, `.profile`). */
export function extensionOf(name: string): string {
  return /[^.]\.([\p{L}\p{N}]{1,16})$/u.exec(name)?.[1]?.toLowerCase() ?? ''
}

/** The first of `plan.pdf`, `plan (2).pdf`, `plan (3).pdf`, … that is not taken. */
export function freeName(wanted: string, taken: (key: string) => boolean): string {
  let name = wanted
  for (let n = 2; taken(nameKey(name)); n++) name = numberedName(wanted, n)
  return name
}

/** `plan (3).pdf` for `plan.pdf` and for `plan (2).pdf`, shortened to what a disk can hold. */
export function numberedName(name: string, n: number): string {
  const extension = extensionOf(name)
  const end = extension ? name.slice(-extension.length - 1) : ''
  const stem = (end ? name.slice(0, -end.length) : name).replace(/ \(\d{1,6}\)$/, '')
  const tail = ` (${n})${end}`
  return shorten(stem, longestBytes - Buffer.byteLength(tail)) + tail
}

function shorten(text: string, bytes: number): string {
  let short = text
  while (Buffer.byteLength(short) > bytes) short = Array.from(short).slice(0, -1).join('')
  return short
}
