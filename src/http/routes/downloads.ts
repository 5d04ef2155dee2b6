/** Archives of folders, vaults and selections. */
import * as api from '../../api/downloads.ts'
import type { Archive, Archives } from '../../vault/archives.ts'
import type { Core } from '../../vault/core.ts'
import { noteDelivery } from '../../vault/deliveries.ts'
import type { Call, On } from '../bind.ts'
import { sendArchive } from '../download.ts'

export function downloadRoutes(on: On, core: Core, archives: Archives): void {
  const sendTo = ({ actor, context }: Call, archive: Archive, subjectId?: string): Promise<Response> => {
    const { vaultNo, name } = archive
    return sendArchive(context, archive, {
      deliver: noteDelivery(core, actor, { act: 'download', vaultNo, subjectId, name }),
    })
  }
  on(api.downloadFolder, async ({ params }, call) =>
    sendTo(call, await archives.ofFolder(call.actor, params.id), params.id),
  )
  on(api.downloadVault, async ({ params }, call) =>
    sendTo(call, await archives.ofVault(call.actor, params.vaultId), params.vaultId),
  )
  on(api.createDownload, ({ body }, { actor }) => archives.select(actor, body))
  on(api.downloadSelection, async ({ params }, call) => sendTo(call, await archives.ofSelection(call.actor, params.id)))
}
