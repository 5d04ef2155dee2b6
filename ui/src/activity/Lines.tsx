/** Lines of the access log as a table, more of them when one asks. */
import { Button } from '../kit/Button.tsx'
import { formatBytes, formatMoment } from '../kit/format.ts'
import { FailedState, SkeletonRows } from '../kit/states.tsx'
import { type EventFilter, useEvents } from './queries.ts'
import { actNames } from './words.ts'

export function Lines({ whose, filter, showWho }: { whose: 'all' | 'own'; filter: EventFilter; showWho: boolean }) {
  const { data, error, refetch, hasNextPage, fetchNextPage, isFetchingNextPage } = useEvents(whose, filter)
  if (error) return <FailedState error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows rows={6} />
  const events = data.pages.flatMap((page) => page.events)
  if (events.length === 0) return <p className="text-faint">Nothing was done that fits.</p>
  return (
    <>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keys can scroll it */}
      <section tabIndex={0} aria-label="Lines of the log" className="relative -mx-5 overflow-x-auto px-5 outline-none">
        <table className="w-full min-w-xl">
          <thead className="text-left text-sm text-faint">
            <tr className="border-b border-line">
              <th className="pb-2 font-normal">When</th>
              {showWho && <th className="pb-2 pl-4 font-normal">Who</th>}
              <th className="pb-2 pl-4 font-normal">What</th>
              <th className="pb-2 pl-4 font-normal">From</th>
              <th className="pb-2 pl-4 text-right font-normal">Bytes</th>
            </tr>
          </thead>
          <tbody>
            {events.map(({ id, at, who, userId, shareId, act, name, address, bytes }) => (
              <tr key={id} className="row-line h-9 border-b last:border-0">
                <td className="whitespace-nowrap text-soft">
                  <time dateTime={at}>{formatMoment(at)}</time>
                </td>
                {showWho && (
                  <td className="max-w-52 truncate pl-4" title={who}>
                    {who || (shareId ? 'a guest' : 'nobody known')}
                    {shareId && <span className="text-faint"> by a link</span>}
                    {!userId && !shareId && who && <span className="text-faint"> (not signed in)</span>}
                  </td>
                )}
                <td className="max-w-80 truncate pl-4" title={name}>
                  <span className="text-soft">{actNames[act]}</span> <bdi>{name}</bdi>
                </td>
                <td className="pl-4 whitespace-nowrap text-faint">{address}</td>
                <td className="pl-4 text-right whitespace-nowrap">{bytes === null ? '' : formatBytes(bytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
      {hasNextPage && (
        <div className="mt-4 flex justify-center">
          <Button isDisabled={isFetchingNextPage} onPress={() => void fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </>
  )
}
