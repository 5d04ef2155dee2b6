// What was loaded lately, by number, up to a weight in all.

/**
 * Gives what `load` gives and keeps it; what was used least lately goes when everything weighs more than `most`, but never
 * the latest. Whoever asks for what is being loaded waits for the same loading, and a failure is not kept.
 */
export function keptLately<T>(
  load: (number: number) => Promise<T>,
  weigh: (value: T) => number,
  most: number,
): (number: number) => Promise<T> {
  // In the order of their last use.
  const kept = new Map<number, { value: Promise<T>; weight: number }>()
  let total = 0

  async function settle(number: number, entry: { value: Promise<T>; weight: number }): Promise<void> {
    try {
      entry.weight = weigh(await entry.value)
      total += entry.weight
    } catch {
      kept.delete(number)
    }
    for (const [other, { weight }] of kept) {
      if (total <= most) return
      if (other === number || weight === 0) continue
      kept.delete(other)
      total -= weight
    }
  }

  return (number) => {
    const found = kept.get(number)
    if (found) {
      kept.delete(number)
      kept.set(number, found)
      return found.value
    }
    const entry = { value: load(number), weight: 0 }
    kept.set(number, entry)
    settle(number, entry)
    return entry.value
  }
}
