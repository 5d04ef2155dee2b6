/** What a search engine promises, whichever it is; and the choice of one. */
import type { Index } from '../index/open.ts'
import type { Log } from '../log.ts'
import { openFts } from './fts.ts'
import { openMemory } from './memory/engine.ts'
import type { Asking, QueueCounts } from './queue.ts'

export type SortColumn = 'relevance' | 'name' | 'size' | 'updatedAt' | 'createdAt' | 'extension'

/** What to find. Permission was decided before: the vault is one the asker may see. */
export interface EngineQuery {
  vaultNo: number
  /** As typed; empty finds everything. */
  text: string
  /** Only beginnings of words count; otherwise a word that begins nothing is looked for inside words, or as a slip. */
  exact: boolean
  /** Words that must not begin any of its words. */
  without: string[]
  /** Several values of one filter are alternatives; several filters must all hold. */
  extensions: string[]
  types: string[]
  tags: string[]
  metadata: Record<string, string[]>
  minSize?: number | undefined
  maxSize?: number | undefined
  /** Milliseconds: changed at or after, changed before. */
  after?: number | undefined
  before?: number | undefined
  /** A folder's row number: what lies in it or below. */
  folderNo?: number | undefined
  /** Row numbers, best first: nothing else is found, and relevance is their order. `text` is empty then. */
  among?: readonly number[] | undefined
  sort: SortColumn
  order: 'asc' | 'desc'
  limit: number
  offset: number
  /** So many values of each facet; 50 unless told. */
  facetValues?: number | undefined
}

export type FacetCounts = { value: string; count: number }[]

export interface EngineAnswer {
  /** Row numbers of the page, in order. */
  nos: number[]
  /** By relevance: how good each of the page is, smaller first, equal ones by the newest; else 0 for all. */
  ranks: number[]
  total: number
  totalIsExact: boolean
  /** Counts of each value among what is found without the filter on that facet itself, most first. */
  facets: { types: FacetCounts; extensions: FacetCounts; tags: FacetCounts; metadata: Record<string, FacetCounts> }
}

/** An answer, and who gave it. */
export interface Found extends EngineAnswer {
  engine: 'memory' | 'fts'
}

export interface Engine extends AsyncDisposable {
  find(query: EngineQuery, asking?: Asking): Promise<Found>
  /** Of the searches that wait for it. */
  readonly counts: Readonly<QueueCounts>
}

/** What searches a volume: `memory` answers in milliseconds however much is found, `fts` needs no memory. */
export function openSearch(
  index: Index,
  { engine, log }: { engine: 'memory' | 'fts'; log: Log },
): Engine & { warm(): Promise<void> } {
  const fts = openFts(index)
  return engine === 'memory' ? openMemory(index.path, { fallback: fts, log }) : { ...fts, warm: async () => {} }
}
