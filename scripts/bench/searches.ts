/** Searches of every class, over HTTP, by the words that made-up names are of. */
import { chance } from '../../src/testing/chance.ts'
import { vocabulary } from '../load/words.ts'
import { type Case, type Contestant, percentile, shown } from './harness.ts'
import type { Ours } from './programs.ts'
import { call } from './traffic.ts'

export interface Searched extends Pick<Ours, 'url' | 'token'> {
  name: string
  /** Of each class so many queries are asked; slow contestants get fewer. */
  share?: number
}

export interface Searching {
  ours: Searched
  peers?: Searched[]
  vaultId: string
  /** Files in the vault. */
  count: number
  /** What a page may take at p95. */
  mostMs: number
}

/** Classes of queries; each has at least 30 different ones. */
export function searchClasses(count: number): [name: string, queries: string[]][] {
  const words = vocabulary()
  const random = chance(3)
  const pick = (from: number, to: number) => words[Math.floor(from + random() * (to - from))] ?? ''
  const times = (query: (i: number) => string) => Array.from({ length: 40 }, (_, i) => query(i))
  const sorts = ['name', 'size', 'updatedAt', 'createdAt']
  return [
    ['rare word', times(() => `q=${pick(8000, 20_000)}`)],
    ['medium word', times(() => `q=${pick(100, 1000)}`)],
    ['large: the most frequent words', times(() => `q=${pick(0, 40)}`)],
    [
      'broad: word in 90 % of names',
      times((i) => `q=${'test'.slice(0, 2 + (i % 3))}&sort=${sorts[i % 4]}&offset=${i * 7}`),
    ],
    ['prefix of 2 letters', times(() => `q=${pick(0, 20_000).slice(0, 2)}`)],
    ['prefix of 3 letters', times(() => `q=${pick(0, 20_000).slice(0, 3)}`)],
    ['two words', times(() => `q=${pick(0, 60)}+${pick(0, 200)}`)],
    [
      'filters and sort',
      times((i) => `q=${pick(20, 300)}&extension=pdf&metadata.status=approved&sort=${sorts[i % 4]}`),
    ],
    ['filters alone', times((i) => `extension=pdf&extension=jpg&metadata.project=RM250${i % 10}&sort=${sorts[i % 4]}`)],
    [
      'browsing, up to half way down',
      times((i) => `sort=${sorts[i % 4]}&order=${i % 2 ? 'asc' : 'desc'}&offset=${Math.floor((count / 2) * random())}`),
    ],
  ]
}

/** A case for each class; the figure of a run is the p95 of its queries. */
export function searchCases({ ours, peers = [], vaultId, count, mostMs }: Searching): Case[] {
  return searchClasses(count).map(([name, queries]) => {
    const medians: number[] = []
    const contestant = ({ name: who, url, token, share = 1 }: Searched): Contestant => ({
      name: who,
      run: async () => {
        const took: number[] = []
        for (const query of queries.slice(0, Math.ceil(queries.length * share))) {
          const began = performance.now()
          const { body } = await call(`${url}/api/vaults/${vaultId}/search?${query}&limit=100`, {
            method: 'GET',
            headers: { authorization: `Bearer ${token}` },
          })
          took.push(performance.now() - began)
          if (!body.includes('"total"')) throw new Error(`No answer to ${query}: ${body.slice(0, 200)}`)
        }
        if (who === ours.name) medians.push(percentile(took, 0.5))
        return percentile(took, 0.95)
      },
    })
    return {
      name: `search among ${shown(count)}: ${name}, p95`,
      unit: 'ms',
      goal: { atMost: mostMs },
      contestants: [ours, ...peers].map(contestant),
      notes: () => [
        `ours p50 ${shown(percentile(medians.slice(1), 0.5))} ms over ${queries.length} queries a run, over HTTP with 100 rows and all facets`,
      ],
    }
  })
}
