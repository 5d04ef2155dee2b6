/** Files: lists, uploads, changes, downloads. */
import { type BulkResult, changeFiles as bulk } from '../../api/bulk.ts'
import * as api from '../../api/files.ts'
import { requirePersonalVault } from '../../vault/access.ts'
import { changeFiles } from '../../vault/bulk.ts'
import type { Core } from '../../vault/core.ts'
import { contentOf, thumbnailOf } from '../../vault/downloads.ts'
import { changeFile, copyFile, getFile, setFavorite, setTags } from '../../vault/files.ts'
import { listFiles } from '../../vault/listing.ts'
import { emptyTrash, removeFile, restoreFile, trashFile } from '../../vault/trash.ts'
import type { On } from '../bind.ts'
import { readBy, sendContent, sendThumbnail } from '../download.ts'
import { receiveFiles } from '../multipart.ts'
import { sendStreamed } from '../streamed.ts'

export function fileRoutes(on: On, core: Core): void {
  on(api.listFiles, ({ params, query }, { actor }) => listFiles(core, actor, params.vaultId, query))
  on(api.listMyFiles, ({ query }, { actor }) =>
    listFiles(core, actor, requirePersonalVault(core, actor, 'viewer').id, query),
  )
  on(api.uploadFiles, async (_, { actor, context }) => ({ files: await receiveFiles(core, context, actor) }))
  on(api.getFile, ({ params }, { actor }) => getFile(core, actor, params.id))
  on(api.changeFile, ({ params, body }, { actor }) => changeFile(core, actor, params.id, body))
  on(api.copyFile, ({ params, body }, { actor }) => copyFile(core, actor, params.id, body))
  on(api.removeFile, async ({ params, query }, { actor }) => {
    await (query.permanently ? removeFile : trashFile)(core, actor, params.id)
    return undefined
  })
  on(api.restoreFile, ({ params }, { actor }) => restoreFile(core, actor, params.id))
  on(api.emptyTrash, ({ params }, { actor }) => emptyTrash(core, actor, params.vaultId))
  on(api.setFavorite, ({ params, body }, { actor }) => setFavorite(core, actor, params.id, body?.favorite))
  // Ten thousand files take seconds: what is done is said as it is done, so that nobody takes the silence for the end.
  on(bulk, async ({ body }, { actor, context }) =>
    sendStreamed(context, resultsAsJson(await changeFiles(core, actor, body)), 'application/json'),
  )
  on(api.setTags, ({ params, body }, { actor }) => setTags(core, actor, params.id, body.tags))
  on(api.download, ({ params, query: { inline = false } }, { actor, context }) => {
    const content = contentOf(core, actor, params.id)
    return sendContent(context, content, { inline, deliver: readBy(core, actor, context, content, inline) })
  })
  on(api.thumbnail, ({ params, query }, { actor, context }) =>
    sendThumbnail(context, () => thumbnailOf(core, actor, params.id, query.size ?? 'medium')),
  )
}

async function* resultsAsJson(results: AsyncIterable<BulkResult[]>): AsyncGenerator<string> {
  yield '{"results":['
  let before = ''
  for await (const some of results) {
    yield before + some.map((one) => JSON.stringify(one)).join(',\n')
    before = ',\n'
  }
  yield ']}'
}
