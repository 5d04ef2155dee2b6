/** What happened to a file of late. */
import { formatTime } from '../kit/format.ts'
import { useEvents } from './queries.ts'
import { actNames } from './words.ts'

const shown = 8

export function FileActivity({ fileId }: { fileId: string }) {
  const { data } = useEvents('own', { subjectId: fileId })
  const events = data?.pages[0]?.events.slice(0, shown) ?? []
  if (data && events.length === 0) return <p className="text-sm text-faint">Nothing that was written down.</p>
  return (
    <ul className="flex flex-col gap-1">
      {events.map(({ id, at, who, shareId, act }) => (
        <li key={id} className="flex items-baseline gap-2 text-sm">
          <span className="min-w-0 flex-1 truncate" title={who}>
            {who || (shareId ? 'A guest' : 'Somebody')} <span className="text-soft">{actNames[act]} it</span>
          </span>
          <time dateTime={at} className="shrink-0 text-faint">
            {formatTime(at)}
          </time>
        </li>
      ))}
    </ul>
  )
}
