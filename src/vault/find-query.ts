/** What somebody asks for, as an engine is asked: filters that were chosen and filters typed among the words are one. */
import { sql } from 'kysely'
import type { SearchQuery } from '../api/search.ts'
import { q } from '../index/query.ts'
import { parseTyped, type Typed } from '../search/grammar.ts'
import type { EngineQuery, SortColumn } from '../search/search.ts'
import type { FolderProof, VaultProof } from './access.ts'
import type { Core } from './core.ts'
import { findFolder } from './places.ts'
import { timeOf } from './times.ts'

/** A question that may be asked of each of several vaults. */
export interface Question {
  typed: Typed
  sort: SortColumn
  order: 'asc' | 'desc'
  limit: number
  offset: number
  /** The question for one of the vaults; undefined where it has no folder of the name that was typed. */
  for(vault: VaultProof, among: readonly number[] | undefined): EngineQuery | undefined
}

/** Reads a query; a filter is one where any of the vaults knows its name. */
export function questionOf(
  core: Core,
  vaults: readonly VaultProof[],
  query: SearchQuery,
  folder: FolderProof | undefined,
): Question {
  const typed = parseTyped(query.q ?? '', {
    hasField: (key) => vaults.some(({ no }) => hasField(core, no, key)),
    hasFolder: (path) => vaults.some(({ no }) => typedFolder(core, no, path) !== undefined),
  })
  const sort = query.sort ?? (typed.text.trim() === '' ? 'name' : 'relevance')
  const page = {
    sort,
    order: query.order ?? (sort === 'name' || sort === 'extension' ? ('asc' as const) : ('desc' as const)),
    limit: query.limit ?? 100,
    offset: query.offset ?? 0,
  }
  const asked = {
    ...page,
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
  }
  return {
    typed,
    ...page,
    for({ no }, among) {
      const named = typed.folder === undefined ? undefined : typedFolder(core, no, typed.folder)
      if (!folder && typed.folder !== undefined && named === undefined) return undefined
      return { ...asked, vaultNo: no, text: among ? '' : typed.text, among, folderNo: folder?.no ?? named }
    },
  }
}

function hasField(core: Core, vaultNo: number, key: string): boolean {
  const rows = q.selectFrom('file_field').select(sql<number>`1`.as('is')).where('vault_no', '=', vaultNo)
  return core.index.read.get(rows.where('key', '=', key).limit(1)) !== undefined
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
