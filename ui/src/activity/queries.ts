/** The access log; the only file here that calls. */
import { useInfiniteQuery } from '@tanstack/react-query'
import * as events from '../../../src/api/events.ts'
import { addressOf, call } from '../call.ts'

export type Event = events.Event
export type EventFilter = Omit<events.EventQuery, 'cursor' | 'limit'>
export { acts } from '../../../src/api/events.ts'

/** Lines newest first: of everybody, for administrators; else one's own, or of a vault or file. */
export function useEvents(whose: 'all' | 'own', filter: EventFilter) {
  return useInfiniteQuery({
    queryKey: ['events', whose, filter],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      call(
        whose === 'all' ? events.listEvents : events.listMyEvents,
        { query: { ...filter, limit: 100, ...(pageParam === undefined ? {} : { cursor: pageParam }) } },
        { signal },
      ),
    getNextPageParam: (page) => page.nextCursor ?? undefined,
  })
}

export function csvAddress(filter: EventFilter): string {
  return addressOf(events.exportEvents, { query: filter })
}
