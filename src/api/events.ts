/** The access log: who did what, when, from where. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { Id, integer, pageFields, Time } from './schema.ts'

/** What can be done, as the log calls it. */
export const acts = [
  'view',
  'download',
  'upload',
  'create',
  'change',
  'rename',
  'move',
  'copy',
  'tag',
  'delete',
  'restore',
  'remove',
  'share',
  'unshare',
  'unlock',
  'unlock-failed',
  'sign-in',
  'sign-in-failed',
  'sign-out',
  'password',
  'token',
  'user',
  'vault',
  'member',
  'settings',
] as const
export type Act = (typeof acts)[number]

export const Event = v.object({
  id: v.string(),
  at: Time,
  act: v.picklist(acts),
  /** Null: a guest, nobody who could be known, or the machine. */
  userId: v.nullable(Id),
  /** The e-mail address that a person has or a guest gave. */
  who: v.string(),
  shareId: v.nullable(Id),
  vaultId: v.nullable(Id),
  subjectId: v.nullable(v.string()),
  /** What the subject was called then. */
  name: v.string(),
  address: v.string(),
  bytes: v.nullable(v.number()),
})
export type Event = v.InferOutput<typeof Event>

const filters = {
  act: v.optional(v.picklist(acts)),
  userId: v.optional(Id),
  vaultId: v.optional(Id),
  subjectId: v.optional(v.pipe(v.string(), v.maxLength(64))),
  shareId: v.optional(Id),
  /** At or after, before: ISO dates or times. */
  since: v.optional(v.pipe(v.string(), v.maxLength(40))),
  until: v.optional(v.pipe(v.string(), v.maxLength(40))),
}
export const EventQuery = v.object({
  ...filters,
  cursor: v.optional(v.pipe(v.string(), v.maxLength(200))),
  limit: v.optional(integer(1, 1000)),
})
export type EventQuery = v.InferOutput<typeof EventQuery>

const EventPage = v.object({ events: v.array(Event), ...pageFields })
export type EventPage = v.InferOutput<typeof EventPage>

export const listEvents = endpoint('GET /api/admin/events', {
  summary: 'The access log, newest first, by keyset pages.',
  access: 'admin',
  query: EventQuery,
  returns: EventPage,
})

export const exportEvents = endpoint('GET /api/admin/events.csv', {
  summary: 'The access log as CSV (RFC 4180, UTF-8), newest first, filtered as the list is.',
  access: 'admin',
  query: v.object(filters),
  returns: 'bytes',
})

export const listMyEvents = endpoint('GET /api/events', {
  summary:
    "One's own acts, what others did in a vault of which one is a manager (`vaultId`), or to a file one may see (`subjectId`).",
  query: EventQuery,
  returns: EventPage,
})
