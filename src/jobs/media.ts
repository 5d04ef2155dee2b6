/** Thumbnails, dimensions and duration of a new version. */

import type { Media } from '../media/media.ts'
import { MediaError } from '../media/media.ts'
import type { Core } from '../vault/core.ts'
import { mediaWork, recordMedia } from '../vault/media.ts'

/** Looks into a file once. What cannot be looked into (damaged, too large, no ffmpeg) is recorded as such: no retry helps. */
export async function inspectMedia(
  core: Core,
  media: Media,
  { fileId, version }: { fileId: string; version: number },
  signal: AbortSignal,
): Promise<void> {
  const work = mediaWork(core, fileId, version)
  if (!work) return
  if (!media.handles(work.mimeType)) return recordMedia(core, work, undefined)
  try {
    await recordMedia(
      core,
      work,
      await media.inspect({ source: work.source, mimeType: work.mimeType, targets: work.targets, signal }),
    )
  } catch (error) {
    if (!(error instanceof MediaError)) throw error
    core.log.info({ fileId, version, reason: error.reason, detail: error.message }, 'no picture of this file')
    await recordMedia(core, work, undefined)
  }
}
