import assert from 'node:assert/strict'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { allowedImports, offences } from './check.ts'

const map =
  '## Who may import whom\n\n| room | may import |\n| --- | --- |\n| `api` | |\n| `vault` | index, api |\n| `index` | |\n| `http` | vault, api |\n'

async function found(files: Record<string, string>): Promise<string[]> {
  const root = await mkdtemp(join(tmpdir(), 'filevault-check-'))
  try {
    for (const [path, text] of Object.entries({ 'src/README.md': map, ...files })) {
      await mkdir(dirname(join(root, path)), { recursive: true })
      await writeFile(join(root, path), text)
    }
    return offences(root)
  } finally {
    await rm(root, { recursive: true })
  }
}

test('an import that the table does not allow is named, whichever way it is written', async () => {
  for (const statement of [
    "import { q } from '../index/query.ts'",
    "import type { Q } from '../index/query.ts'",
    "export { q } from '../index/query.ts'",
    "await import('../index/query.ts')",
    "import '../index/query.ts'",
    'import { q } from "../index/query.ts"',
  ]) {
    const [offence, ...more] = await found({ 'src/http/a.ts': statement, 'src/index/query.ts': '' })
    assert.match(offence ?? '', /src\/http\/a\.ts imports src\/index\/query\.ts/, statement)
    assert.deepEqual(more, [])
  }
  assert.equal(
    (await found({ 'src/api/a.ts': "import { Problem } from '../problem.ts'", 'src/problem.ts': '' })).length,
    1,
  )
  assert.equal(
    (await found({ 'src/new/a.ts': "import { q } from '../index/query.ts'", 'src/index/query.ts': '' })).length,
    1,
  )
})

test('what every room may import imports nothing but its like', async () => {
  const [offence, ...more] = await found({
    'src/sizes.ts': "import { core } from './vault/core.ts'\nimport { Problem } from './problem.ts'",
    'src/main.ts': "import { core } from './vault/core.ts'",
  })
  assert.match(offence ?? '', /src\/sizes\.ts imports src\/vault\/core\.ts/)
  assert.deepEqual(more, [])
})

test('what the table allows passes, and tests may import everything', async () => {
  assert.deepEqual(
    await found({
      'src/vault/a.ts': "import { q } from '../index/query.ts'\nimport { Problem } from '../problem.ts'",
      'src/vault/a.test.ts': "import { startTest } from '../testing/start.ts'\nimport { one } from './samples.ts'",
      'src/http/b.test.ts': "import Database from 'better-sqlite3'",
      'src/testing/start.ts': "import { serve } from '../http/serve.ts'",
    }),
    [],
  )
})

test('environment, SQL in transports, barrels and long files are named', async () => {
  const list = await found({
    'src/vault/a.ts': 'process.env.HOME',
    'src/http/b.ts': "import { sql } from 'kysely'",
    'src/vault/index.ts': '',
    'src/vault/long.ts': '\n'.repeat(500),
    'src/vault/c.ts': "import { startTest } from '../testing/start.ts'",
    'src/vault/d.ts': "import { one } from './samples.ts'",
  })
  for (const part of [
    /a\.ts reads process\.env/,
    /b\.ts: SQL/,
    /barrel/,
    /long\.ts has 501 lines/,
    /c\.ts imports src\/testing\/start\.ts, which is for tests/,
    /d\.ts imports src\/vault\/samples\.ts, which is for tests/,
  ])
    assert.ok(
      list.some((one) => part.test(one)),
      String(part),
    )
})

test('the table of this project has every room that there is', () => {
  const rooms = allowedImports(join(import.meta.dirname, '..'))
  for (const room of ['api', 'index', 'volume', 'search', 'media', 'vault', 'jobs', 'http', 'cli', 'ui'])
    assert.ok(rooms.has(room), room)
})
