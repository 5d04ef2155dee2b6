// The write protocol for one object, in the order that survives a power cut: bytes synced under a temporary name,
// then linked to the final name, then the directory synced. Unlike rename, link fails where something lies already, and
// leaves the temporary name: until `settle` it says that the index may not name this object yet.

import { constants } from 'node:fs'
import { link, open } from 'node:fs/promises'
import { openDirectory } from './directory.ts'
import { onDisk } from './failure.ts'
import type { Guard } from './guard.ts'
import { type Source, takeIn } from './intake.ts'
import type { Layout, ObjectName } from './layout.ts'
import { sniffType } from './type.ts'

/** What was stored, as the index writes it down. */
export interface Stored extends ObjectName {
  size: number
  /** In hex. */
  sha256: string
  crc32: number
  /** The encoded list of its blocks; undefined where there is one at most. */
  blocks: Uint8Array<ArrayBuffer> | undefined
  mimeType: string
}

export interface PutOptions {
  /** The name that the user chose. It helps to tell the type and goes nowhere near the disk. */
  name: string
  /** The type that the sender claims, for names that say nothing. */
  declaredType?: string
  maxBytes?: number
  signal?: AbortSignal
}

/** Told for how many seconds the disk was waited for, once everything had been received. */
export type Wrote = (seconds: number) => void

/** Stores a stream durably. When it throws, names may be left on the disk: the caller removes them. */
export async function storeObject(
  layout: Layout,
  guard: Guard,
  object: ObjectName,
  source: Source,
  { name, declaredType, maxBytes = Number.POSITIVE_INFINITY, signal }: PutOptions & { signal: AbortSignal },
  wrote: Wrote,
): Promise<Stored> {
  signal.throwIfAborted()
  await guard.ready()
  // Opened before the first byte is taken: where the vault is missing, nobody should send 10 GB to find out.
  await using shard = await openDirectory(layout.objectShard(object))
  const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants
  await using file = await onDisk(open(layout.arriving(object), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o400))

  const { head, ...intake } = await takeIn(layout.arriving(object), file, source, {
    ready: guard.ready,
    maxBytes,
    signal,
  })
  const mimeType = await sniffType(head, name, declaredType)

  const began = performance.now()
  // Never tried twice: after a failed fsync the kernel may have dropped the pages, and a second one would report success.
  await onDisk(file.sync())
  await onDisk(link(layout.arriving(object), layout.object(object)))
  await onDisk(shard.sync())
  wrote((performance.now() - began) / 1000)
  return { ...object, ...intake, mimeType }
}
