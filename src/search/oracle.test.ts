/** The engine in memory against SQL: after any history both find the same, in the same order, with the same counts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { q } from '../index/query.ts'
import { startTest, type Test } from '../testing/start.ts'
import { openFts } from './fts.ts'
import type { EngineQuery } from './search.ts'
import { openWorld } from './testing.ts'

async function compare(t: Test, query: EngineQuery): Promise<void> {
  const [memory, sql] = await Promise.all([t.core.search.find(query), openFts(t.core.index).find(query)])
  assert.equal(memory.engine, 'memory')
  const { engine: _, ...mine } = memory
  const { engine: __, ...theirs } = sql
  assert.deepEqual(mine, structuredClone(theirs), JSON.stringify(query))
}

const seed = Number(process.env.FILEVAULT_TEST_SEED ?? 1)
const steps = Number(process.env.FILEVAULT_TEST_STEPS ?? 600)

test(`after ${steps} random changes (seed ${seed}) memory finds what SQL finds`, async (c) => {
  await using t = await startTest()
  const { step, query } = openWorld(t, seed)
  let compared = 0
  for (let i = 1; i <= steps; i++) {
    await step()
    if (i % 3 > 0) continue
    await compare(t, query())
    compared++
  }
  const files = t.core.index.read.get(q.selectFrom('vault').select('file_count').where('id', '=', t.alice.vaultId))
  c.diagnostic(`${compared} queries, ${files?.file_count} files at the end`)
  assert.ok(compared >= steps / 4)
})
