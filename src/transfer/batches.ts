/** Which waiting files go into the next request. */
import { filesPerUpload } from '../api/files.ts'

const bytesPerRequest = 32 * 1024 * 1024
const aloneFromBytes = 8 * 1024 * 1024

/** What of a waiting file decides where it can go along. */
export interface Waiting {
  /** Files go together when this is the same: one target, one folder, one answer to conflicts. */
  group: string
  size: number
  /** Goes by itself: the request it was part of was refused. */
  alone: boolean
}

/** The first file and those behind it that fit into its request. */
export function nextBatch<T extends Waiting>(waiting: readonly T[]): T[] {
  const [first] = waiting
  if (!first) return []
  if (first.alone || first.size >= aloneFromBytes) return [first]
  const batch = [first]
  let bytes = first.size
  // Those of one folder come one after another; further than this there is nothing to be gained.
  for (const one of waiting.slice(1, 4 * filesPerUpload)) {
    if (batch.length >= filesPerUpload) break
    if (one.group !== first.group || one.alone || one.size >= aloneFromBytes || bytes + one.size > bytesPerRequest)
      continue
    batch.push(one)
    bytes += one.size
  }
  return batch
}
