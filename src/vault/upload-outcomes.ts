/** How uploads end, for whoever watches the server: what was stored, and whose fault it was where nothing was. */
import type { UploadOutcome } from '../metrics.ts'
import { Problem } from '../problem.ts'
import type { Core } from './core.ts'

/** Whose fault an error is: a full or failing disk and what nobody foresaw are ours, any other refusal is the caller's. */
export function outcomeOf(error: unknown): UploadOutcome {
  if (!(error instanceof Problem)) return 'failed'
  return ['storage-unavailable', 'disk-full', 'busy'].includes(error.code) ? 'failed' : 'refused'
}

/** Counts a file that was stored. */
export function countStored(core: Core, bytes: number): void {
  core.metrics.uploads.inc({ outcome: 'stored' })
  core.metrics.uploadBytes.inc(bytes)
}

/** A function that counts how an upload ended; what follows from the same failure is not counted again. */
export function countedOnce(core: Core): (outcome: UploadOutcome, files?: number) => void {
  let isCounted = false
  return (outcome, files = 1) => {
    if (!isCounted) core.metrics.uploads.inc({ outcome }, files)
    isCounted = true
  }
}

/** Counts a part of a resumable upload that the disk did not take, and throws its error again. Lines that break are none of ours. */
export function countFailure(core: Core, error: unknown): never {
  if (error instanceof Problem && outcomeOf(error) === 'failed') core.metrics.uploads.inc({ outcome: 'failed' })
  throw error
}
