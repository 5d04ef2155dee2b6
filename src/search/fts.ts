/**
 * Search by SQLite's FTS5 on the reading thread: words of name, tags and metadata from one index, words of folder names
 * from another, so that renaming a folder touches no file. One statement finds, counts, facets and pages: what matches
 * is materialised once.
 */
import { type RawBuilder, sql } from 'kysely'
import type { Index } from '../index/open.ts'
import { openQueue, stillWanted } from './queue.ts'
import type { Engine, EngineAnswer, EngineQuery, FacetCounts } from './search.ts'
import { wordsOf } from './words.ts'

const facetValues = 50

interface Row {
  what: 'total' | 'type' | 'extension' | 'tag' | 'field' | 'page'
  key: string | null
  value: string | number
  count: number
}

/** Lists are read on the same thread: a search more would keep them waiting longer, and make none faster. */
const [atOnce, mostWaiting] = [2, 200]

/** The embedded engine that needs nothing but the index. */
export function openFts(index: Index): Engine {
  const queue = openQueue({ atOnce, most: mostWaiting })
  return {
    find: (query, asking) =>
      queue.run(asking, async () => ({ ...(await found(index, query, asking?.signal)), engine: 'fts' })),
    counts: queue.counts,
    async [Symbol.asyncDispose]() {},
  }
}

async function found(index: Index, query: EngineQuery, signal: AbortSignal | undefined): Promise<EngineAnswer> {
  const words = wordsOf(query.text)
  if (words.length === 0 && query.text.trim() !== '') return nothing()
  const places = await Promise.all(words.map((word) => foldersCalled(index, query.vaultNo, word)))
  const unwanted = await Promise.all(
    query.without
      .flatMap(wordsOf)
      .map(async (word) => ({ word, folders: await foldersCalled(index, query.vaultNo, word) })),
  )
  const many = !query.among && (words.length === 0 || (await isMany(index, query.vaultNo, matching(words, places))))
  stillWanted(signal) // what follows may take seconds
  return answer(await index.readAway(statement(query, words, places, unwanted, many)), query.facetValues ?? facetValues)
}

/** Row numbers of every folder that carries the word in its own name or in one above. */
async function foldersCalled(index: Index, vaultNo: number, word: string): Promise<number[]> {
  const rows = await index.readAway(
    sql<{ no: number }>`
      WITH RECURSIVE called (no) AS (
        SELECT f.no FROM folder_fts JOIN folder f ON f.no = folder_fts.rowid
        WHERE folder_fts MATCH ${prefix(word)} AND f.vault_no = ${vaultNo}
        UNION SELECT f.no FROM folder f JOIN called ON f.parent_no = called.no WHERE f.deleted_at IS NULL
      ) SELECT no FROM called`,
  )
  return rows.map(({ no }) => no)
}

/** Where more than this share of a vault is found, counting walks the facet's own index instead of asking for each hit. */
const manyShare = 1 / 20

async function isMany(index: Index, vaultNo: number, found: Condition): Promise<boolean> {
  const most = sql`(SELECT CAST(file_count * ${manyShare} AS INTEGER) FROM vault WHERE no = ${vaultNo})`
  const [row] = await index.readAway(
    sql<{
      n: number
      most: number
    }>`SELECT ${most} AS most, (SELECT count(*) FROM (SELECT no FROM (${found}) LIMIT ${most} + 1)) AS n`,
  )
  return row !== undefined && row.n > row.most
}

type Condition = RawBuilder<unknown>

interface Unwanted {
  word: string
  /** That carry it, or lie below one that does. */
  folders: number[]
}

function statement(
  query: EngineQuery,
  words: string[],
  places: number[][],
  unwanted: Unwanted[],
  many: boolean,
): RawBuilder<Row> {
  const filters = facetFilters(query)
  const flags = filters.map(({ holds }, i) => sql`, ${holds} AS ${sql.ref(`ok${i}`)}`)
  const allBut = (kept: string) => {
    const isFree = (name: string) => name === kept || (kept === 'field' && name.startsWith('field '))
    const held = filters.flatMap(({ name }, i) => (isFree(name) ? [] : [sql`${sql.ref(`ok${i}`)}`]))
    return held.length === 0 ? sql`1` : sql.join(held, sql` AND `)
  }
  const fields = filters.filter(({ name }) => name.startsWith('field '))
  const most = query.facetValues ?? facetValues
  // CROSS JOIN keeps the order: words first, then their rows. Left to itself SQLite asks of every row whether it was found.
  const source = query.among
    ? sql`json_each(${JSON.stringify(query.among)}) best CROSS JOIN file f ON f.no = best.value`
    : words.length === 0
      ? sql`file f`
      : sql`(${matching(words, places)}) found CROSS JOIN file f ON f.no = found.no`
  const counted = (table: Condition, kept: string) =>
    many && (kept === 'tag' || fields.length === 0)
      ? sql`${table} d WHERE d.vault_no = ${query.vaultNo} AND d.file_no IN (SELECT no FROM hit WHERE ${allBut(kept)})`
      : sql`hit JOIN ${table} d ON d.file_no = hit.no WHERE ${allBut(kept)}`
  return sql<Row>`
    WITH hit AS MATERIALIZED (
      SELECT f.no, f.extension, f.kind, ${sortKey(query, words)} AS k1, f.updated_at AS k2 ${sql.join(flags, sql``)}
      FROM ${source} WHERE ${sql.join([...conditions(query), ...unwanted.flatMap(lacking)], sql` AND `)}
    )
    SELECT 'total' AS what, NULL AS key, '' AS value, count(*) AS count FROM hit WHERE ${allBut('')}
    UNION ALL SELECT * FROM (SELECT 'type', NULL, kind, count(*) FROM hit WHERE ${allBut('type')} GROUP BY kind ORDER BY 4 DESC, 3 LIMIT ${most})
    UNION ALL SELECT * FROM (SELECT 'extension', NULL, extension, count(*) FROM hit WHERE ${allBut('extension')} GROUP BY extension ORDER BY 4 DESC, 3 LIMIT ${most})
    UNION ALL SELECT * FROM (
      SELECT 'tag', NULL, d.tag, count(*) FROM ${counted(sql`file_tag`, 'tag')} GROUP BY d.tag ORDER BY 4 DESC, 3 LIMIT ${most}
    )
    UNION ALL SELECT * FROM (
      SELECT 'field', d.key, d.value, count(*) FROM ${counted(sql`file_field`, 'field')}
      ${
        fields.length === 0
          ? sql``
          : sql`AND ${sql.join(
              fields.map((field) => fieldHolds(field, filters)),
              sql` AND `,
            )}`
      }
      GROUP BY d.key, d.value ORDER BY 4 DESC, 3 LIMIT ${most * 20}
    )
    UNION ALL SELECT * FROM (
      SELECT 'page', NULL, no, ${query.sort === 'relevance' ? sql`k1` : sql`0`} FROM hit WHERE ${allBut('')} ORDER BY ${ordering(query)} LIMIT ${query.limit} OFFSET ${query.offset}
    )`
}

interface FacetFilter {
  /** `type`, `extension`, `tag`, or `field KEY`. */
  name: string
  holds: Condition
}

function facetFilters({ vaultNo, types, extensions, tags, metadata }: EngineQuery): FacetFilter[] {
  const filters: FacetFilter[] = []
  if (types.length > 0) filters.push({ name: 'type', holds: sql`f.kind IN ${list(types)}` })
  if (extensions.length > 0) filters.push({ name: 'extension', holds: sql`f.extension IN ${list(extensions)}` })
  if (tags.length > 0)
    filters.push({
      name: 'tag',
      holds: sql`EXISTS (SELECT 1 FROM file_tag t WHERE t.vault_no = ${vaultNo} AND t.tag IN ${list(tags)} AND t.file_no = f.no)`,
    })
  for (const [key, values] of Object.entries(metadata))
    filters.push({
      name: `field ${key}`,
      holds: sql`EXISTS (SELECT 1 FROM file_field d WHERE d.vault_no = ${vaultNo} AND d.key = ${key} AND d.value IN ${list(values)} AND d.file_no = f.no)`,
    })
  return filters
}

// `allBut('field')` lets go of every metadata filter: one statement counts all keys, and each key has to be free of its
// own filter alone.
function fieldHolds(field: FacetFilter, filters: FacetFilter[]): Condition {
  return sql`(${sql.ref(`ok${filters.indexOf(field)}`)} OR d.key = ${field.name.slice('field '.length)})`
}

function conditions(query: EngineQuery): Condition[] {
  const { vaultNo, minSize, maxSize, after, before, folderNo } = query
  const all: Condition[] = [sql`f.vault_no = ${vaultNo}`, sql`f.deleted_at IS NULL`]
  if (minSize !== undefined) all.push(sql`f.size >= ${minSize}`)
  if (maxSize !== undefined) all.push(sql`f.size <= ${maxSize}`)
  if (after !== undefined) all.push(sql`f.updated_at >= ${after}`)
  if (before !== undefined) all.push(sql`f.updated_at < ${before}`)
  if (folderNo !== undefined)
    all.push(sql`f.folder_no IN (
      WITH RECURSIVE down (no) AS (SELECT ${folderNo} UNION ALL SELECT c.no FROM folder c JOIN down ON c.parent_no = down.no) SELECT no FROM down
    )`)
  return all
}

function lacking({ word, folders }: Unwanted): Condition[] {
  return [
    sql`f.no NOT IN (SELECT rowid FROM file_fts WHERE file_fts MATCH ${prefix(word)})`,
    sql`f.folder_no NOT IN ${list(folders)}`,
  ]
}

/** Files that carry every word, in their own words or in those of a folder above. */
function matching(words: string[], places: number[][]): Condition {
  if (places.every((folders) => folders.length === 0))
    return sql`SELECT rowid AS no FROM file_fts WHERE file_fts MATCH ${words.map(prefix).join(' ')}`
  const each = words.map((word, i) => {
    const own = sql`SELECT rowid AS no FROM file_fts WHERE file_fts MATCH ${prefix(word)}`
    const folders = places[i] ?? []
    return folders.length === 0
      ? own
      : sql`${own} UNION SELECT no FROM file WHERE folder_no IN ${list(folders)} AND deleted_at IS NULL`
  })
  return sql.join(
    each.map((one) => sql`SELECT no FROM (${one})`),
    sql` INTERSECT `,
  )
}

// Relevance as people judge it: the very name, names that begin so, all words in the name, the rest; then the newest.
function sortKey({ sort, text, among }: EngineQuery, words: string[]): Condition {
  if (sort === 'name') return sql`f.name_sort`
  if (sort === 'size') return sql`f.size`
  if (sort === 'extension') return sql`f.extension`
  if (sort === 'createdAt') return sql`f.created_at`
  if (among && sort === 'relevance') return sql`best.key`
  if (sort === 'updatedAt' || words.length === 0) return sql`0`
  const typed = text.toWellFormed().normalize('NFC').toLowerCase().trim()
  const inName = words.map((word) => sql`instr(f.name_key, ${word}) > 0`)
  return sql`CASE WHEN f.name_key = ${typed} THEN 0 WHEN substr(f.name_key, 1, ${typed.length}) = ${typed} THEN 1 WHEN ${sql.join(inName, sql` AND `)} THEN 2 ELSE 3 END`
}

function ordering({ sort, order }: EngineQuery): Condition {
  if (sort === 'relevance') return sql`k1, k2 DESC, no DESC`
  const direction = order === 'asc' ? sql`ASC` : sql`DESC`
  if (sort === 'updatedAt') return sql`k2 ${direction}, no ${direction}`
  return sql`k1 ${direction}, no ${direction}`
}

function prefix(word: string): string {
  return `"${word}"*` // a word holds letters and digits only: nothing of FTS5's syntax can get in
}

/** A list of any length as one parameter. */
function list(values: readonly (string | number)[]): Condition {
  return sql`(SELECT value FROM json_each(${JSON.stringify(values)}))`
}

function answer(rows: Row[], most: number): EngineAnswer {
  const found = nothing()
  for (const { what, key, value, count } of rows) {
    if (what === 'total') found.total = count
    else if (what === 'page') {
      found.nos.push(Number(value))
      found.ranks.push(count)
    } else if (what === 'field') {
      found.facets.metadata[key ?? ''] ??= []
      add(found.facets.metadata[key ?? ''] ?? [], value, count, most)
    } else add(found.facets[`${what}s`], value, count, most)
  }
  return found
}

function add(counts: FacetCounts, value: string | number, count: number, most: number): void {
  if (counts.length < most) counts.push({ value: String(value), count })
}

function nothing(): EngineAnswer {
  return {
    nos: [],
    ranks: [],
    total: 0,
    totalIsExact: true,
    facets: { types: [], extensions: [], tags: [], metadata: Object.create(null) as Record<string, FacetCounts> },
  }
}
