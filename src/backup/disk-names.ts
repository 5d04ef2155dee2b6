/** Names that any disk can hold, Windows' included, so that the readable tree can be copied anywhere. */

const longestBytes = 255
// Control characters, marks that turn the reading direction, and what Windows has other plans for.
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is replaced
const unsafe = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069<>:"/\\|?*]/gu
const device = /^(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=$|\.| )/i

/**
 * The `n`th choice of a name on the disk: the name itself as far as it is safe, from the second on with ` (n)` before its
 * extension. Never empty, never `.` or `..`, at most 255 bytes, neither a device of Windows nor with a dot or space at the end.
 */
export function diskName(name: string, n = 1): string {
  const clean = name
    .toWellFormed()
    .normalize('NFC')
    .replace(unsafe, '_')
    .replace(/[. ]+$/, (end) => '_'.repeat(end.length))
  const safe = clean.replace(device, '$&_') || '_'
  const extension = /.(\.[\p{L}\p{N}]{1,16})$/u.exec(safe)?.[1] ?? ''
  const end = n === 1 ? extension : ` (${n})${extension}`
  const stem = extension === '' ? safe : safe.slice(0, -extension.length)
  return shortened(stem, longestBytes - Buffer.byteLength(end)) + end
}

function shortened(text: string, bytes: number): string {
  let short = ''
  let length = 0
  for (const character of text) {
    length += Buffer.byteLength(character)
    if (length > bytes) break
    short += character
  }
  return short
}
