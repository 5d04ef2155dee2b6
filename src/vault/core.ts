/** Everything the domain needs, composed by hand, once. */
import { randomBytes } from 'node:crypto'
import type { Config } from '../config.ts'
import { type Index, openIndex } from '../index/open.ts'
import { q } from '../index/query.ts'
import type { Log } from '../log.ts'
import { type Metrics, openMetrics } from '../metrics.ts'
import { Problem } from '../problem.ts'
import { type ContentSearch, openContentSearch } from '../search/content/content.ts'
import { type Engine, openSearch } from '../search/search.ts'
import { openVolume, type Volume } from '../volume/volume.ts'
import { type Activity, openActivity } from './activity.ts'
import { openRecentCallers, type RecentCallers } from './callers.ts'
import { type EventLog, openEventLog } from './events.ts'
import { type Mail, openMail } from './mail.ts'
import { type News, openNews } from './news.ts'
import { openPasswords, type PasswordCost, type Passwords } from './passwords.ts'
import { missingBytes } from './presence.ts'
import { openRecentPages, type RecentPages } from './recent-pages.ts'
import { recover } from './recovery.ts'
import { watchVolume } from './watch.ts'

export interface Core extends AsyncDisposable {
  readonly config: Config
  readonly log: Log
  readonly index: Index
  readonly volume: Volume
  readonly search: Engine & { warm(): Promise<void> }
  /** Inside documents. */
  readonly contentSearch: ContentSearch
  readonly news: News
  /** Whether somebody is at it right now. */
  readonly activity: Activity
  /** The access log. */
  readonly events: EventLog
  /** Why nothing may be written, however long this process lives. */
  readonly readOnly: Problem | undefined
  /** Undefined where no server for it is set. */
  readonly mail: Mail | undefined
  readonly passwords: Passwords
  readonly recentCallers: RecentCallers
  readonly metrics: Metrics
  /** The jobs that this process runs now, by number; since when, in milliseconds of `now`. */
  readonly runningJobs: Map<number, { kind: string; since: number }>
  readonly recentPages: RecentPages
  /** What the first administrator proves with that they can read the server's output; new at each start. */
  readonly setUpCode: string
  /** Milliseconds since 1970; the only clock of the domain. */
  now(): number
  /** Work that goes on after an answer was given (removing temporary names); waited for at the end. */
  afterwards(work: Promise<unknown>): void
}

export interface CoreOptions {
  config: Config
  log: Log
  /** `guest`: a short command beside a running server. */
  as?: 'whole' | 'guest'
  now?: () => number
  passwordCost?: PasswordCost
  /** Told when the outcome of a commit is unknown and the process must end. */
  onUnknown?: (error: unknown) => void
}

/** Opens volume and index, checks that they belong together, and finishes what a crash left. */
export async function openCore({
  config,
  log,
  as = 'whole',
  now = Date.now,
  passwordCost,
  onUnknown,
}: CoreOptions): Promise<Core> {
  const metrics = openMetrics()
  const volume = await openVolume({
    directory: config.volume.path,
    requireMount: config.volume.mustBeMount,
    reserveBytes: config.volume.reserveBytes,
    wrote: (seconds) => metrics.storageSeconds.observe(seconds),
  })
  const index = await openIndex(volume.indexPath, {
    as,
    prepared: metrics.cache('statements'),
    onUnknown: onUnknown ?? ((error) => log.fatal({ err: error }, 'commit failed')),
  })
  const readOnly = as === 'whole' && !config.volume.acceptMissing ? await missingBytes(volume, index) : undefined
  if (readOnly) log.error({ err: readOnly }, 'bytes are missing: nothing is written')
  index.refuse(readOnly)
  const pending = new Set<Promise<unknown>>()
  const watch = as === 'whole' ? watchVolume(volume, index, log, readOnly) : undefined
  const core: Core = {
    config,
    log,
    index,
    volume,
    search: openSearch(index, { engine: config.search.engine, log: log.child({ subsystem: 'search' }) }),
    contentSearch: openContentSearch(index, log.child({ subsystem: 'search' })),
    news: openNews(),
    activity: openActivity(),
    events: openEventLog(index, now, log),
    readOnly,
    mail: config.mail && openMail(config.mail),
    passwords: openPasswords(passwordCost),
    recentCallers: openRecentCallers(now, () => index.commits, metrics.cache('callers')),
    recentPages: openRecentPages(config.server.listCacheBytes, metrics.cache('lists')),
    metrics,
    runningJobs: new Map(),
    setUpCode: randomBytes(18).toString('base64url'),
    now,
    afterwards(work) {
      const watched = work
        .catch((error: unknown) => log.warn({ err: error }, 'clean-up failed'))
        .finally(() => pending.delete(watched))
      pending.add(watched)
    },
    async [Symbol.asyncDispose]() {
      watch?.[Symbol.dispose]()
      await Promise.all(pending)
      await core.events[Symbol.asyncDispose]()
      await core.search[Symbol.asyncDispose]()
      await core.contentSearch[Symbol.asyncDispose]()
      await index[Symbol.asyncDispose]()
      await volume[Symbol.asyncDispose]()
    },
  }
  try {
    await belongTogether(core)
    if (as === 'whole' && !readOnly) await recover(core)
    return core
  } catch (error) {
    await core[Symbol.asyncDispose]()
    throw error
  }
}

// An index beside another volume's files would call every one of them missing, and clean-up would do the rest.
async function belongTogether({ index, volume }: Core): Promise<void> {
  const known = index.read.get(q.selectFrom('setting').select('value').where('key', '=', 'volume'))
  if (!known)
    await index.write((tx) =>
      tx.run(q.insertInto('setting').values({ key: 'volume', value: JSON.stringify(volume.id) })),
    )
  else if (JSON.parse(known.value) !== volume.id)
    throw new Problem(
      'storage-unavailable',
      `The index belongs to volume ${JSON.parse(known.value)}, but ${volume.directory} holds volume ${volume.id}. Mount the right volume; nothing was changed.`,
    )
}
