// Is this text, and if so, which? Told from the first bytes of a file, which may end in the middle of a character.

/**
 * The text that the bytes hold, or undefined. UTF-8, and UTF-16 with a byte order mark, are recognised; with
 * `maybeLegacy`, when the name says that it is text, a one-byte encoding of old is taken too.
 */
export function decodeText(head: Buffer, maybeLegacy: boolean): string | undefined {
  if (head[0] === 0xff && head[1] === 0xfe) return decode('utf-16le', head)
  if (head[0] === 0xfe && head[1] === 0xff) return decode('utf-16be', head)
  if (head.includes(0)) return undefined
  return decode('utf-8', head) ?? (maybeLegacy && !hasControls(head) ? decode('latin1', head) : undefined)
}

function decode(encoding: string, bytes: Buffer): string | undefined {
  try {
    return new TextDecoder(encoding, { fatal: true }).decode(bytes, { stream: true })
  } catch {
    return undefined
  }
}

// Characters that no text has: the control codes except tab, the line ends, form feed and escape.
function hasControls(bytes: Buffer): boolean {
  return bytes.some((byte) => byte < 0x20 && !(byte >= 0x09 && byte <= 0x0d) && byte !== 0x1b)
}
