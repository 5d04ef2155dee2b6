/**
 * Pages of file lists that were asked for lately, and the page after. Each is kept under the `seq` of its vault, so that what
 * is out of date has a key nobody asks for; and without favourites, which are a person's own and have no `seq`.
 */
import { LRUCache } from 'lru-cache'
import type { File } from '../api/files.ts'
import type { Hits } from '../metrics.ts'

/** A page as everybody who may see it sees it. Nobody changes it. */
export interface KeptPage {
  nos: readonly number[]
  /** As of somebody without favourites. */
  files: readonly File[]
  nextCursor: string | null
}

export interface PageCounts {
  hits: number
  misses: number
  /** Pages that were read before anybody asked. */
  prefetched: number
  pages: number
  /** By an estimate that is rather too high. */
  bytes: number
}

export interface RecentPages {
  /** The page under a key, or what `read` answers, which is kept. */
  get(key: string, read: () => Promise<KeptPage>): Promise<KeptPage>
  /** Reads a page ahead, unless it is there or something else is being read; never rejects. */
  prefetch(key: string, read: () => Promise<KeptPage>): Promise<void>
  readonly counts: Readonly<PageCounts>
}

const keptMs = 60 * 60_000

/** Keeps pages of at most so many bytes; 0 keeps none. `asked` is where it counts what it was asked for. */
export function openRecentPages(mostBytes: number, asked: Hits = { hits: 0, misses: 0 }): RecentPages {
  const kept =
    mostBytes > 0
      ? new LRUCache<string, KeptPage>({
          maxSize: mostBytes,
          ttl: keptMs,
          sizeCalculation: (page, key) => sizeOf(page, key),
        })
      : undefined
  const reading = new Map<string, Promise<KeptPage>>()
  let prefetched = 0

  const readAndKeep = (key: string, read: () => Promise<KeptPage>): Promise<KeptPage> => {
    const page = read()
      .then((found) => {
        kept?.set(key, found)
        return found
      })
      .finally(() => reading.delete(key))
    reading.set(key, page)
    return page
  }
  return {
    get counts() {
      return { ...asked, prefetched, pages: kept?.size ?? 0, bytes: kept?.calculatedSize ?? 0 }
    },
    async get(key, read) {
      const found = kept?.get(key) ?? reading.get(key)
      if (found) asked.hits++
      else asked.misses++
      return found ?? readAndKeep(key, read)
    },
    async prefetch(key, read) {
      if (!kept || reading.size > 0 || kept.has(key)) return
      prefetched++
      await readAndKeep(key, read).catch(() => undefined) // whoever asks for it will be told
    },
  }
}

const bytesOfFile = 900 // its object, the strings of fixed length and what the engine adds to each; measured in the test
const bytesOfPage = 500

/** Bytes in memory: texts in two bytes a letter. */
function sizeOf({ files }: KeptPage, key: string): number {
  let bytes = bytesOfPage + 2 * key.length
  for (const { name, path, mimeType, tags, metadata } of files) {
    bytes += bytesOfFile + 2 * (name.length + path.length + mimeType.length)
    for (const tag of tags) bytes += 40 + 2 * tag.length
    const fields = Object.entries(metadata)
    if (fields.length > 0) bytes += 200
    for (const [name, value] of fields) bytes += 80 + 2 * (name.length + JSON.stringify(value).length)
  }
  return bytes
}
