/** Every kind of job, by name. */
import * as v from 'valibot'
import type { Media } from '../media/media.ts'
import type { Core } from '../vault/core.ts'
import { inspectMedia } from './media.ts'
import type { Handler } from './runner.ts'

const MediaPayload = v.object({ fileId: v.string(), version: v.number() })

export function jobHandlers(core: Core, media: Media): Record<string, Handler> {
  return {
    media: (payload, attempt) => inspectMedia(core, media, v.parse(MediaPayload, payload), attempt),
  }
}
