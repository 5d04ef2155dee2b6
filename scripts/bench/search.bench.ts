/** Search at a million files: the engine in memory beside FTS5 in the same program, over HTTP. */
import { cpSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fill } from './fill.ts'
import { type Bench, type Case, percentile, shown } from './harness.ts'
import { memoryOf, type Ours, rests, startOurs } from './programs.ts'
import { searchCases, searchClasses } from './searches.ts'
import { call } from './traffic.ts'

export const bench: Bench = {
  async open({ quick }) {
    const count = quick ? 20_000 : Number(process.env.FILES ?? 1_000_000)
    await using stack = new AsyncDisposableStack()
    const folder = await mkdtemp(join(tmpdir(), 'filevault-bench-'))
    stack.defer(() => rm(folder, { recursive: true, force: true }))
    const [volume, copy] = [join(folder, 'memory'), join(folder, 'fts')]
    await (await startOurs(volume))[Symbol.asyncDispose]()
    process.stderr.write(`filling ${count} rows …\n`)
    await fill(volume, { searched: count, listed: 0 })
    cpSync(volume, copy, { recursive: true })
    const ours = stack.use(await startOurs(volume))
    const vaultId = (JSON.parse((await get(ours, '/api/auth/me')).body) as { vaultId: string }).vaultId
    const readyMs = await ready(ours, vaultId)
    await rests(ours.pid)
    const rss = memoryOf(ours.pid)
    const fts = stack.use(await startOurs(copy, { FILEVAULT_SEARCH_ENGINE: 'fts' }))
    const opened = stack.move()
    return {
      cases: [
        ...searchCases({
          ours: { name: 'memory', ...ours },
          peers: [{ name: 'FTS5', ...fts, share: 0.25 }],
          vaultId,
          count,
          mostMs: 50,
        }),
        mixed(ours, vaultId, count),
      ],
      facts: [
        `${shown(count)} files; arrays made from the index ${shown(readyMs / 1000)} s after the start`,
        `memory of the server then: ${shown(rss)} MB`,
      ],
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    }
  },
}

function get({ url, token }: Ours, path: string) {
  return call(url + path, { method: 'GET', headers: { authorization: `Bearer ${token}` } })
}

/** Waits until memory answers; milliseconds since it was first asked. */
async function ready(ours: Ours, vaultId: string): Promise<number> {
  const began = performance.now()
  for (;;) {
    const { body } = await get(ours, `/api/vaults/${vaultId}/search?q=zz&limit=1`)
    if ((JSON.parse(body) as { engine: string }).engine === 'memory') return performance.now() - began
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

/** Four people search at once, while a fifth asks for the server's health. */
function mixed(ours: Ours, vaultId: string, count: number): Case {
  const queries = searchClasses(count).flatMap(([, some]) => some)
  const health: number[] = []
  return {
    name: 'four clients, all classes mixed, p95',
    unit: 'ms',
    goal: { atMost: 75 },
    contestants: [
      {
        name: 'memory',
        run: async () => {
          const took: number[] = []
          let isOver = false
          const client = async (first: number) => {
            for (let i = first; i < queries.length; i += 4) {
              const began = performance.now()
              await get(ours, `/api/vaults/${vaultId}/search?${queries[i]}&limit=100`)
              took.push(performance.now() - began)
            }
          }
          const watcher = (async () => {
            while (!isOver) {
              const began = performance.now()
              await get(ours, '/health')
              health.push(performance.now() - began)
              await new Promise((resolve) => setTimeout(resolve, 20))
            }
          })()
          await Promise.all([0, 1, 2, 3].map(client))
          isOver = true
          await watcher
          return percentile(took, 0.95)
        },
      },
    ],
    notes: () => [
      `/health meanwhile: p50 ${shown(percentile(health, 0.5))}, p95 ${shown(percentile(health, 0.95))} ms`,
    ],
  }
}
