/** HTML and XML as events, for as long as they are nested as documents are: each open tag makes the parser slower. */
import { Parser } from 'htmlparser2'

const deepest = 5_000

export interface TagEvents {
  open?(name: string, attributes: Record<string, string>): void
  text?(text: string): void
  close?(name: string): void
}

export interface Tags {
  /** Takes the next piece; answers false when no more is to come. */
  write(piece: string): boolean
  end(): void
}

/** Starts to parse; no tree is built. */
export function parseTags(syntax: 'html' | 'xml', { open, text, close }: TagEvents): Tags {
  let depth = 0
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        depth++
        open?.(name, attributes)
      },
      ontext: (piece) => text?.(piece),
      onclosetag(name) {
        depth--
        close?.(name)
      },
    },
    { xmlMode: syntax === 'xml' },
  )
  return {
    write(piece) {
      parser.write(piece)
      return depth <= deepest
    },
    end: () => parser.end(),
  }
}
