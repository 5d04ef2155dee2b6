/** Links: making them, and coming in by them. */
import type { IncomingMessage } from 'node:http'
import type { Context } from 'hono'
import * as api from '../../api/shares.ts'
import { Problem } from '../../problem.ts'
import type { Archives } from '../../vault/archives.ts'
import {
  downloadBehind,
  dropBehind,
  fileBehind,
  guestFile,
  listBehind,
  listPublic,
  searchBehind,
  showShare,
} from '../../vault/behind-link.ts'
import type { Core } from '../../vault/core.ts'
import { beginDelivery } from '../../vault/deliveries.ts'
import { thumbnailOf } from '../../vault/downloads.ts'
import { type Caller, enter, type Guest, unlock } from '../../vault/guests.ts'
import { beginUpload } from '../../vault/receiving.ts'
import { changeShare, createShare, listShares, removeShare } from '../../vault/shares.ts'
import type { Call, On } from '../bind.ts'
import type { Http } from '../context.ts'
import { isShown, sendArchive, sendContent, sendThumbnail } from '../download.ts'
import { siteOf } from '../site.ts'

export function shareRoutes(on: On, core: Core, archives: Archives): void {
  const told = (share: api.Share, { context }: Call): api.Share => ({
    ...share,
    url: siteOf(core, context) + share.url,
  })
  on(api.listShares, ({ query }, call) => ({
    shares: listShares(core, call.actor, query).map((share) => told(share, call)),
  }))
  on(api.createShare, async ({ body }, call) => told(await createShare(core, call.actor, body), call))
  on(api.changeShare, async ({ params, body }, call) =>
    told(await changeShare(core, call.actor, params.id, body), call),
  )
  on(api.removeShare, async ({ params }, { actor }) => {
    await removeShare(core, actor, params.id)
    return undefined
  })

  const caller = ({ origin, callers, context }: Call): Caller => ({
    ...origin,
    cookie: (shareId) => callers.visit(context, shareId),
  })
  const guest = (code: string, call: Call): Guest => enter(core, code, caller(call))

  on(api.getGuestShare, ({ params }, call) => showShare(core, guest(params.shortCode, call)))
  on(api.unlockShare, async ({ params, body }, call) => {
    const opened = await unlock(core, params.shortCode, caller(call), body)
    call.callers.beginVisit(call.context, opened.guest.shareId, opened)
    return showShare(core, opened.guest)
  })
  on(api.listGuestFiles, ({ params, query }, call) => listBehind(core, guest(params.shortCode, call), query))
  on(api.searchGuestFiles, ({ params, query }, call) => searchBehind(core, guest(params.shortCode, call), query.q))
  on(api.downloadShare, async ({ params, query }, call) => {
    const who = guest(params.shortCode, call)
    const found = await downloadBehind(core, archives, who, query.path)
    const { id } = found
    if ('archive' in found) {
      const { digest, name, zip } = found.archive
      const deliver = (bytes: number) => beginDelivery(core, who, { id, digest, name, size: zip.size }, bytes)
      return sendArchive(call.context, found.archive, { deliver })
    }
    return sendContent(call.context, found.content, {
      inline: false,
      deliver: delivering(core, who, id, found.content),
    })
  })
  on(api.previewShare, async ({ params, query }, call) => {
    const who = guest(params.shortCode, call)
    const { id, content } = fileBehind(core, who, query.path)
    if (!isShown(content.mimeType))
      throw new Problem('not-allowed', 'Files of this kind cannot be shown in the page; they can only be downloaded.')
    return sendContent(call.context, content, { inline: true, deliver: delivering(core, who, id, content) })
  })
  on(api.shareThumbnail, async ({ params, query }, call) => {
    const who = guest(params.shortCode, call)
    const { id } = fileBehind(core, who, query.path)
    return sendThumbnail(call.context, () => thumbnailOf(core, who.actor, id, query.size ?? 'medium'))
  })
  on(api.putGuestFile, ({ params }, call) => putFile(core, guest(params.shortCode, call), params.path, call.context))
  on(api.listPublicFolders, () => ({ folders: listPublic(core) }))
}

function delivering(core: Core, guest: Guest, id: string, { sha256: digest, size, name }: DeliveredContent) {
  return (bytes: number) => beginDelivery(core, guest, { id, digest, size, name }, bytes)
}
type DeliveredContent = { sha256: string; size: number; name: string }

async function putFile(core: Core, guest: Guest, path: string, c: Context<Http>): Promise<api.GuestFile> {
  const incoming = c.env.incoming as IncomingMessage
  const { name, ...place } = dropBehind(core, guest, path)
  const length = incoming.headers['content-length']
  const gone = new AbortController()
  incoming.once('aborted', () => gone.abort())
  const upload = beginUpload(
    core,
    guest.actor,
    { ...place, tags: [], metadata: {}, onConflict: 'rename' },
    length === undefined ? undefined : Number(length),
    gone.signal,
  )
  try {
    await upload.receive({ name, declaredType: incoming.headers['content-type'], bytes: incoming })
    const [file] = await upload.complete()
    if (!file) throw new Error('The upload made no file.')
    return guestFile(core, guest, file)
  } catch (error) {
    await upload.abandon()
    throw error
  }
}
