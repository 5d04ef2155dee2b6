/**
 * What changed in a vault since somebody last asked: the journal from where they stand, folded into what is there now.
 *
 * A page may be read while things change. What it tells is never older than the changes it covers, and what came after
 * them is told again by a later page; so whoever takes in every page has the vault as it is, however the pages fell.
 */
import { sql } from 'kysely'
import type { Changes, ChangesQuery, Gone } from '../api/changes.ts'
import { fixed } from '../index/query.ts'
import { type Actor, requireVault } from './access.ts'
import type { Core } from './core.ts'
import { selectFiles, toFile } from './files.ts'
import { selectFolders, toFolder } from './folders.ts'
import type { ChangeKind } from './journal.ts'
import { pathsOf } from './places.ts'
import { notAPosition, type Position, readPosition, writePosition } from './positions.ts'
import { timeOf } from './times.ts'
import { type Walked, walkLiving, walkTrash, walkTrashedWith } from './walking.ts'

const seqOf = fixed<{ seq: number }>('SELECT seq FROM vault WHERE no = ?')
const rowsAfter = fixed<{ seq: number; kind: ChangeKind; subject_id: string }>(
  'SELECT seq, kind, subject_id FROM change WHERE vault_no = ? AND seq > ? ORDER BY seq LIMIT ?',
)
const newestBefore = fixed<{ seq: number }>(
  'SELECT seq FROM change WHERE vault_no = ? AND at < ? ORDER BY seq DESC LIMIT 1',
)
const oldest = fixed<{ seq: number | null }>('SELECT min(seq) AS seq FROM change WHERE vault_no = ?')

/** The number of a vault's newest change. */
export function newestSeq(core: Core, vaultNo: number): number {
  return core.index.read.get(seqOf(vaultNo))?.seq ?? 0
}

/** Whether the journal still has every change after `seq`; after a rescue, or of another volume, it may not. */
export function reachesBack(core: Core, vaultNo: number, seq: number): boolean {
  const newest = newestSeq(core, vaultNo)
  if (seq >= newest) return seq === newest
  return core.index.read.get(rowsAfter(vaultNo, seq, 1))?.seq === seq + 1
}

/** One page of what changed. Favourites are one's own and nobody's change: they are told as they are, with what changed. */
export async function listChanges(
  core: Core,
  actor: Actor,
  vaultId: string,
  { since, limit = 1000 }: ChangesQuery,
): Promise<Changes> {
  const vault = requireVault(core, actor, vaultId, 'viewer')
  const asked = await positionOf(core, vault.no, since)
  const head = newestSeq(core, vault.no)
  const isLost = asked.seq === 0 || !reachesBack(core, vault.no, asked.seq)
  const reset = isLost && (asked.walking === undefined || asked.walking.what === 'below')
  const start: Position = reset ? { seq: head, walking: { what: 'living', from: [] } } : asked
  const page = new Page(core, vault.no, limit)
  const reached = await page.fill(start, head)
  // Asked for again: pages are read on another thread, and somebody may have been taken out of the vault meanwhile.
  requireVault(core, actor, vaultId, 'viewer')
  const hasMore = reached.walking !== undefined || reached.seq < head
  // Whoever knows everything knows what a folder that is moved from now on brings along.
  const position = hasMore ? reached : { seq: reached.seq }
  return { ...(await page.states(actor)), lastSync: writePosition(position), hasMore, reset }
}

async function positionOf(core: Core, vaultNo: number, since: string | undefined): Promise<Position> {
  if (since === undefined) return { seq: 0 }
  const position = readPosition(since)
  if (position) return position
  if (!/^\d{4}-/.test(since)) throw notAPosition(since)
  const at = timeOf(since, 'since') ?? 0
  // From the newest change back, so that it costs what the answer does.
  const [before] = await core.index.readAway(newestBefore(vaultNo, at))
  if (before) return before
  const first = core.index.read.get(oldest(vaultNo))?.seq
  return { seq: typeof first === 'number' ? first - 1 : newestSeq(core, vaultNo) }
}

/** What one page tells of, by id as the journal has it or by row number as a walk finds it. */
class Page {
  readonly #core: Core
  readonly #vaultNo: number
  #room: number
  readonly #ids = { file: new Set<string>(), folder: new Set<string>() }
  readonly #nos = { file: new Set<number>(), folder: new Set<number>() }
  /** What is new to whoever asks, or was in the trash. */
  readonly #appeared = { ids: new Set<string>(), fileNos: new Set<number>(), folderNos: new Set<number>() }
  /** Folders below which everything is on this page. */
  readonly #walked = new Set<string>()

  constructor(core: Core, vaultNo: number, room: number) {
    this.#core = core
    this.#vaultNo = vaultNo
    this.#room = room
  }

  /** Takes in what follows a position, up to `head` or until the page is full. Answers the position reached. */
  async fill({ seq, walking, restored = false }: Position, head: number): Promise<Position> {
    if (walking && walking.what !== 'below') {
      for (const what of ['living', 'trash'] as const) {
        if (walking.what === 'trash' && what === 'living') continue
        const from = await this.#walk(what === walking.what ? walking.from : [], what === 'living', (at, room) =>
          what === 'living'
            ? walkLiving(this.#core, { vaultNo: this.#vaultNo }, at, room)
            : walkTrash(this.#core, this.#vaultNo, at, room),
        )
        if (from) return { seq, restored, walking: { what, from } }
      }
    }
    let below = walking?.what === 'below' ? walking.from : undefined
    let reached = seq
    let cameBack = restored
    const rows = reached < head ? await this.#core.index.readAway(rowsAfter(this.#vaultNo, seq, this.#room)) : []
    for (const { seq: next, kind, subject_id: id } of rows) {
      if (this.#room <= 0) break
      if (kind === 'folder_restored') cameBack = true
      if (!below) this.#take(kind, id)
      const isAway = kind === 'folder_deleted'
      if (isAway || kind === 'folder_restored' || (kind === 'folder_updated' && cameBack)) {
        const from = await this.#walkBelow(id, isAway, below ?? [])
        if (from) return { seq: reached, restored: cameBack, walking: { what: 'below', from } }
      }
      below = undefined
      reached = next
    }
    return { seq: reached, restored: cameBack }
  }

  /** Everything that was taken in, each once, as it is now. */
  async states(actor: Actor): Promise<Pick<Changes, 'added' | 'modified' | 'deleted' | 'folders'>> {
    const { index } = this.#core
    const isNothing = [this.#ids, this.#nos].every(({ file, folder }) => file.size + folder.size === 0)
    if (isNothing) return { added: [], modified: [], deleted: [], folders: { added: [], modified: [], deleted: [] } }
    const fileRows = await index.readAway(
      selectFiles(actor.no)
        .where('file.vault_no', '=', this.#vaultNo)
        .where(isOneOf('file', this.#ids.file, this.#nos.file)),
    )
    const folderRows = await index.readAway(
      selectFolders()
        .where('folder.vault_no', '=', this.#vaultNo)
        .where('folder.parent_no', 'is not', null)
        .where(isOneOf('folder', this.#ids.folder, this.#nos.folder)),
    )
    const paths = pathsOf(index.read)
    const { ids, fileNos, folderNos } = this.#appeared
    const isNew = ({ no, id }: { no: number; id: string }, nos: ReadonlySet<number>) => ids.has(id) || nos.has(no)
    const files = fold(
      fileRows,
      this.#ids.file,
      (row) => toFile(row, paths),
      (row) => isNew(row, fileNos),
    )
    const folders = fold(
      folderRows,
      this.#ids.folder,
      (row) => toFolder(row, paths),
      (row) => isNew(row, folderNos),
    )
    return { ...files, folders }
  }

  #take(kind: ChangeKind, id: string): void {
    if (kind === 'vault_updated') return
    const ids = kind.startsWith('file_') ? this.#ids.file : this.#ids.folder
    if (kind.endsWith('_created') || kind.endsWith('_restored')) this.#appeared.ids.add(id)
    if (!ids.has(id)) this.#room--
    ids.add(id)
  }

  /** Tells what went to the trash with a folder, or what lives below it; what became of it since, a later change tells. */
  async #walkBelow(id: string, isAway: boolean, from: readonly number[]): Promise<readonly number[] | undefined> {
    const core = this.#core
    const folder = core.index.read.get(folderOf(id, this.#vaultNo))
    const key = `${isAway} ${id}`
    // Of what is gone for good every file has a change of its own.
    if (!folder || (folder.deleted_at !== null) !== isAway || this.#walked.has(key)) return undefined
    const next = await this.#walk(from, !isAway, (at, room) =>
      isAway
        ? walkTrashedWith(core, folder.no, at, room)
        : walkLiving(core, { vaultNo: this.#vaultNo, folderNo: folder.no }, at, room),
    )
    if (!next) this.#walked.add(key)
    return next
  }

  /** Walks until the page is full or the walk over; answers where to go on, if anywhere. */
  async #walk(
    from: readonly number[],
    isLiving: boolean,
    walk: (from: readonly number[], room: number) => Promise<Walked>,
  ): Promise<readonly number[] | undefined> {
    for (let at = from; ; ) {
      if (this.#room <= 0) return at
      const { folders, files, next } = await walk(at, this.#room)
      this.#room -= folders.length + files.length
      for (const no of folders) this.#nos.folder.add(no)
      for (const no of files) this.#nos.file.add(no)
      if (isLiving) {
        for (const no of folders) this.#appeared.folderNos.add(no)
        for (const no of files) this.#appeared.fileNos.add(no)
      }
      if (!next) return undefined
      at = next
    }
  }
}

const folderOf = fixed<{ no: number; deleted_at: number | null }>(
  'SELECT no, deleted_at FROM folder WHERE id = ? AND vault_no = ?',
)

function isOneOf(table: 'file' | 'folder', ids: ReadonlySet<string>, nos: ReadonlySet<number>) {
  return sql<boolean>`${sql.ref(`${table}.no`)} IN (
    SELECT value FROM json_each(${JSON.stringify([...nos])})
    UNION SELECT no FROM ${sql.table(table)} WHERE id IN (SELECT value FROM json_each(${JSON.stringify([...ids])})))`
}

function fold<Row extends { id: string; no: number }, T extends { id: string; path: string; deletedAt: string | null }>(
  rows: Row[],
  asked: ReadonlySet<string>,
  toState: (row: Row) => T,
  isNew: (row: Row) => boolean,
): { added: T[]; modified: T[]; deleted: Gone[] } {
  const folded = { added: [] as T[], modified: [] as T[], deleted: [] as Gone[] }
  const found = new Set<string>()
  for (const row of rows) {
    found.add(row.id)
    const state = toState(row)
    if (state.deletedAt !== null) folded.deleted.push({ id: state.id, path: state.path, deletedAt: state.deletedAt })
    else folded[isNew(row) ? 'added' : 'modified'].push(state)
  }
  for (const id of asked) if (!found.has(id)) folded.deleted.push({ id, path: null, deletedAt: null })
  return folded
}
