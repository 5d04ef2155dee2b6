/** The made-up vocabulary: what names, tags and clients are made of, and what benchmarks search for. */
import { chance } from '../../src/testing/chance.ts'

const words = (text: string): string[] => text.split(' ')

/** Syllables of each script, with the share of words that are written in it. */
const scripts: { share: number; syllables: string[] }[] = [
  {
    share: 0.91,
    syllables: words(
      'an ber co da el fi gra ho in jo ka lu mer no or pa qui ra sol ta un ver wi xe yo zu pro ject re port plan site draw',
    ),
  },
  { share: 0.04, syllables: words('é ü bö lé ñe ço ša ří ång mün ché nør tré gär ção') },
  { share: 0.02, syllables: words('про ект дог во ра но ли ста мо ска зем ля') },
  { share: 0.02, syllables: words('σχέ διο λο γα ρι τι μή νη σος πό') },
  { share: 0.01, syllables: words('計 画 図 面 報 告 契 約 東 京 会 議') },
]

/** So many words there are unless told; the first is by far the most frequent. */
export const vocabularySize = 60_000

/** The vocabulary, the same in every run and of every seed, most frequent word first. */
export function vocabulary(size = vocabularySize): string[] {
  const random = chance(7)
  const found = new Set<string>()
  while (found.size < size) {
    const syllables = scriptAt(random())
    const parts = Array.from({ length: 2 + Math.floor(random() * 3) }, () => pick(syllables, random))
    found.add(parts.join(''))
  }
  return [...found]
}

function scriptAt(at: number): string[] {
  let rest = at
  for (const { share, syllables } of scripts) {
    if (rest < share) return syllables
    rest -= share
  }
  return scripts[0]?.syllables ?? []
}

/** One of a list, all alike. */
export function pick<T>(list: readonly T[], random: () => number): T {
  if (list.length === 0) throw new Error('There is nothing to pick from.')
  return list[Math.floor(random() * list.length)] as T
}

/** How steeply the frequency of a word falls with its rank: rank to the power of -0.95, as in names on real disks. */
const slope = 0.95

/** One of a list, the first most often, by Zipf's law (the inverse of its distribution, taken as continuous). */
export function pickByRank<T>(list: readonly T[], random: () => number): T {
  const rest = 1 - slope
  const rank = Math.floor((random() * (list.length ** rest - 1) + 1) ** (1 / rest))
  return list[Math.min(rank, list.length) - 1] as T
}
