/**
 * Does the vault keep what it promised? Everything acknowledged is there with the very bytes, nothing lies about that
 * belongs to nobody, every total is what it counts. The same code is `filevault verify` and what tests ask after a fault.
 */
import { isLocked } from '../index/lock.ts'
import type { Core } from '../vault/core.ts'
import { auditObjects, type Progress } from './audit-objects.ts'
import { auditRows } from './audit-rows.ts'
import type { Finding } from './finding.ts'
import { openHashing } from './hashing.ts'

export interface AuditOptions {
  /** Reads every stored byte and compares its hash; otherwise only that files are there and how large they are. */
  readContent: boolean
  /** Bytes a second at most; null: as fast as possible. Unless told: 200 MB beside a running server. */
  rate?: number | null | undefined
  /** What is younger than this may still be on its way to its row. Unless told: ten minutes beside a running server. */
  graceMs?: number
  signal?: AbortSignal
  onProgress?: (progress: Progress) => void
}

const beside = { rate: 200e6, graceMs: 10 * 60_000 }
const alone = { rate: null, graceMs: 0 }

/** Yields everything that is wrong, as it is found. Changes nothing. */
export async function* audit(core: Core, options: AuditOptions): AsyncGenerator<Finding> {
  const { signal = new AbortController().signal, onProgress = () => {} } = options
  const usual = isLocked(core.volume.indexPath) ? beside : alone
  const { rate = usual.rate, graceMs = usual.graceMs } = options
  yield* auditRows(core, signal)
  await using hashing = options.readContent ? openHashing(rate) : undefined
  yield* auditObjects(core, { hashing, graceMs, signal, onProgress })
}
