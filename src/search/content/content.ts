/**
 * Searching inside documents, as the rest of the program sees it. Found are files that say every word; a word of three
 * letters and more is found by its beginning, a shorter one as it is. Where more than 10,000 files of a vault are found,
 * the newest 10,000 count, and where more than 3,000 are, the newest come first instead of the best: BM25 costs
 * microseconds for each, and a word that so many documents say tells little between them.
 */
import { Worker } from 'node:worker_threads'
import type { Index } from '../../index/open.ts'
import type { Log } from '../../log.ts'
import { Problem } from '../../problem.ts'
import { type Asking, openQueue } from '../queue.ts'
import { ftsFold, wordsOf } from '../words.ts'
import type { Piece, Wanted } from './excerpt.ts'
import type { Asked, Told } from './thread.ts'

export type { Piece }

/** What documents are to say, and what not. */
export interface Said {
  words: Wanted[]
  without: Wanted[]
}

export interface ContentSearch extends AsyncDisposable {
  /** Row numbers of the files of a vault whose newest version says it, best first; those in the trash are among them. */
  find(vaultNo: number, said: Said, asking?: Asking): Promise<{ nos: number[]; isAll: boolean }>
  /** A piece of each file's text with its words marked; undefined where there is none, or texts are too long to look through. */
  excerpts(vaultNo: number, nos: readonly number[], said: Said, asking?: Asking): Promise<(Piece[] | undefined)[]>
}

/** The thread has one to work on and one to go on with; the others wait here, where they can be dropped. */
const [atOnce, mostWaiting] = [2, 200]
/** Shorter beginnings are those of thousands of words. One letter of Chinese says as much as a word. */
const leastBeginning = 3

/** What was typed as what is looked for; undefined where it has no words. */
export function saidIn(text: string, without: readonly string[]): Said | undefined {
  const words = wanted(text)
  return words.length === 0 ? undefined : { words, without: without.flatMap(wanted) }
}

function wanted(text: string): Wanted[] {
  const words = [...new Set(wordsOf(text).map(ftsFold))].filter((word) => word !== '')
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
  return words.map((word) => ({ word, isBeginning: word.length >= leastBeginning || !/^[\x00-\x7f]*$/.test(word) }))
}

/** Opens the search over an index; its thread starts with the first question. */
export function openContentSearch(index: Index, log: Log): ContentSearch {
  const queue = openQueue({ atOnce, most: mostWaiting })
  let worker: Worker | undefined
  let last = 0
  let isClosed = false
  const waiting = new Map<number, { resolve: (told: Told) => void; reject: (error: Error) => void }>()

  const running = (): Worker => {
    if (worker) return worker
    const fresh = new Worker(new URL('./thread.ts', import.meta.url), { workerData: { path: index.path } })
    fresh.unref()
    fresh.on('message', (told: Told) => {
      const one = waiting.get(told.id)
      waiting.delete(told.id)
      if ('error' in told) one?.reject(new Error(told.error))
      else one?.resolve(told)
    })
    fresh.on('error', (error) =>
      log.error({ err: error }, 'the thread that searches contents failed; it is started again'),
    )
    fresh.on('exit', () => {
      if (worker === fresh) worker = undefined
      for (const one of waiting.values()) one.reject(new Error('The thread that searches contents ended.'))
      waiting.clear()
    })
    worker = fresh
    return fresh
  }
  const ask = (make: (id: number) => Asked): Promise<Told> => {
    if (isClosed) return Promise.reject(new Problem('storage-unavailable', 'The server is stopping.'))
    const id = ++last
    return new Promise((resolve, reject) => {
      const target = running()
      waiting.set(id, { resolve, reject })
      target.postMessage(make(id))
    })
  }

  return {
    async find(vaultNo, { words, without }, asking) {
      const told = await queue.run(asking, () => ask((id) => ({ id, vaultNo, wanted: words, unwanted: without })))
      return 'isAll' in told ? { nos: told.nos, isAll: told.isAll } : { nos: [], isAll: true }
    },
    async excerpts(vaultNo, nos, { words }, asking) {
      const told = await queue.run(asking, () => ask((id) => ({ id, vaultNo, nos: [...nos], wanted: words })))
      return 'excerpts' in told ? told.excerpts : []
    },
    async [Symbol.asyncDispose]() {
      isClosed = true
      await worker?.terminate()
    },
  }
}
