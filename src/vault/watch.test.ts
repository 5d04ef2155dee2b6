/** A volume that goes away under a running server, and one that comes in its place. */
import assert from 'node:assert/strict'
import { mkdir, readdir, rename, rm, rmdir, writeFile } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { changeFile, getFile } from '../api/files.ts'
import { refused } from '../testing/refused.ts'
import { startTest } from '../testing/start.ts'
import { listFiles } from '../volume/testing.ts'

test('while the volume is gone, or another is there, nothing is written anywhere; when it is back all goes on', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('a.txt', 'a')
  await t.recorded()
  const aside = `${t.directory}-aside`
  await rename(t.directory, aside)
  try {
    for (const other of [false, true]) {
      await mkdir(t.directory)
      if (other) await writeFile(`${t.directory}/.filevault-volume`, '{"volume":"another","format":1}\n')
      const began = performance.now()
      while ((await health(t.url)).status !== 503 || !(await isRefused())) {
        assert.ok(performance.now() - began < 5000, 'It has to be noticed within five seconds.')
        await sleep(100)
      }
      await assert.rejects(t.alice.put('b.txt', 'b'), refused(503, 'storage-unavailable'))
      await assert.rejects(
        t.alice.call(changeFile, { params: { id }, body: { name: 'c.txt' } }),
        refused(503, 'storage-unavailable'),
      )
      assert.deepEqual(await listFiles(t.directory), [], 'Nothing appears in the place of the volume.')
      assert.equal((await readdir(t.directory)).length, Number(other))
      if (other) await rm(`${t.directory}/.filevault-volume`)
      await rmdir(t.directory)
    }
  } finally {
    await rename(aside, t.directory)
  }
  const began = performance.now()
  while (await isRefused()) {
    assert.ok(performance.now() - began < 5000)
    await sleep(100)
  }
  assert.equal((await health(t.url)).status, 200)
  assert.match((await t.alice.call(getFile, { params: { id } })).name, /^try /)
  await t.alice.put('after.txt', 'after')

  async function isRefused(): Promise<boolean> {
    const change = t.alice.call(changeFile, { params: { id }, body: { name: `try ${performance.now()}` } })
    return change.then(
      () => false,
      () => true,
    )
  }
})

function health(url: string): Promise<Response> {
  return fetch(`${url}/health`)
}
