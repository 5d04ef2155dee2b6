/** Bytes to characters: by their byte order mark, as UTF-8 where they are, else by what is declared, else as Windows-1252. */
import { open } from 'node:fs/promises'

/** Decodes the beginning of a text; `declared` is an encoding that the document names. Never throws. */
export function decode(bytes: Uint8Array, declared?: string): string {
  const [first, second, third] = bytes
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le').decode(bytes)
  if (first === 0xfe && second === 0xff) return new TextDecoder('utf-16be').decode(bytes)
  if (first === 0xef && second === 0xbb && third === 0xbf) return new TextDecoder().decode(bytes)
  try {
    // A character that the end of `bytes` cuts is no fault: `stream` holds it back.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
  } catch {
    return decoderOf(declared).decode(bytes)
  }
}

/** At most the first `most` bytes of a file. */
export async function readBeginning(path: string, most: number): Promise<Buffer> {
  await using file = await open(path, 'r')
  const { size } = await file.stat()
  const bytes = Buffer.alloc(Math.min(size, most))
  let filled = 0
  while (filled < bytes.length) {
    const { bytesRead } = await file.read(bytes, filled, bytes.length - filled, filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

function decoderOf(declared: string | undefined): TextDecoder {
  try {
    const decoder = new TextDecoder(declared ?? 'windows-1252')
    // It was tried already, and these bytes are none.
    return decoder.encoding.startsWith('utf-') ? new TextDecoder('windows-1252') : decoder
  } catch {
    return new TextDecoder('windows-1252')
  }
}
