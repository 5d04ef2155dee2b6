/** A query as the engine works with it, and as it is asked of one row. */
import type { EngineQuery } from '../search.ts'
import { fold, wordsOf } from '../words.ts'
import { type Facts, separator } from './row.ts'

export type FacetName = 'types' | 'extensions' | 'tags' | `field ${string}`

/** Alternatives within one facet. */
export interface FacetFilter {
  name: FacetName
  values: string[]
}

/** The filters on facets; all of them have to hold. */
export function facetFilters({ types, extensions, tags, metadata }: EngineQuery): FacetFilter[] {
  const filters: FacetFilter[] = []
  if (types.length > 0) filters.push({ name: 'types', values: types })
  if (extensions.length > 0) filters.push({ name: 'extensions', values: extensions })
  if (tags.length > 0) filters.push({ name: 'tags', values: tags })
  for (const [key, values] of Object.entries(metadata))
    filters.push({ name: `field ${key}`, values: values.map((value) => `${key}${separator}${value}`) })
  return filters
}

/** The words of a query, folded; the beginnings of what is looked for. */
export function queryWords(text: string): string[] {
  return [...new Set(wordsOf(text).map(fold))].filter((word) => word !== '')
}

/** What was typed, as names are compared. */
export function typedKey(text: string): string {
  return text.toWellFormed().normalize('NFC').toLowerCase().trim()
}

/** Whether one row has a value of the filter. */
export function holds({ name, values }: FacetFilter, row: { kind: string; extension: string }, facts: Facts): boolean {
  if (name === 'types') return values.includes(row.kind)
  if (name === 'extensions') return values.includes(row.extension)
  return values.some((value) => (name === 'tags' ? facts.tags : facts.fields).includes(value))
}
