/** What changed in a vault since its arrays were made: few rows, each as an object, asked one by one. */
import type { EngineQuery } from '../search.ts'
import type { FacetFilter } from './criteria.ts'
import { holds } from './criteria.ts'
import type { Meaning } from './meant.ts'
import { type Facts, factsOf, type Row } from './row.ts'

export interface Changed {
  row: Row
  facts: Facts
}

/** A changed row that the words and ranges of a query find, and which filters it passes. */
export interface Hit extends Changed {
  /** In the order of the filters. */
  passed: boolean[]
  isInName: boolean
}

/** A word of a query: found at the beginning of a row's words, or through its folder. */
export interface WordTest extends Meaning {
  folders: ReadonlySet<number>
}

export class Overlay {
  readonly #rows = new Map<number, Changed>()

  get size(): number {
    return this.#rows.size
  }

  *words(): Generator<string> {
    for (const { facts } of this.#rows.values()) {
      yield* facts.nameWords
      yield* facts.otherWords
    }
  }

  set(row: Row): void {
    this.#rows.set(row.no, { row, facts: factsOf(row) })
  }

  remove(no: number): void {
    this.#rows.delete(no)
  }

  /** Removes all others. */
  keep(nos: ReadonlySet<number>): void {
    for (const no of this.#rows.keys()) if (!nos.has(no)) this.#rows.delete(no)
  }

  removeIn(folders: ReadonlySet<number>): void {
    for (const [no, { row }] of this.#rows) if (folders.has(row.folder_no)) this.#rows.delete(no)
  }

  find(
    query: EngineQuery,
    words: readonly WordTest[],
    filters: readonly FacetFilter[],
    below?: ReadonlySet<number>,
  ): Hit[] {
    const hits: Hit[] = []
    const among = query.among && new Set(query.among)
    for (const one of this.#rows.values()) {
      if (among && !among.has(one.row.no)) continue
      if (!inRange(query, one.row) || (below && !below.has(one.row.folder_no))) continue
      const { nameWords } = one.facts
      if (!words.every((word) => carries(one, word))) continue
      const passed = filters.map((filter) => holds(filter, one.row, one.facts))
      hits.push({ ...one, passed, isInName: words.every(({ passes }) => nameWords.some(passes)) })
    }
    return hits
  }
}

/** Whether a row carries a word, itself or through its folder. */
export function carries({ row, facts }: Changed, { passes, folders }: WordTest): boolean {
  return folders.has(row.folder_no) || facts.nameWords.some(passes) || facts.otherWords.some(passes)
}

function inRange({ minSize, maxSize, after, before }: EngineQuery, { size, updated_at }: Row): boolean {
  return (
    (minSize === undefined || size >= minSize) &&
    (maxSize === undefined || size <= maxSize) &&
    (after === undefined || updated_at >= after) &&
    (before === undefined || updated_at < before)
  )
}
