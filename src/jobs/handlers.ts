/** Every kind of job, by name. */
import * as v from 'valibot'
import type { Media } from '../media/media.ts'
import { learnBlocksOf } from '../vault/blocks.ts'
import type { Core } from '../vault/core.ts'
import { packVersion } from '../vault/packing.ts'
import { sendReceipt } from '../vault/receipts.ts'
import { queueTextBacklog } from '../vault/text.ts'
import { inspectMedia } from './media.ts'
import type { Handler } from './runner.ts'
import { sweep } from './sweep.ts'
import { readDocument } from './text.ts'

const ObjectPayload = v.object({ objectId: v.string() })
const BacklogPayload = v.object({ after: v.number() })
const SharePayload = v.object({ shareId: v.string() })
const VersionPayload = v.object({ fileId: v.string(), version: v.number() })

export function jobHandlers(core: Core, media: Media): Record<string, Handler> {
  return {
    media: (payload, attempt) => inspectMedia(core, media, v.parse(VersionPayload, payload), attempt),
    text: (payload, attempt) => readDocument(core, media, v.parse(VersionPayload, payload), attempt),
    'text-backlog': (payload) => queueTextBacklog(core, v.parse(BacklogPayload, payload)),
    blocks: (payload) => learnBlocksOf(core, v.parse(ObjectPayload, payload).objectId),
    pack: (payload, { signal }) => packVersion(core, v.parse(VersionPayload, payload), signal),
    receipt: (payload, { signal }) => sendReceipt(core, v.parse(SharePayload, payload).shareId, signal),
    sweep: (_, { signal }) => sweep(core, signal),
  }
}

/** Jobs that come again by themselves, and after how many milliseconds. */
export const recurring: Readonly<Record<string, number>> = { sweep: 3_600_000 }
