/**
 * One thing done to many files, by the same verbs as to one. Some 100 at a time are on their way: the writer puts those into
 * one commit, each behind a savepoint of its own, so that one that fails undoes itself alone, and whoever else writes waits
 * for a moment at most.
 */
import { setImmediate } from 'node:timers/promises'
import { type BulkRequest, type BulkResult, mostIds, mostMatched } from '../api/bulk.ts'
import type { File } from '../api/files.ts'
import { Problem } from '../problem.ts'
import { type Actor, requireScope } from './access.ts'
import type { Core } from './core.ts'
import { changeFile, copyFile, distinctTags, getFile, setFavorite, setTags } from './files.ts'
import { findAllIds } from './find.ts'
import { collectGarbage, purgeFile, restoreFile, trashFile } from './trash.ts'

const atOnce = 100

/**
 * Does it to each file that may be changed, while the answers are taken: some at a time, in the order of `ids`, once for an id
 * that comes twice. Who stops taking them stops it. What is wrong with the request as a whole is thrown before anything is done.
 */
export async function changeFiles(
  core: Core,
  actor: Actor,
  request: BulkRequest,
): Promise<AsyncGenerator<BulkResult[]>> {
  requireScope(actor, 'write')
  const ids = await idsOf(core, actor, request)
  return doEach(core, ids, actOf(core, actor, request), request.action === 'delete' && request.permanently === true)
}

async function* doEach(core: Core, ids: string[], act: Do, leavesGarbage: boolean): AsyncGenerator<BulkResult[]> {
  const isShort = ids.length <= mostIds
  try {
    for (let i = 0; i < ids.length; i += atOnce) {
      if (i > 0) await setImmediate() // for whoever came meanwhile
      const some = await Promise.all(ids.slice(i, i + atOnce).map((id) => attempt(core, id, act)))
      yield some.map(({ id, ok, ...more }) => ({ id, ok, ...(isShort || !ok ? more : {}) }))
    }
  } finally {
    if (leavesGarbage) core.afterwards(collectGarbage(core))
  }
}

async function idsOf(core: Core, actor: Actor, { ids, query, action }: BulkRequest): Promise<string[]> {
  if ((ids === undefined) === (query === undefined)) throw wrong('ids', 'Send either "ids" or a "query".')
  if (query === undefined) return [...new Set(ids)]
  if (action === 'restore')
    throw wrong('query', 'A search does not look into the trash. Send the ids of what to restore.')
  return findAllIds(core, actor, query.vaultId, query, mostMatched)
}

type Do = (id: string) => Promise<File | undefined>

function actOf(core: Core, actor: Actor, request: BulkRequest): Do {
  switch (request.action) {
    case 'move':
      return (id) => changeFile(core, actor, id, { folderId: request.folderId })
    case 'copy':
      return (id) => copyFile(core, actor, id, { folderId: request.folderId })
    case 'restore':
      return (id) => restoreFile(core, actor, id)
    case 'metadata':
      return (id) => changeFile(core, actor, id, { metadata: request.metadata })
    case 'favorite':
      return (id) => setFavorite(core, actor, id, request.favorite ?? true)
    case 'delete':
      if (request.permanently) return (id) => purgeFile(core, actor, id).then(() => undefined)
      return (id) => trashFile(core, actor, id).then(() => getFile(core, actor, id))
    case 'tag': {
      const { tags = [], removeTags = [], replace = false } = request
      const unwanted = new Set(distinctTags(removeTags))
      return (id) =>
        setTags(core, actor, id, (before) => [
          ...(replace ? [] : before).filter((tag) => !unwanted.has(tag)),
          ...distinctTags(tags),
        ])
    }
  }
}

async function attempt(core: Core, id: string, act: Do): Promise<BulkResult> {
  try {
    const file = await act(id)
    return { id, ok: true, ...(file ? { file } : {}) }
  } catch (error) {
    if (error instanceof Problem) return { id, ok: false, problem: { code: error.code, detail: error.message } }
    core.log.error({ err: error, fileId: id }, 'one of many files failed')
    return {
      id,
      ok: false,
      problem: { code: 'internal', detail: 'Something went wrong in the server with this file.' },
    }
  }
}

function wrong(path: string, message: string): Problem {
  return new Problem('bad-input', message, { errors: [{ path, message }] })
}
