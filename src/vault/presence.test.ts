/** A volume that has lost bytes is only read, until they are back. */
import assert from 'node:assert/strict'
import { cp, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { listMyFiles } from '../api/files.ts'
import { health } from '../api/system.ts'
import { q } from '../index/query.ts'
import { openPerson } from '../testing/person.ts'
import { refused } from '../testing/refused.ts'
import { startTest } from '../testing/start.ts'

test('with many bytes missing nothing is written or cleaned up; with the bytes back all is as before', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'filevault-presence-'))
  const copy = `${directory}-copy`
  try {
    let vault = ''
    {
      await using t = await startTest({ directory })
      for (let i = 0; i < 30; i++) await t.alice.put(`${i}.txt`, `content ${i}`)
      await t.idle()
      vault = join(directory, 'vaults', t.alice.vaultId, 'objects')
    }
    await cp(directory, copy, { recursive: true })
    const objects = (await readdir(vault, { withFileTypes: true, recursive: true })).filter((one) => one.isFile())
    for (const { parentPath, name } of objects.slice(0, 5)) await rm(join(parentPath, name))
    {
      await using t = await startTest({ directory, empty: true })
      const answer = await fetch(`${t.url}/health`)
      assert.equal(answer.status, 503)
      const said = (await answer.json()) as { storage: string; notes: string[] }
      assert.equal(said.storage, 'failed')
      assert.match(said.notes.join(), /have no bytes/)
      const row = t.core.index.read.get(q.selectFrom('user').select('email').where('name', '=', 'alice'))
      await assert.rejects(
        openPerson(t.core, t.url, { email: row?.email ?? '', name: 'alice', admin: false } as never),
        /have no bytes/,
      )
    }
    {
      await using t = await startTest({ directory, empty: true, env: { FILEVAULT_VOLUME_ACCEPT_MISSING: 'true' } })
      assert.equal(((await (await fetch(`${t.url}/health`)).json()) as { storage: string }).storage, 'ok')
    }
    await rm(directory, { recursive: true })
    await cp(copy, directory, { recursive: true })
    {
      await using t = await startTest({ directory, empty: true })
      assert.equal((await t.visitor.call(health, {})).status, 'ok')
      await assert.rejects(t.visitor.call(listMyFiles, {}), refused(401))
    }
  } finally {
    await rm(directory, { recursive: true, force: true })
    await rm(copy, { recursive: true, force: true })
  }
})
