/**
 * The thread that searches inside documents: asks FTS5 which files say something, and cuts excerpts from their texts, on a
 * connection of its own. Questions are answered in the order they come, and each sees every commit made before.
 */
import { parentPort, workerData } from 'node:worker_threads'
import { zstdDecompressSync } from 'node:zlib'
import { openConnection } from '../../index/connection.ts'
import { excerptOf, type Piece, type Wanted } from './excerpt.ts'

export type Asked =
  | { id: number; vaultNo: number; wanted: Wanted[]; unwanted: Wanted[] }
  | { id: number; vaultNo: number; nos: number[]; wanted: Wanted[] }

/** File numbers with whether they are all; or for each file that was asked for an excerpt, where there is one. */
export type Told =
  | { id: number; nos: number[]; isAll: boolean }
  | { id: number; excerpts: (Piece[] | undefined)[] }
  | { id: number; error: string }

/** So many files are found at most: of more the newest. */
const mostFound = 10_000
/** So many are put in order by BM25, which asks for each of them; more come newest first. */
const mostRanked = 3_000
/** So many characters are looked through for the excerpts of one page: some 50 ms. */
const mostLookedThrough = 8_000_000
/** A text has a million characters; no child can make us inflate more. */
const mostTextBytes = 4_000_000

const { path } = workerData as { path: string }
const db = openConnection(path, { readonly: true, busyMs: 5000 })
const inVault = 'FROM content_fts WHERE content_fts MATCH ? AND rowid BETWEEN ? AND ?'
const newest = db.prepare(`SELECT rowid ${inVault} ORDER BY rowid DESC LIMIT ${mostFound + 1}`).pluck()
const ranked = db.prepare(`SELECT rowid ${inVault} ORDER BY bm25(content_fts), rowid DESC`).pluck()
const textOf = db.prepare('SELECT text FROM content WHERE file_no = ? AND vault_no = ?').pluck()

parentPort?.on('message', (asked: Asked) => {
  try {
    tell('nos' in asked ? { id: asked.id, excerpts: excerpts(asked) } : find(asked))
  } catch (error) {
    tell({ id: asked.id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) })
  }
})

function tell(told: Told): void {
  parentPort?.postMessage(told)
}

function find({ id, vaultNo, wanted, unwanted }: Extract<Asked, { unwanted: Wanted[] }>): Told {
  const first = vaultNo * 2 ** 32
  const range = [first, first + 2 ** 32 - 1] as const
  // Whole words are walked until there are enough. Beginnings have to be merged from all words that begin so, and are
  // asked for only where that is not enough.
  const whole = wanted.map((one) => ({ ...one, isBeginning: false }))
  const words = newest.all(expression(whole, unwanted), ...range) as number[]
  if (words.length > mostFound) return answer(id, first, words)
  const text = expression(wanted, unwanted)
  const rows = wanted.some(({ isBeginning }) => isBeginning) ? (newest.all(text, ...range) as number[]) : words
  return answer(id, first, rows.length > mostRanked ? rows : (ranked.all(text, ...range) as number[]))
}

function answer(id: number, first: number, rows: number[]): Told {
  return { id, nos: rows.slice(0, mostFound).map((rowid) => rowid - first), isAll: rows.length <= mostFound }
}

/** Words hold letters and digits only: nothing of FTS5's syntax can get in. */
function expression(wanted: Wanted[], unwanted: Wanted[]): string {
  const term = ({ word, isBeginning }: Wanted) => `"${word}"${isBeginning ? '*' : ''}`
  const all = `(${wanted.map(term).join(' AND ')})`
  return unwanted.length === 0 ? all : `${all} NOT (${unwanted.map(term).join(' OR ')})`
}

function excerpts({ vaultNo, nos, wanted }: Extract<Asked, { nos: number[] }>): (Piece[] | undefined)[] {
  let left = mostLookedThrough
  return nos.map((no) => {
    const packed = left > 0 ? (textOf.get(no, vaultNo) as Buffer | undefined) : undefined
    if (!packed) return undefined
    const text = zstdDecompressSync(packed, { maxOutputLength: mostTextBytes }).toString()
    left -= text.length
    return excerptOf(text, wanted)
  })
}
