/** Searching what one may see. */
import { sql } from 'kysely'
import type { SearchAnswer, SearchQuery } from '../api/search.ts'
import { q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import { parseTyped } from '../search/grammar.ts'
import type { EngineQuery } from '../search/search.ts'
import { type Actor, requireFolder, requireVault, type VaultProof } from './access.ts'
import type { Core } from './core.ts'
import { selectFiles, toFile } from './files.ts'
import { findFolder, pathsOf } from './places.ts'
import { timeOf } from './times.ts'

/** Finds files in one vault; `tookMs` is the whole of it, rows included. */
export async function findFiles(core: Core, actor: Actor, vaultId: string, query: SearchQuery): Promise<SearchAnswer> {
  const began = performance.now()
  const vault = requireVault(core, actor, vaultId, 'viewer')
  const { nos, ...found } = await core.search.find(engineQuery(core, actor, vault, query))
  const rows = await core.index.readAway(
    // The vault is asked for again: whatever an engine answers, nobody sees a file of a vault that is not theirs.
    selectFiles(actor.no)
      .where('file.vault_no', '=', vault.no)
      .where('file.deleted_at', 'is', null)
      .where(sql<boolean>`file.no IN (SELECT value FROM json_each(${JSON.stringify(nos)}))`),
  )
  const byNo = new Map(rows.map((row) => [row.no, row]))
  const paths = pathsOf(core.index.read)
  return {
    files: nos.flatMap((no) => {
      const row = byNo.get(no)
      return row ? [toFile(row, paths)] : []
    }),
    ...found,
    tookMs: Math.round((performance.now() - began) * 10) / 10,
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
  const all = { ...engineQuery(core, actor, vault, { ...query, sort: 'name', order: 'asc' }), limit: most + 1 }
  const { nos } = await core.search.find(all)
  if (nos.length > most)
    throw new Problem('too-large', `This search finds more than ${most} files. Narrow it, and do it in parts.`)
  const rows = await core.index.readAway(
    sql<{ id: string }>`
      SELECT file.id FROM json_each(${JSON.stringify(nos)}) found CROSS JOIN file ON file.no = found.value
      WHERE file.vault_no = ${vault.no} AND file.deleted_at IS NULL ORDER BY found.key`,
  )
  return rows.map(({ id }) => id)
}

function engineQuery(core: Core, actor: Actor, vault: VaultProof, query: SearchQuery): EngineQuery {
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
  return {
    vaultNo: vault.no,
    text,
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
