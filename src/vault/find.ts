/** Searching what one may see. */
import { sql } from 'kysely'
import type { SearchAnswer, SearchQuery } from '../api/search.ts'
import { q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import { saidIn } from '../search/content/content.ts'
import { parseTyped } from '../search/grammar.ts'
import type { EngineQuery } from '../search/search.ts'
import { type Actor, requireFolder, requireVault, type VaultProof } from './access.ts'
import type { Core } from './core.ts'
import { selectFiles, toFile } from './files.ts'
import { findFolder, pathsOf } from './places.ts'
import { timeOf } from './times.ts'

/** Finds files in one vault, by their words or by what documents say; `tookMs` is the whole of it, rows included. */
export async function findFiles(core: Core, actor: Actor, vaultId: string, query: SearchQuery): Promise<SearchAnswer> {
  const began = performance.now()
  const vault = requireVault(core, actor, vaultId, 'viewer')
  const { engine, said, isAll } = await understand(core, actor, vault, query)
  const { nos, ...found } = await core.search.find(engine)
  const [rows, excerpts] = await Promise.all([
    core.index.readAway(
      // The vault is asked for again: whatever an engine answers, nobody sees a file of a vault that is not theirs. By its sum,
      // for else SQLite walks the vault's index instead of a hundred rows: 51 to 86 ms at a million files, not 2.
      selectFiles(actor.no)
        .where(sql<boolean>`+file.vault_no = ${vault.no}`)
        .where('file.deleted_at', 'is', null)
        .where(sql<boolean>`file.no IN (SELECT value FROM json_each(${JSON.stringify(nos)}))`),
    ),
    said ? core.contentSearch.excerpts(vault.no, nos, said) : [],
  ])
  const byNo = new Map(rows.map((row) => [row.no, row]))
  const paths = pathsOf(core.index.read)
  const files = nos.flatMap((no, i) => {
    const row = byNo.get(no)
    const snippet = excerpts[i]
    return row ? [{ ...toFile(row, paths), ...(snippet ? { snippet } : {}) }] : []
  })
  const ms = performance.now() - began
  core.metrics.searchSeconds.observe({ engine: found.engine }, ms / 1000)
  return {
    files,
    ...found,
    totalIsExact: found.totalIsExact && isAll,
    tookMs: Math.round(ms * 10) / 10,
  }
}

/** The ids of everything that a search finds, by name; more than `most` is a `too-large`. */
export async function findAllIds(
  core: Core,
  actor: Actor,
  vaultId: string,
  query: SearchQuery,
  most: number,
): Promise<string[]> {
  const vault = requireVault(core, actor, vaultId, 'viewer')
  const { engine } = await understand(core, actor, vault, { ...query, sort: 'name', order: 'asc' })
  const { nos } = await core.search.find({ ...engine, limit: most + 1 })
  if (nos.length > most)
    throw new Problem('too-large', `This search finds more than ${most} files. Narrow it, and do it in parts.`)
  const rows = await core.index.readAway(
    sql<{ id: string }>`
      SELECT file.id FROM json_each(${JSON.stringify(nos)}) found CROSS JOIN file ON file.no = found.value
      WHERE +file.vault_no = ${vault.no} AND file.deleted_at IS NULL ORDER BY found.key`,
  )
  return rows.map(({ id }) => id)
}

interface Understood {
  engine: EngineQuery
  /** What is looked for in documents. */
  said: ReturnType<typeof saidIn> | undefined
  /** Whether every document that says it is among them. */
  isAll: boolean
}

/** What was typed and what was chosen, as one question for an engine; what documents say is asked first. */
async function understand(core: Core, actor: Actor, vault: VaultProof, query: SearchQuery): Promise<Understood> {
  const folder =
    query.folder === undefined || query.folder === 'root'
      ? undefined
      : requireFolder(core, actor, query.folder, 'viewer')
  if (folder && folder.vault.no !== vault.no) throw new Problem('not-found', 'There is no such folder in this vault.')
  const typed = parseTyped(query.q ?? '', {
    hasField: (key) =>
      core.index.read.get(
        q.selectFrom('file_field').select('key').where('vault_no', '=', vault.no).where('key', '=', key).limit(1),
      ) !== undefined,
    hasFolder: (path) => typedFolder(core, vault.no, path) !== undefined,
  })
  const { text } = typed
  const sort = query.sort ?? (text.trim() === '' ? 'name' : 'relevance')
  const said = query.content === true ? saidIn(text, typed.without) : undefined
  const inside = said && (await core.contentSearch.find(vault.no, said))
  const engine: EngineQuery = {
    vaultNo: vault.no,
    text: inside ? '' : text,
    among: inside?.nos,
    exact: query.exact ?? false,
    without: typed.without,
    extensions: [...typed.extensions, ...(query.extension ?? []).map((one) => one.toLowerCase())],
    types: [...typed.types, ...(query.type ?? [])],
    tags: [...typed.tags, ...(query.tag ?? []).map((one) => one.normalize('NFC').trim())],
    metadata: merged(typed.metadata, query.metadata ?? {}),
    minSize: narrower(Math.max, typed.minSize, query.minSize),
    maxSize: narrower(Math.min, typed.maxSize, query.maxSize),
    after: narrower(Math.max, typed.after, timeOf(query.after, 'after')),
    before: narrower(Math.min, typed.before, timeOf(query.before, 'before')),
    folderNo: folder?.no ?? (typed.folder === undefined ? undefined : typedFolder(core, vault.no, typed.folder)),
    sort,
    order: query.order ?? (sort === 'name' || sort === 'extension' ? 'asc' : 'desc'),
    limit: query.limit ?? 100,
    offset: query.offset ?? 0,
  }
  return { engine, said, isAll: inside?.isAll ?? true }
}

function typedFolder(core: Core, vaultNo: number, path: string): number | undefined {
  const names = path.split('/').filter((name) => name !== '')
  return findFolder(core.index.read, vaultNo, names)
}

function merged(typed: Record<string, string[]>, chosen: Record<string, string[]>): Record<string, string[]> {
  const all: Record<string, string[]> = Object.create(null)
  for (const [key, values] of [...Object.entries(typed), ...Object.entries(chosen)])
    all[key] = [...(all[key] ?? []), ...values]
  return all
}

/** Both limits hold where there are two. */
function narrower(choose: (a: number, b: number) => number, a: number | undefined, b: number | undefined) {
  return a === undefined || b === undefined ? (a ?? b) : choose(a, b)
}
