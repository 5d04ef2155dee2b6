/** What was found in several vaults as one: the page in order, and the counts of all. */
import { sql } from 'kysely'
import type { EngineAnswer, FacetCounts, SortColumn } from '../search/search.ts'
import type { Core } from './core.ts'

/** So many values of a facet are shown. */
const shownValues = 50
/** So many are asked of each of several vaults, that the sums are right for those that are shown. */
export const valuesToMerge = 2000

export interface Wanted {
  sort: SortColumn
  order: 'asc' | 'desc'
  limit: number
  offset: number
}

const columns: Record<SortColumn, string> = {
  relevance: 'updated_at',
  name: 'name_sort',
  size: 'size',
  updatedAt: 'updated_at',
  createdAt: 'created_at',
  extension: 'extension',
}

interface Placed {
  no: number
  rank: number
  key: string | number
}

/**
 * Row numbers of the page of all, in the order that one vault would have; each answer holds its best from the first to the
 * end of the page.
 */
export async function mergedPage(
  core: Core,
  answers: readonly EngineAnswer[],
  { sort, order, limit, offset }: Wanted,
): Promise<number[]> {
  const nos = answers.flatMap((one) => one.nos)
  const ranks = answers.flatMap((one) => one.ranks)
  const rows = await core.index.readAway(
    sql<{ no: number; key: string | number }>`
      SELECT no, ${sql.ref(columns[sort])} AS key FROM file WHERE no IN (SELECT value FROM json_each(${JSON.stringify(nos)}))`,
  )
  const keys = new Map(rows.map(({ no, key }) => [no, key]))
  const direction = sort !== 'relevance' && order === 'asc' ? 1 : -1
  const placed = nos.flatMap((no, i): Placed[] => {
    const key = keys.get(no)
    return key === undefined ? [] : [{ no, rank: ranks[i] ?? 0, key }]
  })
  placed.sort((a, b) => a.rank - b.rank || direction * (compared(a.key, b.key) || a.no - b.no))
  return placed.slice(offset, offset + limit).map(({ no }) => no)
}

/** As SQLite compares: numbers, or texts by their UTF-8. */
function compared(a: string | number, b: string | number): number {
  if (typeof a === 'number') return a - Number(b)
  return a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(String(b)))
}

/** Facets added up. */
export function mergedFacets(answers: readonly EngineAnswer[]): EngineAnswer['facets'] {
  const facets = answers.map((one) => one.facets)
  const metadata: Record<string, FacetCounts> = Object.create(null)
  for (const key of new Set(facets.flatMap((one) => Object.keys(one.metadata))))
    metadata[key] = summed(facets.map((one) => one.metadata[key] ?? []))
  return {
    types: summed(facets.map((one) => one.types)),
    extensions: summed(facets.map((one) => one.extensions)),
    tags: summed(facets.map((one) => one.tags)),
    metadata,
  }
}

function summed(several: readonly FacetCounts[]): FacetCounts {
  const sums = new Map<string, number>()
  for (const { value, count } of several.flat()) sums.set(value, (sums.get(value) ?? 0) + count)
  return [...sums]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || compared(a.value, b.value))
    .slice(0, shownValues)
}
