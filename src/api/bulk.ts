/** One thing done to many files. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { File } from './files.ts'
import { fields, Id, Tags } from './schema.ts'
import { SearchQuery } from './search.ts'

/** How many ids one call may carry, and up to how many files an answer has the files themselves. */
export const mostIds = 10_000
/** How many files one search may stand for. */
export const mostMatched = 100_000

const which = {
  ids: v.optional(v.pipe(v.array(Id), v.maxLength(mostIds, `One call takes at most ${mostIds} ids.`))),
  /** Instead of ids: everything in this vault that a search with these words and filters finds. */
  query: v.optional(v.object({ ...v.omit(SearchQuery, ['sort', 'order', 'limit', 'offset']).entries, vaultId: Id })),
}

export const BulkRequest = v.variant('action', [
  v.object({ ...which, action: v.literal('move'), folderId: v.nullable(Id) }),
  v.object({ ...which, action: v.literal('copy'), folderId: v.optional(v.nullable(Id)) }),
  v.object({ ...which, action: v.literal('delete'), permanently: v.optional(v.boolean()) }),
  v.object({ ...which, action: v.literal('restore') }),
  v.object({
    ...which,
    action: v.literal('tag'),
    /** Put on each file, beside the tags it has. */
    tags: v.optional(Tags),
    removeTags: v.optional(Tags),
    /** True: `tags` are the only ones that it keeps. */
    replace: v.optional(v.boolean()),
  }),
  v.object({ ...which, action: v.literal('metadata'), metadata: fields(v.string(), v.nullable(v.unknown())) }),
  v.object({ ...which, action: v.literal('favorite'), favorite: v.optional(v.boolean()) }),
])
export type BulkRequest = v.InferOutput<typeof BulkRequest>

export const BulkResult = v.object({
  id: Id,
  ok: v.boolean(),
  /** As it is now; of a copy, the copy. Absent where it was removed for good, and in answers about more than 10,000 files. */
  file: v.optional(File),
  /** Why it was not done. */
  problem: v.optional(v.object({ code: v.string(), detail: v.string() })),
})
export type BulkResult = v.InferOutput<typeof BulkResult>

export const changeFiles = endpoint('POST /api/files/bulk', {
  summary:
    'Moves, copies, deletes, restores, tags, sets metadata of, or marks many files: up to 10,000 `ids`, or everything that a `query` finds. Each file is answered for by itself, in the order of `ids`; what cannot be done to one does not stop the others. The answer is sent as it is done; whoever goes away stops it.',
  body: BulkRequest,
  returns: v.object({ results: v.array(BulkResult) }),
})
