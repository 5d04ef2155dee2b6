/** Thumbnails, dimensions and duration of a new version. */
import { type Media, MediaError } from '../media/media.ts'
import type { Core } from '../vault/core.ts'
import { mediaWork, recordMedia } from '../vault/media.ts'
import type { Attempt } from './runner.ts'

const final = new Set(['unsupported', 'damaged', 'too-large'])

/**
 * Looks into a file. What lies in the file itself (damaged, unknown, too large) is recorded at once: no retry helps. What
 * lies around it (no ffmpeg, a busy machine) is tried again, and recorded with the last attempt.
 */
export async function inspectMedia(
  core: Core,
  media: Media,
  { fileId, version }: { fileId: string; version: number },
  { signal, last }: Attempt,
): Promise<void> {
  const work = mediaWork(core, fileId, version)
  if (!work) return
  if (!media.handles(work.mimeType)) return recordMedia(core, work, undefined)
  try {
    const facts = await media.inspect({ source: work.source, mimeType: work.mimeType, targets: work.targets, signal })
    await recordMedia(core, work, facts)
  } catch (error) {
    const understood = error instanceof MediaError && final.has(error.reason)
    if (understood || last) await recordMedia(core, work, undefined)
    if (!understood) throw error
    core.log.info({ fileId, version, reason: error.reason, detail: error.message }, 'no picture of this file')
  }
}
