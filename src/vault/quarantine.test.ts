import assert from 'node:assert/strict'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sweep } from '../jobs/sweep.ts'
import { startTest } from '../testing/start.ts'

test('what was set aside stays for thirty days, and then goes', async () => {
  await using t = await startTest({ empty: true })
  const path = join(t.core.volume.layout.quarantine, 'damaged')
  writeFileSync(path, 'bytes')
  const { signal } = new AbortController()
  t.clock.advance(29 * 86_400_000)
  await sweep(t.core, signal)
  assert.ok(existsSync(path))
  t.clock.advance(2 * 86_400_000)
  await sweep(t.core, signal)
  assert.ok(!existsSync(path))
})
