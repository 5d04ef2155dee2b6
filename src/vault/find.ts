/** Searching what one may see. */
import { sql } from 'kysely'
import type { SearchAnswer, SearchQuery } from '../api/search.ts'
import { Problem } from '../problem.ts'
import { type Said, saidIn } from '../search/content/content.ts'
import type { EngineQuery, Found } from '../search/search.ts'
import { type Actor, type FolderProof, requireFolder, requireVault, type VaultProof } from './access.ts'
import type { Core } from './core.ts'
import { selectFiles, toFile } from './files.ts'
import { mergedFacets, mergedPage, valuesToMerge } from './find-merge.ts'
import { questionOf } from './find-query.ts'
import { pathsOf } from './places.ts'
import { listVaults } from './vaults.ts'

/** So deep a page over several vaults goes: each of them has to find all that comes before. */
const deepestOfSeveral = 10_000

/** Finds files in one vault, by their words or by what documents say; `tookMs` is the whole of it, rows included. */
export function findFiles(
  core: Core,
  actor: Actor,
  vaultId: string,
  query: SearchQuery,
  signal?: AbortSignal,
): Promise<SearchAnswer> {
  return find(core, actor, [requireVault(core, actor, vaultId, 'viewer')], query, signal)
}

/** Finds files in every vault that the actor is a member of; a token for one vault finds there alone. */
export function findEverywhere(
  core: Core,
  actor: Actor,
  query: SearchQuery,
  signal?: AbortSignal,
): Promise<SearchAnswer> {
  const vaults = listVaults(core, actor).map(({ id }) => requireVault(core, actor, id, 'viewer'))
  return find(core, actor, vaults, query, signal)
}

async function find(
  core: Core,
  actor: Actor,
  given: readonly VaultProof[],
  query: SearchQuery,
  signal: AbortSignal | undefined,
): Promise<SearchAnswer> {
  const began = performance.now()
  const folder = folderOf(core, actor, query)
  const vaults = folder ? given.filter(({ no }) => no === folder.vault.no) : given
  if (folder && vaults.length === 0) throw new Problem('not-found', 'There is no such folder in this vault.')
  const question = questionOf(core, vaults, query, folder)
  const isOne = vaults.length === 1
  if (!isOne && question.offset + question.limit > deepestOfSeveral) throw tooDeep()
  const said = query.content === true ? saidIn(question.typed.text, question.typed.without) : undefined
  const line = query.client === undefined ? undefined : `${callerOf(actor)} ${query.client}`

  const answers: Found[] = []
  const vaultOf = new Map<number, number>()
  let isAll = true
  for (const vault of vaults) {
    const asking = { signal, line: line && `${line} ${vault.no}` }
    const inside = said && (await core.contentSearch.find(vault.no, said, asking))
    const asked = question.for(vault, inside?.nos)
    if (!asked) continue
    const found = await core.search.find(isOne ? asked : whole(asked), asking)
    answers.push(found)
    for (const no of found.nos) vaultOf.set(no, vault.no)
    isAll &&= inside?.isAll ?? true
  }
  const nos = isOne ? (answers[0]?.nos ?? []) : await mergedPage(core, answers, question)
  const [rows, excerpts] = await Promise.all([
    rowsOf(core, actor, vaults, nos),
    said && excerptsOf(core, nos, vaultOf, said, signal),
  ])
  const paths = pathsOf(core.index.read)
  const ms = performance.now() - began
  const engine = answers.every((one) => one.engine === 'memory') ? 'memory' : 'fts'
  core.metrics.searchSeconds.observe({ engine }, ms / 1000)
  return {
    files: nos.flatMap((no) => {
      const row = rows.get(no)
      const snippet = excerpts?.get(no)
      return row ? [{ ...toFile(row, paths), ...(snippet ? { snippet } : {}) }] : []
    }),
    total: answers.reduce((sum, { total }) => sum + total, 0),
    totalIsExact: isAll && answers.every(({ totalIsExact }) => totalIsExact),
    facets: isOne && answers[0] ? answers[0].facets : mergedFacets(answers),
    engine,
    tookMs: Math.round(ms * 10) / 10,
  }
}

/** The ids of everything that a search in one vault finds, by name; more than `most` is a `too-large`. */
export async function findAllIds(
  core: Core,
  actor: Actor,
  vaultId: string,
  query: SearchQuery,
  most: number,
): Promise<string[]> {
  const vault = requireVault(core, actor, vaultId, 'viewer')
  const folder = folderOf(core, actor, query)
  if (folder && folder.vault.no !== vault.no) throw new Problem('not-found', 'There is no such folder in this vault.')
  const question = questionOf(core, [vault], { ...query, sort: 'name', order: 'asc' }, folder)
  const said = query.content === true ? saidIn(question.typed.text, question.typed.without) : undefined
  const inside = said && (await core.contentSearch.find(vault.no, said, {}))
  const asked = question.for(vault, inside?.nos)
  if (!asked) return []
  const { nos } = await core.search.find({ ...asked, offset: 0, limit: most + 1 })
  if (nos.length > most)
    throw new Problem('too-large', `This search finds more than ${most} files. Narrow it, and do it in parts.`)
  const rows = await core.index.readAway(
    sql<{ id: string }>`
      SELECT file.id FROM json_each(${JSON.stringify(nos)}) found CROSS JOIN file ON file.no = found.value
      WHERE +file.vault_no = ${vault.no} AND file.deleted_at IS NULL ORDER BY found.key`,
  )
  return rows.map(({ id }) => id)
}

function folderOf(core: Core, actor: Actor, { folder }: SearchQuery): FolderProof | undefined {
  return folder === undefined || folder === 'root' ? undefined : requireFolder(core, actor, folder, 'viewer')
}

/** All that a vault may have on the page. */
function whole(query: EngineQuery): EngineQuery {
  return { ...query, offset: 0, limit: query.offset + query.limit, facetValues: valuesToMerge }
}

async function rowsOf(core: Core, actor: Actor, vaults: readonly VaultProof[], nos: readonly number[]) {
  const among = sql`(SELECT value FROM json_each(${JSON.stringify(vaults.map(({ no }) => no))}))`
  const rows = await core.index.readAway(
    // The vault is asked for again: whatever an engine answers, nobody sees a file of a vault that is not theirs. By its sum,
    // for else SQLite walks the vault's index instead of a hundred rows: 51 to 86 ms at a million files, not 2.
    selectFiles(actor.no)
      .where(sql<boolean>`+file.vault_no IN ${among}`)
      .where('file.deleted_at', 'is', null)
      .where(sql<boolean>`file.no IN (SELECT value FROM json_each(${JSON.stringify(nos)}))`),
  )
  return new Map(rows.map((row) => [row.no, row]))
}

async function excerptsOf(
  core: Core,
  nos: readonly number[],
  vaultOf: ReadonlyMap<number, number>,
  said: Said,
  signal: AbortSignal | undefined,
) {
  const byVault = Map.groupBy(nos, (no) => vaultOf.get(no) ?? 0)
  const excerpts = await Promise.all(
    [...byVault].map(async ([vaultNo, some]) => {
      const pieces = await core.contentSearch.excerpts(vaultNo, some, said, { signal })
      return some.map((no, i) => [no, pieces[i]] as const)
    }),
  )
  return new Map(excerpts.flat())
}

function callerOf({ no, by }: Actor): string {
  return by.kind === 'link' ? `link ${by.shareId}` : `${no} ${by.id}`
}

function tooDeep(): Problem {
  const message = `Over several vaults pages end at file ${deepestOfSeveral}. Narrow the search, or search one vault.`
  return new Problem('bad-input', message, { errors: [{ path: 'offset', message }] })
}
