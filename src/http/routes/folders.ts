/** Folders. */
import * as api from '../../api/folders.ts'
import type { Core } from '../../vault/core.ts'
import { changeFolder, createFolder, getFolder, listFolders } from '../../vault/folders.ts'
import { removeFolder, restoreFolder, trashFolder } from '../../vault/trash.ts'
import type { On } from '../bind.ts'

export function folderRoutes(on: On, core: Core): void {
  on(api.listFolders, async ({ params, query }, { actor }) => ({
    folders: await listFolders(core, actor, params.vaultId, query),
  }))
  on(api.createFolder, ({ params, body }, { actor }) => createFolder(core, actor, params.vaultId, body))
  on(api.getFolder, ({ params }, { actor }) => getFolder(core, actor, params.id))
  on(api.changeFolder, ({ params, body }, { actor }) => changeFolder(core, actor, params.id, body))
  on(api.removeFolder, async ({ params, query }, { actor }) => {
    await (query.permanently ? removeFolder : trashFolder)(core, actor, params.id)
    return undefined
  })
  on(api.restoreFolder, ({ params }, { actor }) => restoreFolder(core, actor, params.id))
}
