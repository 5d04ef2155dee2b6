/**
 * How much memory a process and its offspring hold. A limit by `setrlimit` will not do: Node alone reserves 1.5 GB of
 * addresses and 0.6 GB of writable ones at its start, of which it uses a twentieth.
 */
import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

const lookEvery = 100

/** Calls `exceeded` once when a process and all that it started hold more than `limit` bytes; ends with `signal`. */
export async function watchMemory(
  pid: number,
  limit: number,
  exceeded: () => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    const held = await memoryOf(pid)
    if (signal.aborted) return
    if (held > limit) return exceeded()
    await sleep(lookEvery, undefined, { ref: false, signal }).catch(() => {})
  }
}

/** Bytes that belong to a process and its offspring alone; files that it maps can be taken back and do not count. */
export async function memoryOf(pid: number): Promise<number> {
  const [status, children] = await Promise.all([
    readOrNothing(`/proc/${pid}/status`),
    readOrNothing(`/proc/${pid}/task/${pid}/children`),
  ])
  const own = [...status.matchAll(/^Rss(?:Anon|Shmem):\s+(\d+) kB$/gm)].map(([, kilobytes]) => Number(kilobytes) * 1024)
  const theirs = await Promise.all(children.split(' ').filter(Boolean).map(Number).map(memoryOf))
  return [...own, ...theirs].reduce((sum, bytes) => sum + bytes, 0)
}

/** A process may end between two looks. */
function readOrNothing(path: string): Promise<string> {
  return readFile(path, 'utf8').catch(() => '')
}
