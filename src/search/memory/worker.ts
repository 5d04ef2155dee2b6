/**
 * The thread that searches: the arrays of every vault that was searched lately. Questions are answered in the order they
 * come, and each sees every commit that was made before it was asked.
 */
import { parentPort, Worker, workerData } from 'node:worker_threads'
import { openConnection } from '../../index/connection.ts'
import type { EngineAnswer, EngineQuery } from '../search.ts'
import { readVault, type VaultData } from './data.ts'
import { removeStale } from './kept.ts'
import type { Loaded, Wanted } from './loader.ts'
import { VaultSearch } from './vault.ts'

export type Asked = { id: number; query: EngineQuery } | { id: number; warm: true }

/** `loading`: the arrays of this vault are being made; another engine has to answer. `note` is for the log alone. */
export type Told =
  | { id: number; answer: EngineAnswer }
  | { id: number; loading: true }
  | { id: number; error: string }
  | { id: 0; note: string }

export interface Setting {
  /** Of the index. */
  path: string
  /** A vault of so many files is read between two questions; a larger one by a thread of its own, and has a snapshot. */
  fewFiles: number
}

/** So many changed rows are asked one by one before arrays are made anew. */
const mostChanged = (documents: number) => Math.min(5_000, Math.max(100, documents / 4))
/** So many changes are taken in at most while new arrays are being made. */
const mostBehind = 100_000
/** Documents of all vaults that are kept. */
const mostDocuments = 8_000_000

const { path, fewFiles } = workerData as Setting
const db = openConnection(path, { readonly: true, busyMs: 5000 })
const vaults = new Map<number, VaultSearch>()
const loading = new Map<number, Promise<void>>()
/** Vaults whose snapshot was asked for, so that one that does not last is not tried again and again. */
const tried = new Set<number>()
const port = parentPort

port?.on('message', (asked: Asked) => {
  const failed = (error: unknown) =>
    tell({ id: asked.id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  try {
    if ('warm' in asked) warm(asked.id).catch(failed)
    else tell(answer(asked.id, asked.query))
  } catch (error) {
    failed(error)
  }
})

function tell(told: Told): void {
  port?.postMessage(told)
}

function answer(id: number, query: EngineQuery): Told {
  const vault = current(query.vaultNo)
  return vault ? { id, answer: vault.find(query) } : { id, loading: true }
}

/** The vault as it is now; undefined while its arrays are being made. */
function current(vaultNo: number): VaultSearch | undefined {
  const vault = vaults.get(vaultNo)
  if (vault) {
    vaults.delete(vaultNo) // the one used last comes last
    vaults.set(vaultNo, vault)
    if (vault.catchUp(mostChanged(vault.documents))) return vault
    // A large vault goes on, slower with every change, until its new arrays are there.
    if (vault.documents > fewFiles && vault.catchUp(mostBehind)) {
      void load(vaultNo)
      return vault
    }
    vaults.delete(vaultNo)
  }
  const files = db.prepare('SELECT file_count FROM vault WHERE no = ?').pluck().get(vaultNo) as number | undefined
  if (files !== undefined && files <= fewFiles) return keep(readVault(db, vaultNo))
  void load(vaultNo)
  return undefined
}

function keep(data: VaultData): VaultSearch {
  return put(data.vaultNo, new VaultSearch(db, data))
}

function put(vaultNo: number, vault: VaultSearch): VaultSearch {
  vaults.delete(vaultNo)
  vaults.set(vaultNo, vault)
  let documents = 0
  for (const [no, one] of [...vaults].reverse()) {
    documents += one.documents
    if (documents <= mostDocuments || one === vault) continue
    vaults.delete(no)
    tried.delete(no)
  }
  return vault
}

/** Makes the arrays of a large vault on a thread of its own, or reads their snapshot; searches go on meanwhile. */
function load(vaultNo: number): Promise<void> {
  const before = loading.get(vaultNo)
  if (before) return before
  const { promise, resolve } = Promise.withResolvers<void>()
  const mayBeOld = !vaults.has(vaultNo) && !tried.has(vaultNo)
  tried.add(vaultNo)
  const wanted: Wanted = { path, vaultNo, mayBeOld, mostBehind, fewFiles }
  const loader = new Worker(new URL('./loader.ts', import.meta.url), { workerData: wanted })
  let isToRepeat = false
  loader.on('message', (loaded: Loaded) => {
    if ('note' in loaded) tell({ id: 0, note: loaded.note })
    else if (!loaded.isOld)
      keep(loaded.data) // what changed while it was made is caught up with by the next question
    else isToRepeat = !keepOld(loaded.data)
  })
  loader.once('error', (error) => tell({ id: 0, error: String(error) }))
  loader.once('exit', () => {
    loading.delete(vaultNo)
    if (isToRepeat) void load(vaultNo).then(resolve)
    else resolve()
  })
  loading.set(vaultNo, promise)
  return promise
}

/** Takes what a snapshot held, if with the changes since it comes to as many files as the vault has. */
function keepOld(data: VaultData): boolean {
  const isWhole = db.transaction((): boolean => {
    const vault = new VaultSearch(db, data)
    const files = db.prepare('SELECT file_count FROM vault WHERE no = ?').pluck().get(data.vaultNo)
    if (!vault.catchUp(mostBehind) || vault.files !== files) return false
    put(data.vaultNo, vault)
    return true
  })()
  if (!isWhole)
    tell({ id: 0, note: `The snapshot of vault ${data.vaultId} was not used: it does not lead to what is there.` })
  return isWhole
}

/** Makes the arrays of the vaults that take long, the largest first. */
async function warm(id: number): Promise<void> {
  removeStale(db, path, fewFiles)
  const large = db
    .prepare('SELECT no FROM vault WHERE file_count > ? ORDER BY file_count DESC LIMIT 20')
    .pluck()
    .all(fewFiles) as number[]
  for (const no of large) if (!vaults.has(no)) await load(no)
  tell({ id, loading: true })
}
