/** Archives of folders, vaults and selections. */
import * as api from '../../api/downloads.ts'
import type { Archives } from '../../vault/archives.ts'
import type { On } from '../bind.ts'
import { sendArchive } from '../download.ts'

export function downloadRoutes(on: On, archives: Archives): void {
  on(api.downloadFolder, async ({ params }, { actor, context }) =>
    sendArchive(context, await archives.ofFolder(actor, params.id)),
  )
  on(api.downloadVault, async ({ params }, { actor, context }) =>
    sendArchive(context, await archives.ofVault(actor, params.vaultId)),
  )
  on(api.createDownload, ({ body }, { actor }) => archives.select(actor, body))
  on(api.downloadSelection, async ({ params }, { actor, context }) =>
    sendArchive(context, await archives.ofSelection(actor, params.id)),
  )
}
