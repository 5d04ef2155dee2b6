/** Finding files. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { File, fileSorts } from './files.ts'
import { Flag, integer, several } from './schema.ts'

export const Facet = v.array(v.object({ value: v.string(), count: v.number() }))

export const SearchQuery = v.object({
  q: v.optional(v.pipe(v.string(), v.maxLength(10_240))),
  /** True: only beginnings of words. Else a word that begins nothing is found inside words, or as a slip of the fingers. */
  exact: v.optional(Flag),
  /**
   * True: words are looked for in what documents say instead, all of them; by their beginnings from three letters on. Of more
   * than 10,000 files the newest are found, and `totalIsExact` is false.
   */
  content: v.optional(Flag),
  extension: v.optional(several()),
  /** Kinds: `image`, `pdf`, … */
  type: v.optional(several()),
  tag: v.optional(several()),
  /** `metadata.KEY=value`, each key may be repeated. */
  metadata: v.optional(v.record(v.string(), several())),
  minSize: v.optional(integer(0, Number.MAX_SAFE_INTEGER)),
  maxSize: v.optional(integer(0, Number.MAX_SAFE_INTEGER)),
  /** Changed at or after, before: ISO dates or times. */
  after: v.optional(v.pipe(v.string(), v.maxLength(40))),
  before: v.optional(v.pipe(v.string(), v.maxLength(40))),
  /** A folder's id: only what lies in it or below. */
  folder: v.optional(v.string()),
  sort: v.optional(v.picklist(['relevance', ...fileSorts])),
  order: v.optional(v.picklist(['asc', 'desc'])),
  /** Chosen by the client for one search field: a newer search with it takes the place of an older one that still waits. */
  client: v.optional(v.pipe(v.string(), v.maxLength(100))),
  limit: v.optional(integer(1, 500)),
  offset: v.optional(integer(0, 1_000_000_000)),
})
export type SearchQuery = v.InferOutput<typeof SearchQuery>

/** A piece of a document, to be shown as one line of text; `marked` is a word that was looked for. */
export const Snippet = v.array(v.object({ text: v.string(), marked: v.boolean() }))
export type Snippet = v.InferOutput<typeof Snippet>

/** A file; with `content=true`, the piece of its text where the words stand, unless the texts of the page are too long. */
export const FoundFile = v.object({ ...File.entries, snippet: v.optional(Snippet) })
export type FoundFile = v.InferOutput<typeof FoundFile>

export const SearchAnswer = v.object({
  files: v.array(FoundFile),
  total: v.number(),
  totalIsExact: v.boolean(),
  facets: v.object({ types: Facet, extensions: Facet, tags: Facet, metadata: v.record(v.string(), Facet) }),
  tookMs: v.number(),
  engine: v.picklist(['memory', 'fts', 'meilisearch']),
})
export type SearchAnswer = v.InferOutput<typeof SearchAnswer>

export const search = endpoint('GET /api/vaults/:vaultId/search', {
  summary:
    'Finds files by words in name, tags, path and metadata: prefixes, folded accents, exact totals and facet counts. With `content=true` by words in what documents say.',
  query: SearchQuery,
  returns: SearchAnswer,
})

export const searchEverywhere = endpoint('GET /api/search', {
  summary:
    'Finds files in every vault that the caller is a member of, as one list with one total and facets added up. Pages end at file 10,000.',
  query: SearchQuery,
  returns: SearchAnswer,
})
