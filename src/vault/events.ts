/**
 * The access log. What changes something is written in the transaction of the change; what only reads is collected and
 * written a moment later, so that a download does not wait for the disk.
 */
import { sql } from 'kysely'
import type { Act, Event, EventPage, EventQuery } from '../api/events.ts'
import { acts } from '../api/events.ts'
import type { Index, Transaction } from '../index/open.ts'
import { fixed, q } from '../index/query.ts'
import type { Log } from '../log.ts'
import { Problem } from '../problem.ts'
import { type Actor, requireAdmin, requireFile, requireScope, requireVault } from './access.ts'
import type { Core } from './core.ts'
import { currentSettings } from './settings.ts'
import { timeOf } from './times.ts'

export type { Act }

/** What is said of an act besides who did it. */
export interface Deed {
  act: Act
  vaultNo?: number | undefined
  /** The id of a file, folder, vault, user or share. */
  subjectId?: string | undefined
  name?: string | undefined
  bytes?: number | undefined
}

/** Who did it: an actor, or what is known of somebody who is none. */
type Doer = Pick<Actor, 'no' | 'email' | 'address'> & { by?: Actor['by'] }

const insertEvent = fixed(
  `INSERT INTO event (at, act, user_no, who, share_id, vault_no, subject_id, name, address, bytes)
   VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
)

/** Writes a line in the transaction of what it tells. */
export function writeEvent(tx: Transaction, at: number, doer: Doer, deed: Deed): void {
  tx.run(
    insertEvent(
      at,
      deed.act,
      doer.no === 0 ? null : doer.no,
      doer.email,
      doer.by?.kind === 'link' ? doer.by.shareId : null,
      deed.vaultNo ?? null,
      deed.subjectId ?? null,
      (deed.name ?? '').slice(0, 300),
      doer.address,
      deed.bytes ?? null,
    ),
  )
}

export interface EventLog extends AsyncDisposable {
  /** Notes what only read; it is on the disk within a quarter of a second. */
  note(doer: Doer, deed: Deed): void
  /** Writes what was noted. */
  flush(): Promise<void>
}

const longestMs = 250
const mostNoted = 500

export function openEventLog(index: Index, now: () => number, log: Log): EventLog {
  let noted: { at: number; doer: Doer; deed: Deed }[] = []
  let timer: NodeJS.Timeout | undefined

  async function flush(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    const lines = noted
    noted = []
    if (lines.length === 0) return
    await index.write((tx) => {
      for (const { at, doer, deed } of lines) writeEvent(tx, at, doer, deed)
    })
  }
  const flushSoon = () => {
    flush().catch((error: unknown) => log.error({ err: error }, 'lines of the access log were lost'))
  }
  return {
    note(doer, deed) {
      noted.push({ at: now(), doer, deed })
      if (noted.length >= mostNoted) flushSoon()
      else timer ??= setTimeout(flushSoon, longestMs)
    },
    flush,
    [Symbol.asyncDispose]: flush,
  }
}

/** The whole log, for administrators. */
export function listEvents(core: Core, actor: Actor, query: EventQuery): Promise<EventPage> {
  requireAdmin(actor)
  return pageOf(core, query, {})
}

/** One's own acts; with `vaultId` those in a vault that one manages, with `subjectId` those done to a file that one may see. */
export async function listOwnEvents(core: Core, actor: Actor, query: EventQuery): Promise<EventPage> {
  requireScope(actor, 'read')
  if (query.subjectId !== undefined && query.vaultId === undefined) {
    const { vault } = requireFile(core, actor, query.subjectId, 'viewer')
    const page = await pageOf(core, query, { vaultNo: vault.no })
    // Where others were when they did it is for those who answer for the vault.
    return vault.role === 'manager' ? page : { ...page, events: page.events.map((one) => ({ ...one, address: '' })) }
  }
  if (query.vaultId !== undefined) {
    const vault = requireVault(core, actor, query.vaultId, 'viewer')
    return pageOf(
      core,
      query,
      vault.role === 'manager' ? { vaultNo: vault.no } : { vaultNo: vault.no, userNo: actor.no },
    )
  }
  return pageOf(core, query, { userNo: actor.no })
}

/** The log as lines of CSV, page by page; `filter` as in the list. */
export async function* eventsAsCsv(core: Core, actor: Actor, filter: EventQuery): AsyncGenerator<string> {
  requireAdmin(actor)
  yield `${csvColumns.join(',')}\r\n`
  for (let cursor: string | undefined; ; ) {
    const page = await pageOf(core, { ...filter, cursor, limit: 1000 }, {})
    if (page.events.length > 0) yield page.events.map(csvLine).join('')
    if (page.nextCursor === null) return
    cursor = page.nextCursor
  }
}

/** Removes lines older than the settings say, some at a time. Answers how many went. */
export async function expireEvents(core: Core): Promise<number> {
  const before = core.now() - currentSettings(core).keepEventDays * 86_400_000
  const { changes } = await core.index.write((tx) => tx.run(removeOld(before)))
  return changes
}

const removeOld = fixed('DELETE FROM event WHERE no IN (SELECT no FROM event WHERE at < ? ORDER BY at LIMIT 2000)')

const csvColumns = [
  'at',
  'act',
  'who',
  'userId',
  'shareId',
  'vaultId',
  'subjectId',
  'name',
  'address',
  'bytes',
] as const

function csvLine(event: Event): string {
  return `${csvColumns.map((column) => csvField(event[column])).join(',')}\r\n`
}

// RFC 4180; and what a spreadsheet would take for a formula is told that it is text.
function csvField(value: string | number | null): string {
  const text = value === null ? '' : String(value)
  const harmless = typeof value === 'string' && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless
}

async function pageOf(
  core: Core,
  query: EventQuery,
  bounds: { vaultNo?: number; userNo?: number },
): Promise<EventPage> {
  await core.events.flush()
  const { limit = 100 } = query
  let select = q
    .selectFrom('event')
    .leftJoin('user', 'user.no', 'event.user_no')
    .leftJoin('vault', 'vault.no', 'event.vault_no')
    .selectAll('event')
    .select(['user.id as user_id', 'vault.id as vault_id'])
  const filters: Filter[] = []
  const where = (column: Filter['column'], value: Filter['value'] | undefined) => {
    if (value !== undefined) filters.push({ column, value })
  }
  where('vault_no', bounds.vaultNo)
  where('user_no', bounds.userNo)
  where('act', query.act)
  where('user_no', query.userId === undefined ? undefined : numberOf(core, 'user', query.userId))
  if (bounds.vaultNo === undefined)
    where('vault_no', query.vaultId === undefined ? undefined : numberOf(core, 'vault', query.vaultId))
  where('subject_id', query.subjectId)
  where('share_id', query.shareId)
  const rarest = filters.length < 2 ? filters[0] : await rarestOf(core, filters)
  for (const one of filters) {
    const column = sql.ref(`event.${one.column}`)
    select = select.where(
      one === rarest ? sql<boolean>`${column} = ${one.value}` : sql<boolean>`+${column} = ${one.value}`,
    )
  }
  const since = timeOf(query.since, 'since')
  const until = timeOf(query.until, 'until')
  // Lines come in the order of time: a time becomes a line, and one range of the table is read.
  if (since !== undefined) select = select.where('event.no', '>=', firstSince(core, since))
  if (until !== undefined) select = select.where('event.no', '<', firstSince(core, until))
  if (query.cursor !== undefined) select = select.where('event.no', '<', cursorOf(query.cursor))
  const rows = await core.index.readAway(select.orderBy('event.no', 'desc').limit(limit + 1))
  const page = rows.slice(0, limit)
  const last = page.at(-1)
  const hasMore = rows.length > limit
  return {
    events: page.map(
      (row): Event => ({
        id: String(row.no),
        at: new Date(row.at).toISOString(),
        act: acts.find((act) => act === row.act) ?? 'change',
        userId: row.user_id,
        who: row.who,
        shareId: row.share_id,
        vaultId: row.vault_id,
        subjectId: row.subject_id,
        name: row.name,
        address: row.address,
        bytes: row.bytes,
      }),
    ),
    hasMore,
    nextCursor: hasMore && last ? String(last.no) : null,
  }
}

interface Filter {
  column: 'vault_no' | 'user_no' | 'act' | 'subject_id' | 'share_id'
  value: string | number
}

const counted = 2000

/**
 * The filter that fewest lines pass, as far as a short count tells. SQLite does not know how often a value occurs: asked for the
 * three settings that somebody changed it walked all they ever did, half a second in ten million lines.
 */
async function rarestOf(core: Core, filters: Filter[]): Promise<Filter | undefined> {
  const counts = await core.index.readAway(
    sql<{ n: number }>`${sql.join(
      filters.map(
        ({ column, value }) =>
          sql`SELECT (SELECT count(*) FROM (SELECT 1 FROM event WHERE ${sql.ref(column)} = ${value} LIMIT ${counted})) AS n`,
      ),
      sql` UNION ALL `,
    )}`,
  )
  const least = Math.min(...counts.map(({ n }) => n))
  return filters[counts.findIndex(({ n }) => n === least)]
}

/** Nothing has the number 0, so that a name nobody knows finds nothing. */
function numberOf(core: Core, table: 'user' | 'vault', id: string): number {
  return core.index.read.get(q.selectFrom(table).select('no').where('id', '=', id))?.no ?? 0
}

const firstAt = fixed<{ no: number }>(
  'SELECT min(no) AS no FROM (SELECT no FROM event WHERE at >= ? ORDER BY at LIMIT 50)',
)

function firstSince(core: Core, at: number): number {
  return core.index.read.get(firstAt(at))?.no ?? Number.MAX_SAFE_INTEGER
}

function cursorOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text)
  const message = 'This cursor is not one of this list. Start again without a cursor.'
  throw new Problem('bad-input', message, { errors: [{ path: 'cursor', message }] })
}
