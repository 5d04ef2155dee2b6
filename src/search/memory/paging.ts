/** The page of what is found, in order: what lies in arrays and what changed since, as one. */
import type { EngineAnswer, EngineQuery, SortColumn } from '../search.ts'
import { type Bits, count, each, has, keepCommon, remove } from './bits.ts'
import { compareBytes, type OrderColumn, type Texts, type VaultData } from './data.ts'
import type { Hit } from './overlay.ts'

/** Documents in tiers of relevance, best first; one tier where the order is that of a column. */
export interface Tier {
  documents: Bits
  hits: Hit[]
}

/** Fewer are sorted; more are picked from the order that is kept. */
const fewToSort = 3000

/** A page: row numbers, and how good each is. */
export type Page = Pick<EngineAnswer, 'nos' | 'ranks'>

/** The page out of tiers; how good one is, is its tier. */
export function pageOf(data: VaultData, ranks: Ranks, tiers: readonly Tier[], query: EngineQuery): Page {
  const { sort, order, limit, offset } = query
  const column: OrderColumn = sort === 'relevance' ? 'updatedAt' : sort
  const descending = sort === 'relevance' || order === 'desc'
  const page: Page = { nos: [], ranks: [] }
  let skip = offset
  for (const [tier, { documents, hits }] of tiers.entries()) {
    const size = count(documents)
    if (skip >= size + hits.length) {
      skip -= size + hits.length
      continue
    }
    const changed = hits
      .map((hit) => ({ no: hit.row.no, key: keyOf(hit, column), rank: ranks.of(column, hit) }))
      .sort((a, b) => a.rank - b.rank || compareKeys(a.key, b.key) || a.no - b.no)
    const next = merged(inOrder(data, ranks, documents, size, column, descending), changed, descending)
    for (const no of next) {
      if (skip-- > 0) continue
      page.nos.push(no)
      page.ranks.push(tier)
      if (page.nos.length === limit) return page
    }
    skip = 0
  }
  return page
}

/** The page where `among` says which come first; how good one is, is its place there. */
export function pageAmong(
  among: readonly number[],
  isFound: (no: number) => boolean,
  { limit, offset }: EngineQuery,
): Page {
  const page: Page = { nos: [], ranks: [] }
  let skip = offset
  for (const [place, no] of among.entries()) {
    if (page.nos.length === limit) break
    if (!isFound(no) || skip-- > 0) continue
    page.nos.push(no)
    page.ranks.push(place)
  }
  return page
}

interface Placed {
  no: number
  rank: number
}

function* merged(base: Iterable<Placed>, changed: Placed[], descending: boolean): Generator<number> {
  const rest = descending ? changed.toReversed() : changed
  let at = 0
  for (const { no, rank } of base) {
    for (let one = rest[at]; one && (descending ? one.rank > rank : one.rank < rank); one = rest[++at]) yield one.no
    yield no
  }
  for (; at < rest.length; at++) yield (rest[at] as Placed).no
}

function* inOrder(
  { nos, order }: VaultData,
  ranks: Ranks,
  documents: Bits,
  size: number,
  column: OrderColumn,
  descending: boolean,
): Generator<Placed> {
  if (size === 0) return
  const ordered = order[column]
  if (size <= fewToSort) {
    const some: Placed[] = []
    const rank = ranks.all(column)
    each(documents, (document) => some.push({ no: nos[document] as number, rank: rank[document] as number }))
    yield* some.sort((a, b) => (descending ? b.rank - a.rank : a.rank - b.rank))
    return
  }
  const last = ordered.length - 1
  for (let i = 0; i <= last; i++) {
    const rank = descending ? last - i : i
    const document = ordered[rank] as number
    if (has(documents, document)) yield { no: nos[document] as number, rank }
  }
}

type Key = string | number

function keyOf({ row }: Hit, column: OrderColumn): Key {
  if (column === 'name') return row.name_sort
  if (column === 'size') return row.size
  if (column === 'extension') return row.extension
  return column === 'updatedAt' ? row.updated_at : row.created_at
}

function compareKeys(a: Key, b: Key): number {
  return typeof a === 'number' ? a - (b as number) : compareBytes(a, b as string)
}

/** Places in each column's order: of documents, and of changed rows between them. */
export class Ranks {
  readonly #data: VaultData
  readonly #ranks = new Map<OrderColumn, Uint32Array>()

  constructor(data: VaultData) {
    this.#data = data
  }

  /** The place of each document in the order. */
  all(column: OrderColumn): Uint32Array {
    const before = this.#ranks.get(column)
    if (before) return before
    const order = this.#data.order[column]
    const ranks = new Uint32Array(order.length)
    for (let i = 0; i < order.length; i++) ranks[order[i] as number] = i
    this.#ranks.set(column, ranks)
    return ranks
  }

  /** Half a place before the first document that comes after the row. */
  of(column: OrderColumn, hit: Hit): number {
    const order = this.#data.order[column]
    const key = keyOf(hit, column)
    let low = 0
    let high = order.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const document = order[middle] as number
      const compared =
        compareKeys(this.#key(column, document), key) || (this.#data.nos[document] as number) - hit.row.no
      if (compared < 0) low = middle + 1
      else high = middle
    }
    return low - 0.5
  }

  #key(column: OrderColumn, document: number): Key {
    const data = this.#data
    if (column === 'name') return textAt(data.nameSort, document)
    if (column === 'size') return data.size[document] as number
    if (column === 'updatedAt') return data.updatedAt[document] as number
    if (column === 'createdAt') return data.createdAt[document] as number
    const { byDocument, values } = data.extensions
    return values[byDocument.values[byDocument.starts[document] as number] as number] ?? ''
  }
}

export function textAt({ bytes, starts }: Texts, i: number): string {
  return Buffer.from(
    bytes.buffer,
    bytes.byteOffset + (starts[i] as number),
    (starts[i + 1] as number) - (starts[i] as number),
  ).toString()
}

/** What is found in tiers as people judge: the very name, names that begin so, all words in the name, the rest. */
export function tiersOf(
  data: VaultData,
  found: { documents: Bits; inName: Bits; hits: Hit[] },
  { sort }: { sort: SortColumn },
  typed: string,
): Tier[] {
  if (sort !== 'relevance' || typed === '') return [{ documents: found.documents, hits: found.hits }]
  const { exact, beginning } = beginningWith(data.nameKey, found.documents, Buffer.from(typed))
  const inName = found.documents.slice()
  keepCommon(inName, found.inName)
  for (const better of [exact, beginning]) remove(inName, better)
  const rest = found.documents.slice()
  for (const better of [exact, beginning, inName]) remove(rest, better)
  const tier = ({ row, isInName }: Hit) =>
    row.name_key === typed ? 0 : row.name_key.startsWith(typed) ? 1 : isInName ? 2 : 3
  return [exact, beginning, inName, rest].map((documents, n) => ({
    documents,
    hits: found.hits.filter((hit) => tier(hit) === n),
  }))
}

function beginningWith({ bytes, starts }: Texts, documents: Bits, typed: Uint8Array): { exact: Bits; beginning: Bits } {
  const exact = new Uint32Array(documents.length)
  const beginning = new Uint32Array(documents.length)
  each(documents, (document) => {
    const start = starts[document] as number
    const length = (starts[document + 1] as number) - start
    if (length < typed.length) return
    for (let i = 0; i < typed.length; i++) if (bytes[start + i] !== typed[i]) return
    const into = length === typed.length ? exact : beginning
    into[document >>> 5] = (into[document >>> 5] as number) | (1 << (document & 31))
  })
  return { exact, beginning }
}
