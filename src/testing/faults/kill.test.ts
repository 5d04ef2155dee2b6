/**
 * kill -9 at random moments of a mixed load, and system calls that fail while the server commits. In `npm test` a few of
 * each; `npm run test:faults` does all. FILEVAULT_TEST_SEED repeats a run.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { getMe } from '../../api/auth.ts'
import { changeSettings } from '../../api/settings.ts'
import { chance } from '../chance.ts'
import { openLoad } from './load.ts'
import { type Mortal, makeMortal } from './server.ts'

const isFull = process.env.FILEVAULT_FAULTS === 'full'
const seed = Number(process.env.FILEVAULT_TEST_SEED ?? Math.floor(Math.random() * 1e6))

async function vaultOf(server: Mortal): Promise<string> {
  await server.client.call(changeSettings, { body: { chunkBytes: 65_536 } })
  return (await server.client.call(getMe, {})).vaultId ?? ''
}

/** Everything that was acknowledged is there, and the audit of the whole volume finds nothing. */
async function sound(server: Mortal, load: ReturnType<typeof openLoad>): Promise<void> {
  await load.compare(server.client)
  const { status, out, err } = server.run('verify', '--json')
  assert.equal(status, 0, `${out}${err}`)
}

const kills = isFull ? 500 : 6

test(`${kills} times kill -9 in the middle of work (seed ${seed})`, {
  timeout: isFull ? 7_200_000 : 240_000,
}, async (c) => {
  await using server = await makeMortal(process.env.PATH)
  const random = chance(seed)
  const load = openLoad(random, 8)
  await server.start()
  const vaultId = await vaultOf(server)
  let steps = 0
  for (let n = 0; n < kills; n++) {
    const working = load.run(server.client, vaultId)
    await sleep(50 + random() * 900)
    await server.kill()
    steps += await working
    await server.start()
    await sound(server, load)
  }
  c.diagnostic(`${steps} changes were acknowledged`)
})

const canTrace = spawnSync('strace', ['-e', 'trace=none', 'true']).status === 0
const whyNot = canTrace ? false : 'strace cannot be used here (apt-get install strace, as root)'
const faults = [
  'fsync:error=EIO',
  'fdatasync:error=EIO',
  'link:error=EIO',
  'pwrite64:error=ENOSPC',
  'pwrite64:error=EIO',
  'fsync:signal=KILL',
  'link:signal=KILL',
]
// Each number is a moment: the so manieth call of that kind fails, once in each thread.
const moments = isFull ? Array.from({ length: 60 }, (_, i) => i + 1) : [3]

for (const [i, fault] of faults.entries()) {
  const options = { skip: whyNot, timeout: isFull ? 3_600_000 : 240_000 }
  test(`${fault} at ${moments.length} of its moments in a mixed load (seed ${seed})`, options, async (c) => {
    await using server = await makeMortal(process.env.PATH)
    const trace = `${server.directory}.trace`
    await using _ = { [Symbol.asyncDispose]: () => rm(trace, { force: true }) }
    const load = openLoad(chance(seed + i), 4)
    await server.start()
    const vaultId = await vaultOf(server)
    await server.kill()
    const [call = '', how = ''] = fault.split(/:(.*)/)
    let hits = 0
    for (const moment of moments) {
      const inject = `inject=${call}:${how}:when=${moment}`
      // What fails while it starts may keep it from starting; the next start goes through.
      const isUp = await server.start(['strace', '-f', '-qq', '-o', trace, '-e', `trace=${call}`, '-e', inject]).then(
        () => true,
        () => false,
      )
      if (isUp) await Promise.race([load.run(server.client, vaultId), sleep(1500)])
      await server.kill()
      hits += readFileSync(trace, 'utf8').match(/INJECTED|killed by SIGKILL/g)?.length ?? 0
      await sleep(50) // for what was on its way to hear that the server is gone
      await server.start()
      await sound(server, load)
      await server.kill()
    }
    c.diagnostic(`${hits} calls were made to fail`)
    assert.ok(hits > 0, 'No call was made to fail: this test says nothing.')
  })
}
