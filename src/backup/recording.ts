/**
 * Keeps the records on the volume in step with the index. It follows the journal of each vault, whose log says itself how
 * far it reaches, and the few changes that the journal does not tell (`unrecorded`). It runs behind the commits, a fifth of
 * a second at most; everything is read on the reading thread, in pages, and what it could not write it writes later.
 */
import { sql } from 'kysely'
import type { Core } from '../vault/core.ts'
import { makeDirectory } from '../volume/directory.ts'
import { openLog, type RecordLog } from '../volume/log.ts'
import {
  beginning,
  type Line,
  type Page,
  type Place,
  readFavorites,
  readFiles,
  readFolders,
  readSettings,
  readUsers,
  readVault,
} from './records.ts'

export interface Recording extends AsyncDisposable {
  /** Resolves when everything that was committed before is durable in the records. */
  caughtUp(): Promise<void>
}

const afterCommitMs = 150
/** Other processes commit without a word: the index is asked so often. */
const lookEveryMs = 2000
const retryMs = 5000
const pageRows = 250
const mostTold = 1000
/** A log is written anew when it has become so many times as long as it was, and by so much at least. */
const growth = 4
const leastGrowthBytes = 4e6

interface VaultRow {
  no: number
  id: string
  seq: number
}

/** Starts to follow; what happened since the last time is caught up in the background. */
export function startRecording(core: Core): Recording {
  const { index, volume } = core
  const log = core.log.child({ subsystem: 'records' })
  const logs = new Map<string, RecordLog>()
  const stop = new AbortController()
  let running: Promise<void> = Promise.resolve()
  let waiting = false
  let timer: NodeJS.Timeout | undefined
  let isFirst = true
  let lastChange = -1

  const logOf = (vaultId: string): RecordLog => {
    const found =
      logs.get(vaultId) ?? openLog(vaultId === '' ? volume.layout.records : volume.layout.vaultRecords(vaultId))
    logs.set(vaultId, found)
    return found
  }

  function soon(ms: number): void {
    if (timer || stop.signal.aborted) return
    timer = setTimeout(() => {
      timer = undefined
      void run()
    }, ms)
    timer.unref()
  }

  /** One round at a time; of those that wait, one is enough. */
  function run(): Promise<void> {
    if (waiting) return running
    waiting = true
    running = running.then(round)
    return running
  }

  async function round(): Promise<void> {
    waiting = false
    if (stop.signal.aborted) return
    try {
      while (await follow());
    } catch (error) {
      if (stop.signal.aborted) return
      log.error({ err: error }, 'the records could not be written; trying again')
      logs.clear() // only the disk can say now what is there
      soon(retryMs)
    }
  }

  /** Writes what is new; says whether there is more. */
  async function follow(): Promise<boolean> {
    await volume.guard().catch((error: unknown) => {
      // A full disk is no reason to stop: deletions have to be recorded too. A missing one is.
      if (!(error instanceof Error && 'code' in error && error.code === 'disk-full')) throw error
    })
    // Read before anything else: what comes later is for the next round.
    // Only now: later its absence means that the volume is gone, and nothing is to be made in its place.
    if (isFirst) await makeDirectory(volume.layout.records)
    const told = await index.readAway(sql<Untold>`SELECT * FROM unrecorded ORDER BY no LIMIT ${mostTold}`)
    const newest = index.read.get(sql<{ no: number | null }>`SELECT max(no) AS no FROM change`)?.no ?? 0
    if (!isFirst && told.length === 0 && newest === lastChange) return false
    const behind = isFirst
      ? await index.readAway(sql<VaultRow>`SELECT no, id, seq FROM vault`)
      : await index.readAway(sql<VaultRow>`
          SELECT no, id, seq FROM vault WHERE no IN (SELECT vault_no FROM change WHERE no > ${lastChange})`)
    const others = await vaultsOf(told)
    if (isFirst || told.some(({ what }) => what === 'user' || what === 'setting')) await recordPeople(told)
    const vaults = new Map([...behind, ...others].map((vault) => [vault.no, vault]))
    for (const vault of vaults.values()) {
      stop.signal.throwIfAborted()
      if (await isThere(vault)) await recordVault(vault, told)
    }
    const last = told.at(-1)
    if (last) await index.write((tx) => tx.run(sql`DELETE FROM unrecorded WHERE no <= ${last.no}`))
    lastChange = newest
    isFirst = false
    return told.length === mostTold
  }

  /** Users and settings: one small log, written anew at each start and when it has grown. */
  async function recordPeople(told: Untold[]): Promise<void> {
    const records = logOf('')
    const { upTo } = await records.state()
    const ids = idsOf(told, 'user')
    if (isFirst || upTo < 0 || (await hasGrown(records))) return records.rewrite(everybody(), 0)
    const { lines: users } = await readUsers(index, { ids })
    const found = [...users, ...(await readSettings(index))]
    await records.append([...textsOf(found), ...goneOf([...ids, ...idsOf(told, 'setting')], found)], 0)
  }

  async function* everybody(): AsyncGenerator<string[]> {
    yield textsOf(await readSettings(index))
    yield* pagesOf((after) => readUsers(index, { after, limit: pageRows }))
  }

  async function recordVault(vault: VaultRow, told: Untold[]): Promise<void> {
    const records = logOf(vault.id)
    let { upTo } = await records.state()
    if (upTo >= 0 && upTo <= vault.seq && !(await isContiguous(vault, upTo))) upTo = -1
    if (upTo < 0 || upTo > vault.seq || (await hasGrown(records))) {
      await records.rewrite(everything(vault), vault.seq)
      return
    }
    const mine = await ownOf(vault, told)
    if (mine.length > 0) await records.append(mine, upTo)
    while (upTo < vault.seq) {
      stop.signal.throwIfAborted()
      const changes = await index.readAway(sql<ChangeRow>`
        SELECT seq, kind, subject_id FROM change WHERE vault_no = ${vault.no} AND seq > ${upTo} ORDER BY seq LIMIT ${pageRows}`)
      const last = changes.at(-1)
      if (!last) return
      for (const { kind, subject_id } of changes)
        if (kind === 'folder_deleted' || kind === 'folder_restored') await recordBelow(vault, subject_id, records, upTo)
      upTo = last.seq
      await records.append(
        await statesOf(
          vault,
          changes.map((change) => change.subject_id),
        ),
        upTo,
      )
    }
  }

  /** Whether the journal still knows everything since. */
  async function isContiguous(vault: VaultRow, upTo: number): Promise<boolean> {
    if (upTo === vault.seq) return true
    const [row] = await index.readAway(
      sql<{
        n: number
      }>`SELECT count(*) AS n FROM change WHERE vault_no = ${vault.no} AND seq > ${upTo} AND seq <= ${vault.seq}`,
    )
    return row?.n === vault.seq - upTo
  }

  /** Everything in a vault as it is now; what changes while this is read comes after it, by the journal. */
  async function* everything(vault: VaultRow): AsyncGenerator<string[]> {
    const own = await readVault(index, vault.no)
    yield own ? [own.json] : []
    for (const from of ['living', 'trash'] as const) {
      yield* pagesOf((after) => readFolders(index, vault.no, { from, after, limit: pageRows }))
      yield* pagesOf((after) => readFiles(index, vault.no, { from, after, limit: pageRows }))
    }
    yield textsOf(await readFavorites(index, vault.no))
  }

  async function* pagesOf(read: (after: Place) => Promise<Page>): AsyncGenerator<string[]> {
    for (let after: Place | undefined = beginning; after; ) {
      stop.signal.throwIfAborted()
      const { lines, last } = await read(after)
      yield textsOf(lines)
      after = last
    }
  }

  /** Files and folders by their ids; what is not there any more is gone. */
  async function statesOf(vault: VaultRow, subjects: string[]): Promise<string[]> {
    const ids = [...new Set(subjects)].filter((id) => id !== vault.id)
    const { lines: folders } = await readFolders(index, vault.no, { ids })
    const { lines: files } = await readFiles(index, vault.no, { ids })
    const found = [...folders, ...files]
    const own = subjects.includes(vault.id) ? await readVault(index, vault.no) : undefined
    return [...(own ? [own.json] : []), ...textsOf(found), ...goneOf(ids, found)]
  }

  /** A folder that went into the trash or came back took everything below along. */
  async function recordBelow(vault: VaultRow, folderId: string, records: RecordLog, upTo: number): Promise<void> {
    const below = sql`WITH RECURSIVE down (no) AS (SELECT no FROM folder WHERE id = ${folderId}
      UNION ALL SELECT c.no FROM folder c JOIN down ON c.parent_no = down.no)`
    const folders = await index.readAway(sql<{ id: string }>`${below} SELECT id FROM folder WHERE no IN down`)
    const files = await index.readAway(sql<{ id: string }>`${below} SELECT id FROM file WHERE folder_no IN down`)
    const ids = [...folders, ...files].map(({ id }) => id)
    for (let start = 0; start < ids.length; start += pageRows)
      await records.append(await statesOf(vault, ids.slice(start, start + pageRows)), upTo)
  }

  interface Untold {
    no: number
    what: 'user' | 'setting' | 'vault' | 'folder' | 'file' | 'favorite'
    id: string
    vault_id: string | null
    user_id: string | null
  }

  function vaultsOf(told: Untold[]): Promise<VaultRow[]> {
    const vaults = JSON.stringify([...idsOf(told, 'vault'), ...told.flatMap(({ vault_id }) => vault_id ?? [])])
    const files = JSON.stringify([...idsOf(told, 'file'), ...idsOf(told, 'favorite')])
    return index.readAway(sql<VaultRow>`
      SELECT no, id, seq FROM vault WHERE id IN (SELECT value FROM json_each(${vaults}))
        OR no IN (SELECT vault_no FROM file WHERE id IN (SELECT value FROM json_each(${files})))`)
  }

  /** What the journal does not tell, as far as it is of this vault. */
  async function ownOf(vault: VaultRow, told: Untold[]): Promise<string[]> {
    const records: string[] = []
    if (told.some(({ what, id }) => what === 'vault' && id === vault.id)) {
      const own = await readVault(index, vault.no)
      if (own) records.push(own.json)
    }
    const folderIds = told.flatMap(({ what, id, vault_id }) => (what === 'folder' && vault_id === vault.id ? [id] : []))
    if (folderIds.length > 0) records.push(...(await statesOf(vault, folderIds)))
    const { lines: files } = await readFiles(index, vault.no, { ids: idsOf(told, 'file') })
    records.push(...textsOf(files))
    const marks = told.filter(({ what }) => what === 'favorite')
    if (marks.length > 0) {
      const rows = await index.readAway(sql<{ id: string; user: string; isOn: 0 | 1 }>`
        SELECT f.id, u.id AS user, EXISTS (SELECT 1 FROM favorite x WHERE x.user_no = u.no AND x.file_no = f.no) AS isOn
        FROM json_each(${JSON.stringify(marks)}) j JOIN file f ON f.id = j.value ->> 'id' JOIN user u ON u.id = j.value ->> 'user_id'
        WHERE f.vault_no = ${vault.no}`)
      records.push(...rows.map(({ id, user, isOn }) => JSON.stringify({ is: 'favorite', id, user, on: isOn === 1 })))
    }
    return records
  }

  /** A vault may have been removed since it was read, and its directory with it. */
  async function isThere({ no, id }: VaultRow): Promise<boolean> {
    if (index.read.get(sql<{ no: number }>`SELECT no FROM vault WHERE no = ${no}`)) return true
    logs.delete(id)
    return false
  }

  const deaf = core.news.listen(() => soon(afterCommitMs))
  const poll = setInterval(() => void run(), lookEveryMs)
  poll.unref()
  void run()

  return {
    caughtUp: run,
    async [Symbol.asyncDispose]() {
      deaf()
      clearInterval(poll)
      clearTimeout(timer)
      await run() // what fails now is caught up by the next start
      stop.abort()
    },
  }
}

function textsOf(lines: readonly Line[]): string[] {
  return lines.map(({ json }) => json)
}

/** What was asked for and not found. */
function goneOf(ids: readonly string[], found: readonly Line[]): string[] {
  const known = new Set(found.map(({ id }) => id))
  return ids.filter((id) => !known.has(id) && id !== 'volume').map((id) => JSON.stringify({ is: 'gone', id }))
}

function idsOf(told: readonly { what: string; id: string }[], wanted: string): string[] {
  return told.flatMap(({ what, id }) => (what === wanted ? [id] : []))
}

interface ChangeRow {
  seq: number
  kind: string
  subject_id: string
}

async function hasGrown(records: RecordLog): Promise<boolean> {
  const { bytes, wholeBytes } = await records.state()
  return bytes - wholeBytes > Math.max(leastGrowthBytes, wholeBytes * (growth - 1))
}
