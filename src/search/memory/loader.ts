/**
 * Hands over the arrays of one vault: those of its snapshot where that is good, else made from the index. What was made is
 * kept as the next snapshot.
 */
import { mkdirSync, statfsSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'
import { openConnection } from '../../index/connection.ts'
import { readVault, type VaultData } from './data.ts'
import { objectionTo, removeStale, snapshotDirectory, snapshotFile, stampOf } from './kept.ts'
import { readSnapshot, writeSnapshot } from './snapshot.ts'
import { buffersOf } from './transfer.ts'

export interface Wanted {
  /** Of the index; snapshots lie in a directory beside it. */
  path: string
  vaultNo: number
  /** Whether a snapshot will do. */
  mayBeOld: boolean
  /** A snapshot may be so many changes behind. */
  mostBehind: number
  /** Vaults with no more files have no snapshot. */
  fewFiles: number
}

/** What the loader says: the arrays once, and what is to be logged. */
export type Loaded = { data: VaultData; isOld: boolean } | { note: string }

/** Free bytes that there must be, in snapshots: it must never be what fills a disk. */
const leastFree = 4

const { path, vaultNo, mayBeOld, mostBehind, fewFiles } = workerData as Wanted
const db = openConnection(path, { readonly: true, busyMs: 5000 })
try {
  load()
} finally {
  db.close()
}

function tell(loaded: Loaded): void {
  parentPort?.postMessage(loaded, 'data' in loaded ? buffersOf(loaded.data) : [])
}

function load(): void {
  const data = mayBeOld ? readKept() : undefined
  if (data) {
    tell({ data, isOld: true })
    return
  }
  const made = readVault(db, vaultNo)
  const finish = begin(made)
  tell({ data: made, isOld: false })
  finish?.()
}

function readKept(): VaultData | undefined {
  return db.transaction((): VaultData | undefined => {
    const vault = db.prepare('SELECT no, id, seq FROM vault WHERE no = ?').get(vaultNo) as
      | { no: number; id: string; seq: number }
      | undefined
    if (!vault) return undefined
    const kept = readSnapshot(snapshotFile(path, vault.id), (stamp) => objectionTo(stamp, db, vault, mostBehind))
    if (typeof kept === 'object') return { ...kept, vaultNo }
    if (kept !== undefined) tell({ note: `The search snapshot of vault ${vault.id} is made anew. ${kept}` })
    return undefined
  })()
}

/** Writes what is to be kept. Syncing it, which may take long, is for after the arrays were handed over. */
function begin(data: VaultData): (() => void) | undefined {
  const stamp = stampOf(db, { no: data.vaultNo, id: data.vaultId, seq: data.seq })
  if (!stamp || data.nos.length <= fewFiles) return undefined
  const directory = snapshotDirectory(path)
  return attempt(() => {
    mkdirSync(directory, { recursive: true, mode: 0o700 })
    removeStale(db, path, fewFiles)
    const bytes = buffersOf(data).reduce((sum, { byteLength }) => sum + byteLength, 0)
    const { bavail, bsize } = statfsSync(directory)
    if (bavail * bsize < leastFree * bytes) throw new Error('There is too little space on the disk.')
    const finish = writeSnapshot(snapshotFile(path, data.vaultId), data, stamp)
    return () => attempt(finish)
  })
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work()
  } catch (error) {
    tell({ note: `No search snapshot was written: ${error instanceof Error ? error.message : error}` })
    return undefined
  }
}
