/**
 * The readable tree: `vaults/<id>/files/` shows every living file under its name, as a hard link to its newest version, so
 * that `rsync`, Samba or leaving need no export and no second copy of a byte. Written by us, read by others: nothing in the
 * server ever reads it, and whatever happens to it happens to names alone.
 */
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { Worker } from 'node:worker_threads'
import type { Core } from '../vault/core.ts'
import { listVaults } from '../volume/inventory.ts'
import { removeDatabase } from './staging.ts'

export interface Tree extends AsyncDisposable {
  /** Resolves when the trees show everything that was committed before. */
  caughtUp(): Promise<void>
}

const afterCommitMs = 300
const lookEveryMs = 5000

/** Starts to follow, on a thread of its own; the first time it builds the trees of what is there. */
export function startTree(core: Core): Tree {
  const log = core.log.child({ subsystem: 'tree' })
  const worker = new Worker(new URL('./tree-thread.ts', import.meta.url), {
    workerData: { directory: core.volume.directory },
  })
  worker.unref()
  let waiting: { promise: Promise<void>; resolve: () => void }[] = []
  let timer: NodeJS.Timeout | undefined

  worker.on('message', ({ error }: { error?: string }) => {
    if (error !== undefined)
      log.warn({ detail: error }, 'the readable tree could not be brought up to date; trying again')
    waiting.shift()?.resolve()
    if (waiting.length === 0) worker.unref()
  })
  let isOver = false
  const over = () => {
    isOver = true
    for (const one of waiting.splice(0)) one.resolve()
  }
  worker.on('error', (error) => {
    log.error({ err: error }, 'the readable tree is not followed any more; the next start goes on')
    over()
  })
  worker.on('exit', over)

  function ask(what: 'look' | 'close'): Promise<void> {
    if (isOver) return Promise.resolve()
    const one = Promise.withResolvers<void>()
    waiting.push(one)
    worker.ref()
    worker.postMessage(what)
    return one.promise
  }

  const soon = () => {
    if (timer !== undefined || waiting.length > 1) return
    timer = setTimeout(() => {
      timer = undefined
      void ask('look')
    }, afterCommitMs)
    timer.unref()
  }
  const deaf = core.news.listen(soon)
  const poll = setInterval(soon, lookEveryMs)
  poll.unref()
  void ask('look')
  return {
    caughtUp: () => ask('look'),
    async [Symbol.asyncDispose]() {
      deaf()
      clearInterval(poll)
      clearTimeout(timer)
      await ask('close')
      waiting = []
      await worker.terminate()
    },
  }
}

/** Takes the trees away where they were switched off: the links alone, never what they lead to. */
export async function removeTrees(core: Core): Promise<void> {
  const memory = join(dirname(core.volume.indexPath), 'tree.db')
  if (!existsSync(memory)) return
  for (const id of await listVaults(core.volume.layout))
    await rm(core.volume.layout.vaultTree(id), { recursive: true, force: true })
  removeDatabase(memory)
}
