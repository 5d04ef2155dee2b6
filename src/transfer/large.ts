/** Large files go by themselves: new ones in chunks that the server keeps, replaced ones as what changed in them. */
import type { Client } from '../api/client.ts'
import { removeUpload } from '../api/uploads.ts'
import { sendBlockwise } from './blockwise.ts'
import { sendResumable } from './resumable.ts'

export interface Large {
  file: Blob
  vaultId: string
  folderId: string | null
  /** Below the folder, the name last. */
  path: string
  onConflict: 'fail' | 'rename' | 'replace'
  signal: AbortSignal
  /** Bytes that the server has, and how many of them had to travel. */
  onProgress: (done: number, travelled: number) => void
}

export interface SendLarge {
  (large: Large): Promise<void>
  /** Ends what was begun for a file and not completed. */
  forget(file: Blob): void
}

/** From here on a new file goes in chunks; smaller ones share requests. */
export const chunkedFromBytes = 16 * 1024 * 1024
/** From here on it pays to look for what changed. */
export const blockwiseFromBytes = 4 * 1024 * 1024

/** Whether a file goes by itself. */
export function isLarge(size: number, onConflict: Large['onConflict']): boolean {
  return size >= (onConflict === 'replace' ? blockwiseFromBytes : chunkedFromBytes)
}

/** Sends through this client. A file that is sent again after a failure or a pause goes on where it was. */
export function openLarge(client: Client): SendLarge {
  const begun = new Map<Blob, string>()
  const send = async ({ file, vaultId, folderId, path, onConflict, signal, onProgress }: Large): Promise<void> => {
    const target = { path, folderId, onConflict }
    const isPageWithHash = globalThis.crypto?.subtle !== undefined
    if (onConflict === 'replace' && isPageWithHash) {
      await sendBlockwise({ client, vaultId, content: file, target, signal, onProgress })
      return
    }
    await sendResumable({
      client,
      vaultId,
      content: file,
      target,
      uploadId: begun.get(file),
      signal,
      onBegun: (id) => void begun.set(file, id),
      onProgress: (received) => onProgress(received, received),
    })
    begun.delete(file)
  }
  return Object.assign(send, {
    forget(file: Blob): void {
      const id = begun.get(file)
      begun.delete(file)
      // One that cannot be reached now expires by itself.
      if (id !== undefined) client.call(removeUpload, { params: { id } }).catch(() => {})
    },
  })
}
