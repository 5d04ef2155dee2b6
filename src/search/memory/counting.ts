/** How many of what is found carry each value of a facet. */
import type { FacetCounts } from '../search.ts'
import { type Bits, count, each, remove } from './bits.ts'
import { compareBytes, type Values } from './data.ts'

/** Unless a query says otherwise. */
const usualValues = 50

/**
 * Counts of the values among the documents of a set, by their place in the list. When more than half of all documents are
 * found, it is cheaper to count the others and take them from the totals.
 */
export function countValues({ values, byDocument, byValue }: Values, found: Bits, everything: Bits): Uint32Array {
  const counts = new Uint32Array(values.length)
  const total = count(everything)
  const isMost = count(found) > total / 2
  const walked = isMost ? everything.slice() : found
  if (isMost) {
    remove(walked, found)
    // Documents that changed are in the lists, and not in `everything`.
    const changed = count(everything) !== byDocument.starts.length - 1
    if (changed) tally(byDocument, everything, counts)
    else
      for (let i = 0; i < values.length; i++)
        counts[i] = (byValue.starts[i + 1] as number) - (byValue.starts[i] as number)
  }
  if (!isMost) tally(byDocument, walked, counts)
  else {
    const others = new Uint32Array(values.length)
    tally(byDocument, walked, others)
    for (let i = 0; i < values.length; i++) counts[i] = (counts[i] as number) - (others[i] as number)
  }
  return counts
}

function tally({ starts, values }: Values['byDocument'], documents: Bits, counts: Uint32Array): void {
  each(documents, (document) => {
    for (let i = starts[document] as number; i < (starts[document + 1] as number); i++) {
      const value = values[i] as number
      counts[value] = (counts[value] as number) + 1
    }
  })
}

/** The most frequent values first, equal ones by their bytes. */
export function topValues(counts: ReadonlyMap<string, number>, most = usualValues): FacetCounts {
  return [...counts]
    .map(([value, n]) => ({ value, count: n }))
    .sort((a, b) => b.count - a.count || compareBytes(a.value, b.value))
    .slice(0, most)
}
