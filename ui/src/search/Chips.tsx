/** Filters with counts, and how much was found how fast. */
import { FileSearch, X } from 'lucide-react'
import type { SearchAnswer } from '../../../src/api/search.ts'
import { usePlace } from '../files/place.ts'
import { classes } from '../kit/classes.ts'
import { formatCount, formatNumber } from '../kit/format.ts'
import { kindName } from '../kit/kinds.ts'

type Filter = 'type' | 'ext' | 'tag'

const shown = 5

export function Chips({ answer, waiting }: { answer: SearchAnswer | undefined; waiting: boolean }) {
  const { place, change } = usePlace()
  const groups: { filter: Filter; values: { value: string; count: number }[]; name: (value: string) => string }[] = [
    { filter: 'type', values: answer?.facets.types ?? [], name: kindName },
    {
      filter: 'ext',
      values: (answer?.facets.extensions ?? []).filter(({ value }) => value !== ''),
      name: (value) => `.${value}`,
    },
    { filter: 'tag', values: answer?.facets.tags ?? [], name: (value) => `#${value}` },
  ]
  const toggle = (filter: Filter, value: string) => {
    const before = place[filter] ?? []
    const after = before.includes(value) ? before.filter((one) => one !== value) : [...before, value]
    change({ [filter]: after.length > 0 ? after : undefined }, true)
  }
  return (
    <div className="relative flex min-h-11 shrink-0 items-center gap-3 px-4 max-sm:flex-col max-sm:items-stretch max-sm:gap-0">
      <h1 className="sr-only">Search</h1>
      <div className="flex min-w-0 flex-1 items-center gap-1.5 overflow-x-auto py-2">
        <button
          type="button"
          aria-pressed={place.within === 'documents'}
          onClick={() => change({ within: place.within ? undefined : 'documents' }, true)}
          className={classes(
            'flex h-7 shrink-0 items-center gap-1.5 rounded-full border px-2.5',
            place.within
              ? 'border-transparent bg-selected font-medium text-accent-strong'
              : 'border-line bg-card hover:bg-hover',
          )}
        >
          <FileSearch size={14} aria-hidden /> In documents
        </button>
        {groups.flatMap(({ filter, values, name }) => {
          const chosen = place[filter] ?? []
          const gone = chosen
            .filter((one) => !values.some(({ value }) => value === one))
            .map((value) => ({ value, count: 0 }))
          return [
            ...gone,
            ...values.filter(({ value }) => chosen.includes(value)),
            ...values.filter(({ value }) => !chosen.includes(value)).slice(0, shown),
          ].map(({ value, count }) => {
            const on = chosen.includes(value)
            return (
              <button
                key={`${filter} ${value}`}
                type="button"
                aria-pressed={on}
                onClick={() => toggle(filter, value)}
                className={classes(
                  'flex h-7 shrink-0 items-center gap-1.5 rounded-full border px-2.5',
                  on
                    ? 'border-transparent bg-selected font-medium text-accent-strong'
                    : 'border-line bg-card hover:bg-hover',
                )}
              >
                <bdi>{name(value)}</bdi>
                {on ? <X size={13} aria-hidden /> : <span className="text-sm text-faint">{formatNumber(count)}</span>}
              </button>
            )
          })
        })}
      </div>
      <output
        className={classes('shrink-0 text-sm text-faint transition-opacity max-sm:pb-1', waiting && 'opacity-50')}
      >
        {answer && `${formatCount(answer.total, 'file')} in ${answer.tookMs < 1 ? '1' : Math.round(answer.tookMs)} ms`}
      </output>
    </div>
  )
}
