/** The living folders of a vault: which carry a word, in their own name or in one above, and what lies below one. */
import type { Connection } from '../../index/connection.ts'
import { foldedWords } from '../words.ts'

interface Folder {
  parent: number | null
  words: string[]
}

/** A living folder as the index has it. */
export interface FolderRow {
  no: number
  parent_no: number | null
  name: string
}

export function livingFolders(db: Connection, vaultNo: number): FolderRow[] {
  return db
    .prepare('SELECT no, parent_no, name FROM folder WHERE vault_no = ? AND deleted_at IS NULL')
    .all(vaultNo) as FolderRow[]
}

export class Folders {
  readonly #folders = new Map<number, Folder>()
  readonly #names = new Set<string>()

  constructor(rows: readonly FolderRow[]) {
    for (const { no, parent_no: parent, name } of rows) {
      const words = foldedWords(name)
      this.#folders.set(no, { parent, words })
      for (const word of words) this.#names.add(word)
    }
  }

  words(): ReadonlySet<string> {
    return this.#names
  }

  has(no: number): boolean {
    return this.#folders.has(no)
  }

  nos(): Iterable<number> {
    return this.#folders.keys()
  }

  /** Those that carry a word that passes, themselves or through one above. */
  carrying(passes: (word: string) => boolean): Set<number> {
    const carried = new Set([...this.#names].filter(passes))
    if (carried.size === 0) return new Set()
    return this.#reached(({ words }) => words.some((word) => carried.has(word)))
  }

  /** A folder and all below it. */
  below(top: number): Set<number> {
    return this.#reached((_, no) => no === top)
  }

  // Whether a folder is reached is known once for each, however deep it lies.
  #reached(isOwn: (folder: Folder, no: number) => boolean): Set<number> {
    const known = new Map<number, boolean>()
    const look = (no: number): boolean => {
      const before = known.get(no)
      if (before !== undefined) return before
      const folder = this.#folders.get(no)
      const is = folder !== undefined && (isOwn(folder, no) || (folder.parent !== null && look(folder.parent)))
      known.set(no, is)
      return is
    }
    return new Set([...this.#folders.keys()].filter(look))
  }
}
