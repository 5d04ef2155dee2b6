// Objects that do not lie whole: packed as a difference to another one, or by themselves, and read as if they were whole.

import { chmod, rename } from 'node:fs/promises'
import { type Encoded, encodeDelta } from './delta/encode.ts'
import { openChain } from './delta/open.ts'
import { removeName, syncDirectory } from './directory.ts'
import { onDisk } from './failure.ts'
import type { Guard } from './guard.ts'
import type { Layout, ObjectName } from './layout.ts'
import { type OpenedObject, openObject } from './open.ts'

export interface Packing {
  /**
   * Writes the object as a difference to `base`, or compressed by itself with `alone`, durably, beside its whole form. The whole form stays until the index knows
   * of the other: then `removeWhole`. `whole`: nothing would be gained, and nothing was written.
   */
  pack(object: ObjectName, base: ObjectName, options: { alone: boolean; signal: AbortSignal }): Promise<Encoded>
  /** Removes what `pack` wrote: the index does not want it. */
  unpack(object: ObjectName): Promise<void>
  /** Removes the whole form of a packed object, durably. Repeatable. */
  removeWhole(object: ObjectName): Promise<void>
  /** Opens a packed object. `chain`: it, its base, and so on, as long as they are packed; `base`: what the last one needs. */
  openPacked(vaultId: string, chain: readonly string[], base: string | null): Promise<OpenedObject>
}

/** Packing in the volume with this layout. */
export function openPacking(layout: Layout, guard: Guard): Packing {
  return {
    async pack(object, base, { alone, signal }) {
      await guard.ready()
      const output = layout.packing(object)
      await removeName(output) // of an attempt that a crash cut short
      const job = { target: layout.object(object), source: alone ? '/dev/null' : layout.object(base), output }
      const encoded = await encodeDelta(job, { signal })
      if (encoded.method === 'whole') return encoded
      await onDisk(chmod(output, 0o400))
      await onDisk(rename(output, layout.delta(object)))
      await syncDirectory(layout.objectShard(object))
      return encoded
    },

    async unpack(object) {
      if (await removeName(layout.delta(object))) await syncDirectory(layout.objectShard(object))
    },

    async removeWhole(object) {
      await guard.present()
      if (await removeName(layout.object(object))) await syncDirectory(layout.objectShard(object))
    },

    async openPacked(vaultId, chain, base) {
      const stack = new AsyncDisposableStack()
      try {
        const whole =
          base === null ? undefined : stack.use(await openObject(layout.object({ vaultId, objectId: base })))
        const paths = chain.map((objectId) => layout.delta({ vaultId, objectId }))
        const readSource = async (offset: number, length: number) => {
          const bytes = Buffer.allocUnsafeSlow(length)
          await whole?.read(bytes, offset)
          return bytes
        }
        const delta = stack.use(await openChain(paths, readSource, whole && { size: whole.size }))
        return {
          size: delta.size,
          async read(into, position) {
            for (let done = 0; done < into.length; ) {
              const bytes = await delta.read(position + done, Math.min(1024 * 1024, into.length - done))
              done += bytes.copy(into, done)
            }
          },
          stream(range) {
            const stream = delta.stream(range)
            stream.once('close', () => void stack.disposeAsync().catch(() => {}))
            return stream
          },
          [Symbol.asyncDispose]: () => stack.disposeAsync(),
        }
      } catch (error) {
        await stack.disposeAsync()
        throw error
      }
    },
  }
}
