/** The search of one vault: its arrays, its folders, and what changed since; exact totals and facets in milliseconds. */
import type { Connection } from '../../index/connection.ts'
import type { EngineAnswer, EngineQuery, FacetCounts } from '../search.ts'
import { addList, allBits, type Bits, clear, count, has, keepCommon, noBits, remove } from './bits.ts'
import { countValues, topValues } from './counting.ts'
import { type FacetFilter, type FacetName, facetFilters, queryWords, typedKey } from './criteria.ts'
import type { Values, VaultData } from './data.ts'
import { Folders, livingFolders } from './folders.ts'
import { type Lists, ListsBuilder } from './lists.ts'
import { meaningOf, type Vocabulary } from './meant.ts'
import { carries, type Hit, Overlay, type WordTest } from './overlay.ts'
import { pageAmong, pageOf, Ranks, tiersOf } from './paging.ts'
import { columns, type Row, separator } from './row.ts'
import { TermIndex } from './terms.ts'

interface Change {
  kind: string
  subject_id: string
  seq: number
}

export class VaultSearch {
  readonly #db: Connection
  readonly #data: VaultData
  readonly #names: TermIndex
  readonly #others: TermIndex
  readonly #ranks: Ranks
  readonly #folderOf: Map<number, number>
  readonly #inFolder: Lists
  /** Documents that are as in the arrays. */
  readonly #current: Bits
  readonly #overlay = new Overlay()
  #folders: Folders
  #seq: number

  readonly #vocabulary: Vocabulary = {
    hasBeginning: (word) => this.#names.hasBeginning(word) || this.#others.hasBeginning(word) || this.#begins(word),
    words: () => this.#words(),
  }

  constructor(db: Connection, data: VaultData) {
    const size = data.nos.length
    this.#db = db
    this.#data = data
    this.#seq = data.seq
    this.#names = new TermIndex(data.nameWords, size)
    this.#others = new TermIndex(data.otherWords, size)
    this.#ranks = new Ranks(data)
    this.#current = allBits(size)
    this.#folders = new Folders(data.tree)
    this.#folderOf = new Map([...new Set(data.folders)].map((no, i) => [no, i]))
    const builder = new ListsBuilder()
    for (let document = 0; document < size; document++)
      builder.add(this.#folderOf.get(data.folders[document] as number) as number, document)
    this.#inFolder = builder.build(this.#folderOf.size)
  }

  get documents(): number {
    return this.#data.nos.length
  }

  /** Living files, as of the last time that changes were taken in. */
  get files(): number {
    return count(this.#current) + this.#overlay.size
  }

  /** Changed rows, which are slower to ask than arrays. */
  get changed(): number {
    return this.#overlay.size
  }

  /** Takes in what the journal says since the last time. Answers false when there is so much that arrays should be made anew. */
  catchUp(most: number): boolean {
    const vault = this.#db.prepare('SELECT id, seq FROM vault WHERE no = ?').get(this.#data.vaultNo) as
      | { id: string; seq: number }
      | undefined
    if (vault?.id !== this.#data.vaultId) return false
    const { seq } = vault
    if (seq === this.#seq) return true
    if (seq < this.#seq || seq - this.#seq > most) return false
    const changes = this.#db
      .prepare('SELECT kind, subject_id, seq FROM change WHERE vault_no = ? AND seq > ? ORDER BY seq')
      .all(this.#data.vaultNo, this.#seq) as Change[]
    const files = changes.filter(({ kind }) => kind.startsWith('file_'))
    const gone = new Set([...new Set(files.map((one) => one.subject_id))].filter((id) => !this.#readFile(id)))
    const isFolderChange = changes.some(({ kind }) => kind.startsWith('folder_'))
    // A row that is gone was in the trash before, and out of the arrays, unless it went there only now: by itself, or with
    // its folder, whose number may be another folder's already.
    const wentNow = files.some(({ kind, subject_id }) => kind === 'file_deleted' && gone.has(subject_id))
    if (wentNow || (gone.size > 0 && isFolderChange)) this.#forgetGone()
    if (isFolderChange) this.#readFolders()
    this.#seq = changes.at(-1)?.seq ?? this.#seq
    return this.#overlay.size <= most
  }

  find(query: EngineQuery): EngineAnswer {
    const words = queryWords(query.text)
    const isEmpty = query.text.trim() === ''
    if (words.length === 0 && !isEmpty) return nothing()
    const filters = facetFilters(query)
    const tests = words.map((word): WordTest => {
      const meaning = meaningOf(word, this.#vocabulary, query.exact)
      return { ...meaning, folders: this.#folders.carrying(meaning.passes) }
    })
    const below = query.folderNo === undefined ? undefined : this.#folders.below(query.folderNo)
    const unwanted = query.without.flatMap(queryWords).map((word): Unwanted => {
      const passes = (one: string) => one.startsWith(word)
      return { word, passes, isBeginning: true, folders: this.#folders.carrying(passes) }
    })
    const { found, inName } = this.#matching(query, words, tests, below)
    for (const one of unwanted) this.#remove(found, one)
    const hits = this.#overlay
      .find(query, tests, filters, below)
      .filter((hit) => !unwanted.some((one) => carries(hit, one)))
    const sets = filters.map((filter) => this.#filtered(filter))
    const facet = (kept: FacetName | undefined) => this.#without(found, hits, filters, sets, kept)

    const all = facet(undefined)
    const total = count(all.documents) + all.hits.length
    const tiers = tiersOf(this.#data, { ...all, inName }, query, isEmpty ? '' : typedKey(query.text))
    const { kinds, extensions, tags, fields } = this.#data
    const counted = (name: FacetName, values: Values, of: (hit: Hit) => string[]): FacetCounts => {
      const set = isFree(filters, name) ? all : facet(name)
      return topValues(this.#counts(values, set, of), query.facetValues)
    }
    return {
      ...(query.among && query.sort === 'relevance'
        ? pageAmong(query.among, this.#isIn(all), query)
        : pageOf(this.#data, this.#ranks, tiers, query)),
      total,
      totalIsExact: true,
      facets: {
        types: counted('types', kinds, ({ row }) => [row.kind]),
        extensions: counted('extensions', extensions, ({ row }) => [row.extension]),
        tags: counted('tags', tags, ({ facts }) => facts.tags),
        metadata: this.#metadata(fields, filters, all, facet, query.facetValues),
      },
    }
  }

  #matching(query: EngineQuery, words: string[], tests: WordTest[], below: ReadonlySet<number> | undefined) {
    const found = this.#current.slice()
    const inName = this.#current.slice()
    for (const [i, word] of words.entries()) {
      const names = noBits(this.documents)
      const { passes, isBeginning, folders } = tests[i] as WordTest
      const add = (terms: TermIndex) => (isBeginning ? terms.addPrefixed(names, word) : terms.addWhere(names, passes))
      add(this.#names)
      keepCommon(inName, names)
      add(this.#others)
      this.#addFolders(names, folders)
      keepCommon(found, names)
    }
    if (query.among) keepCommon(found, this.#documents(query.among))
    if (below) {
      const inside = noBits(this.documents)
      this.#addFolders(inside, below)
      keepCommon(found, inside)
    }
    const { size, updatedAt } = this.#data
    const { minSize, maxSize, after, before } = query
    if (minSize !== undefined || maxSize !== undefined) keepBetween(found, size, minSize ?? 0, maxSize ?? Infinity)
    if (after !== undefined || before !== undefined)
      keepBetween(found, updatedAt, after ?? -Infinity, before === undefined ? Infinity : before - 1)
    return { found, inName }
  }

  /** Those of these rows that lie in the arrays. */
  #documents(nos: readonly number[]): Bits {
    const documents = nos.flatMap((no) => documentOf(this.#data.nos, no) ?? [])
    const bits = noBits(this.documents)
    addList(bits, Uint32Array.from(documents), 0, documents.length)
    return bits
  }

  #isIn({ documents, hits }: Found): (no: number) => boolean {
    const changed = new Set(hits.map(({ row }) => row.no))
    return (no) => {
      const document = documentOf(this.#data.nos, no)
      return changed.has(no) || (document !== undefined && has(documents, document))
    }
  }

  #remove(found: Bits, { word, folders }: Unwanted): void {
    const carrying = noBits(this.documents)
    this.#names.addPrefixed(carrying, word)
    this.#others.addPrefixed(carrying, word)
    this.#addFolders(carrying, folders)
    remove(found, carrying)
  }

  /** Of what is not in the arrays. */
  #begins(word: string): boolean {
    const begins = (one: string) => one.startsWith(word)
    return this.#folders.words().values().some(begins) || this.#overlay.words().some(begins)
  }

  *#words(): Generator<string> {
    yield* this.#names.words()
    yield* this.#others.words()
    yield* this.#folders.words()
    yield* this.#overlay.words()
  }

  #addFolders(bits: Bits, folders: ReadonlySet<number>): void {
    const { starts, values } = this.#inFolder
    for (const folder of folders) {
      const i = this.#folderOf.get(folder)
      if (i !== undefined) addList(bits, values, starts[i] as number, starts[i + 1] as number)
    }
  }

  #filtered({ name, values }: FacetFilter): Bits {
    const { kinds, extensions, tags, fields } = this.#data
    const column = name === 'types' ? kinds : name === 'extensions' ? extensions : name === 'tags' ? tags : fields
    const bits = noBits(this.documents)
    const { starts, values: documents } = column.byValue
    for (const value of new Set(values)) {
      const i = column.values.indexOf(value)
      if (i >= 0) addList(bits, documents, starts[i] as number, starts[i + 1] as number)
    }
    return bits
  }

  /** What passes every filter but that on the facet that is counted. */
  #without(found: Bits, hits: Hit[], filters: FacetFilter[], sets: Bits[], kept: FacetName | undefined): Found {
    const documents = found.slice()
    for (const [i, { name }] of filters.entries()) if (name !== kept) keepCommon(documents, sets[i] as Bits)
    return { documents, hits: hits.filter(({ passed }) => filters.every(({ name }, i) => name === kept || passed[i])) }
  }

  #counts(values: Values, { documents, hits }: Found, of: (hit: Hit) => string[]): Map<string, number> {
    const counts = new Map<string, number>()
    for (const [i, n] of countValues(values, documents, this.#current).entries())
      if (n > 0) counts.set(values.values[i] as string, n)
    for (const hit of hits) for (const value of of(hit)) counts.set(value, (counts.get(value) ?? 0) + 1)
    return counts
  }

  #metadata(
    fields: Values,
    filters: FacetFilter[],
    all: Found,
    facet: (kept: FacetName) => Found,
    most: number | undefined,
  ) {
    const metadata: Record<string, FacetCounts> = Object.create(null)
    const byKey = (counts: Map<string, number>) =>
      Map.groupBy(counts, ([field]) => field.slice(0, field.indexOf(separator)))
    const take = (key: string, counts: [string, number][]) => {
      metadata[key] = topValues(new Map(counts.map(([field, n]) => [field.slice(key.length + 1), n])), most)
    }
    const fieldsOf = ({ facts }: Hit) => facts.fields
    for (const [key, counts] of byKey(this.#counts(fields, all, fieldsOf)))
      if (isFree(filters, `field ${key}`)) take(key, counts)
    for (const { name } of filters) {
      if (!name.startsWith('field ')) continue
      const key = name.slice('field '.length)
      const counts = byKey(this.#counts(fields, facet(name), fieldsOf)).get(key)
      if (counts) take(key, counts)
    }
    return metadata
  }

  /** Answers whether there is such a row. */
  #readFile(id: string): boolean {
    const row = this.#db
      .prepare(`SELECT ${columns}, deleted_at FROM file WHERE id = ? AND vault_no = ?`)
      .get(id, this.#data.vaultNo) as (Row & { deleted_at: number | null }) | undefined
    if (!row) return false
    this.#forget(row.no)
    if (row.deleted_at === null) this.#overlay.set(row)
    return true
  }

  #forgetGone(): void {
    const living = new Set(
      this.#db
        .prepare('SELECT no FROM file WHERE vault_no = ? AND deleted_at IS NULL')
        .pluck()
        .all(this.#data.vaultNo) as number[],
    )
    for (const [document, no] of this.#data.nos.entries()) if (!living.has(no)) clear(this.#current, document)
    this.#overlay.keep(living)
  }

  // Of a folder that is thrown away or restored the journal has one row, whatever lies in it.
  #readFolders(): void {
    const before = this.#folders
    this.#folders = new Folders(livingFolders(this.#db, this.#data.vaultNo))
    const gone = new Set([...this.#folderOf.keys(), ...before.nos()].filter((no) => !this.#folders.has(no)))
    const documents = noBits(this.documents)
    this.#addFolders(documents, gone)
    remove(this.#current, documents)
    this.#overlay.removeIn(gone)
    const rows = this.#db.prepare(`SELECT ${columns} FROM file WHERE folder_no = ? AND deleted_at IS NULL`)
    for (const folder of this.#folders.nos())
      if (!before.has(folder))
        for (const row of rows.all(folder) as Row[]) {
          this.#forget(row.no)
          this.#overlay.set(row)
        }
  }

  #forget(no: number): void {
    this.#overlay.remove(no)
    const document = documentOf(this.#data.nos, no)
    if (document !== undefined) clear(this.#current, document)
  }
}

/** A word that must not be there. */
interface Unwanted extends WordTest {
  word: string
}

interface Found {
  documents: Bits
  hits: Hit[]
}

function isFree(filters: readonly FacetFilter[], name: FacetName): boolean {
  return filters.every((filter) => filter.name !== name)
}

function documentOf(nos: Uint32Array, no: number): number | undefined {
  let low = 0
  let high = nos.length - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    const there = nos[middle] as number
    if (there === no) return middle
    if (there < no) low = middle + 1
    else high = middle - 1
  }
  return undefined
}

function keepBetween(bits: Bits, column: Float64Array, least: number, most: number): void {
  for (let i = 0; i < bits.length; i++) {
    let kept = 0
    for (let x = bits[i] as number; x !== 0; x &= x - 1) {
      const bit = 31 - Math.clz32(x & -x)
      const value = column[(i << 5) + bit] as number
      if (value >= least && value <= most) kept |= 1 << bit
    }
    bits[i] = kept
  }
}

export function nothing(): EngineAnswer {
  return {
    nos: [],
    ranks: [],
    total: 0,
    totalIsExact: true,
    facets: { types: [], extensions: [], tags: [], metadata: Object.create(null) as Record<string, FacetCounts> },
  }
}
