/** Counts what was passed over, by kind, and remembers the first few of each. */
import type { Taken } from './insert.ts'
import type { Fault } from './listed.ts'

const said: Record<Fault | Taken, [one: string, several: string]> = {
  empty: ['is empty', 'are empty'],
  'too long': ['is too long for a path', 'are too long for a path'],
  'no UTF-8': ['is not UTF-8 text', 'are not UTF-8 text'],
  'no size': ['has something else than a size behind its tab', 'have something else than a size behind their tab'],
  'a folder': ['names a folder', 'name folders'],
  'refused name': ['has a name that File Vault refuses', 'have names that File Vault refuses'],
  same: ['names what is there already', 'name what is there already'],
  twin: [
    'differs only in case, composition or a space from what is there',
    'differ only in case, composition or a space from what is there',
  ],
  file: ['needs a folder where a file lies', 'need a folder where a file lies'],
}
const mostNamed = 3

export interface Faults {
  add(line: number, text: string, fault: Fault | Taken, why?: string): void
  /** Lines for people; none where nothing was passed over. */
  report(): string[]
}

export function openFaults(): Faults {
  const found = new Map<Fault | Taken, { count: number; first: string[] }>()
  return {
    add(line, text, fault, why) {
      const one = found.get(fault) ?? { count: 0, first: [] }
      found.set(fault, one)
      one.count++
      // As JSON, so that what is a control character here does not become one on the terminal.
      if (one.first.length < mostNamed) one.first.push(`line ${line} ${JSON.stringify(text)}${why ? `: ${why}` : ''}`)
    },
    report() {
      const total = [...found.values()].reduce((sum, { count }) => sum + count, 0)
      if (total === 0) return []
      const kinds = [...found].map(([fault, { count, first }]) => {
        const more = count > first.length ? [`    and ${(count - first.length).toLocaleString('en')} more`] : []
        return [
          `  ${count.toLocaleString('en')} ${said[fault][count === 1 ? 0 : 1]}`,
          ...first.map((one) => `    ${one}`),
          ...more,
        ]
      })
      return [`${total.toLocaleString('en')} ${total === 1 ? 'line was' : 'lines were'} passed over:`, ...kinds.flat()]
    },
  }
}
