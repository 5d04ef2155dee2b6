import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What a program that logs `fields` with the child of a subsystem leaves on standard error. */
async function logged(level: string, fields: string): Promise<string> {
  const program = `
    import { createLog } from ${JSON.stringify(join(import.meta.dirname, 'log.ts'))}
    createLog('${level}').child({ subsystem: 'http' }).info(${fields}, 'said')`
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', program])
  assert.equal(stdout, '')
  return stderr
}

test('a line is JSON with its time and subsystem; below the level there is none', async () => {
  const { level, time, subsystem, msg, size } = JSON.parse(await logged('info', '{ size: 3 }'))
  assert.deepEqual({ level, subsystem, msg, size }, { level: 30, subsystem: 'http', msg: 'said', size: 3 })
  assert.ok(!Number.isNaN(Date.parse(time)))
  assert.equal(await logged('warn', '{}'), '')
})

test('secrets are hidden, also in what an error carries along', async () => {
  const line = await logged(
    'info',
    `{
      password: 'open sesame',
      request: { cookie: 'open sesame', headers: { authorization: 'open sesame' } },
      err: Object.assign(new Error('failed'), { token: 'open sesame', config: { headers: { authorization: 'open sesame' } } }),
    }`,
  )
  assert.doesNotMatch(line, /open sesame/)
  assert.equal(line.match(/\(hidden\)/g)?.length, 5)
})
