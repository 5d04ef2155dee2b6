/** The text of a new version of a document. */
import { type Media, MediaError } from '../media/media.ts'
import type { Core } from '../vault/core.ts'
import { recordText, textWork } from '../vault/text.ts'
import type { Attempt } from './runner.ts'

/** One that took too long once would keep all others waiting each time. */
const final = new Set(['unsupported', 'damaged', 'too-large', 'timeout'])

/** Reads a document. One that cannot be read is found by its name alone; that is said in the log and fails no job. */
export async function readDocument(
  core: Core,
  media: Media,
  { fileId, version }: { fileId: string; version: number },
  { signal }: Attempt,
): Promise<void> {
  const work = textWork(core, fileId, version)
  if (!work || !media.hasText(work.mimeType)) return
  try {
    const read = await media.readText({ source: work.source, mimeType: work.mimeType, signal })
    if (read.words !== '') await recordText(core, work, read)
  } catch (error) {
    if (!(error instanceof MediaError && final.has(error.reason))) throw error
    core.log.info({ fileId, version, reason: error.reason, detail: error.message }, 'no text of this file')
  }
}
