/** What permission, the access log and the guest page cost: a million files in a thousand vaults, ten million lines. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'kysely'
import { chromium } from 'playwright-core'
import { client } from '../../src/api/client.ts'
import { createFolder } from '../../src/api/folders.ts'
import { createShare } from '../../src/api/shares.ts'
import { loadConfig } from '../../src/config.ts'
import { newId } from '../../src/index/ids.ts'
import { createLog } from '../../src/log.ts'
import { type Actor, requireVault } from '../../src/vault/access.ts'
import { type Core, openCore } from '../../src/vault/core.ts'
import { listEvents, writeEvent } from '../../src/vault/events.ts'
import { findFiles } from '../../src/vault/find.ts'
import { listFiles } from '../../src/vault/listing.ts'
import { personOfToken } from '../../src/vault/tokens.ts'
import { insertVault } from '../../src/vault/vaults.ts'
import { fill } from './fill.ts'
import { type Bench, type Case, median, percentile, shown } from './harness.ts'
import { type Ours, startOurs } from './programs.ts'
import { call } from './traffic.ts'

export const bench: Bench = {
  async open({ quick }) {
    const size = quick
      ? { files: 20_000, vaults: 100, lines: 100_000 }
      : { files: Number(process.env.FILES ?? 1_000_000), vaults: 1000, lines: Number(process.env.LINES ?? 10_000_000) }
    await using stack = new AsyncDisposableStack()
    const folder = await mkdtemp(join(tmpdir(), 'filevault-bench-'))
    stack.defer(() => rm(folder, { recursive: true, force: true }))
    const volume = join(folder, 'volume')
    const first = await startOurs(volume)
    const { token } = first
    await first[Symbol.asyncDispose]()
    process.stderr.write(`filling ${size.files} rows …\n`)
    await fill(volume, { searched: size.files, listed: 0 })

    const core = stack.use(
      await openCore({
        // Each page is read from the index: beside one that is kept in memory everything looks large.
        config: loadConfig({ env: { FILEVAULT_VOLUME: volume, FILEVAULT_SERVER_LIST_CACHE: '0' }, cwd: volume }),
        log: createLog('warn'),
      }),
    )
    const actor = personOfToken(core, token)
    if (!actor) throw new Error('The token is not good.')
    process.stderr.write(`making ${size.vaults} vaults and ${size.lines} lines of the log …\n`)
    await manyVaults(core, actor, size.vaults)
    await manyLines(core, size.lines)
    await core.search.warm()
    const page = stack.use(await openGuestPage(join(folder, 'page')))
    const opened = stack.move()
    return {
      cases: [...permission(core, actor), lineCase(core, actor), ...logCases(core, actor), page.firstPaint],
      facts: [`${shown(size.files)} files, ${shown(size.vaults)} vaults, ${shown(size.lines)} lines of the access log`],
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    }
  },
}

function permission(core: Core, actor: Actor): Case[] {
  const vaultId = actor.vaultId ?? ''
  const took: number[] = []
  const share = async (work: () => Promise<unknown>): Promise<number> => {
    const [check, whole]: [number[], number[]] = [[], []]
    for (let i = 0; i < 100; i++) {
      let began = performance.now()
      requireVault(core, actor, vaultId, 'viewer')
      check.push(performance.now() - began)
      began = performance.now()
      await work()
      whole.push(performance.now() - began)
    }
    took.push(median(check))
    return (100 * median(check)) / median(whole)
  }
  const cases: [string, () => Promise<unknown>][] = [
    ['listing 500 files from the index', () => listFiles(core, actor, vaultId, { limit: 500 })],
    ['searching', () => findFiles(core, actor, vaultId, { q: 'test', limit: 100 })],
  ]
  return cases.map(([name, work]) => ({
    name: `permission, of ${name}`,
    unit: '%',
    goal: { atMost: 5 },
    notes: () => [`the check takes ${(1000 * median(took)).toFixed(0)} µs`],
    contestants: [{ name: 'share of the time', run: () => share(work) }],
  }))
}

/** What a line adds to a transaction. */
function lineCase(core: Core, actor: Actor): Case {
  const lines = 2000
  return {
    name: 'a line of the log, in a transaction of 50',
    unit: 'ms',
    goal: { atMost: 0.1 },
    contestants: [
      {
        name: 'File Vault',
        async run() {
          const began = performance.now()
          for (let i = 0; i < lines; i += 50)
            await core.index.write((tx) => {
              for (let j = 0; j < 50; j++)
                writeEvent(tx, core.now(), actor, { act: 'download', vaultNo: 1, subjectId: `x${i}`, name: 'a.pdf' })
            })
          return (performance.now() - began) / lines
        },
      },
    ],
  }
}

function logCases(core: Core, actor: Actor): Case[] {
  const some = core.index.read.all(sql<{ id: string; no: number }>`SELECT id, no FROM vault ORDER BY no LIMIT 50`)
  const [vault] = some
  const queries: Record<string, Parameters<typeof listEvents>[2][]> = {
    'the newest': [{}],
    'one act': [{ act: 'download' }, { act: 'settings' }, { act: 'sign-in-failed' }],
    'one person': [{ userId: actor.id }],
    'one vault': some.map(({ id }) => ({ vaultId: id })),
    'one act in one vault': some.map(({ id }) => ({ vaultId: id, act: 'settings' as const })),
    'a rare act of one person': [{ userId: actor.id, act: 'settings' }],
    'a week of a year ago': [{ since: '2025-12-01', until: '2025-12-08' }],
    'one act in a week of a year ago': [{ since: '2025-12-01', until: '2025-12-08', act: 'settings' }],
    'one vault in a week of a year ago': [{ since: '2025-12-01', until: '2025-12-08', vaultId: vault?.id ?? '' }],
  }
  return Object.entries(queries).map(([name, wanted]) => ({
    name: `the log: ${name}, p95`,
    unit: 'ms',
    goal: { atMost: 50 },
    contestants: [
      {
        name: 'File Vault',
        async run() {
          const took: number[] = []
          for (let i = 0; i < 30; i++) {
            const began = performance.now()
            await listEvents(core, actor, { ...wanted[i % wanted.length], limit: 100 })
            took.push(performance.now() - began)
          }
          return percentile(took, 95)
        },
      },
    ],
  }))
}

async function manyVaults(core: Core, actor: Actor, count: number): Promise<void> {
  await core.index.write((tx) => {
    for (let i = 0; i < count; i++)
      insertVault(core, tx, {
        id: newId(core.now()),
        kind: 'team',
        ownerNo: actor.no,
        name: `Vault ${i}`,
        quotaBytes: 1e9,
      })
  })
}

/** Two years of acts: a tenth of one person, most of them looks and downloads, settings one in 100,000. */
async function manyLines(core: Core, count: number): Promise<void> {
  const indexes = core.index.read.all(
    sql<{
      name: string
      sql: string
    }>`SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'event' AND sql IS NOT NULL`,
  )
  await core.index.write((tx) => {
    for (const { name } of indexes) tx.run(sql`DROP INDEX ${sql.ref(name)}`)
  })
  const from = core.now() - 2 * 365 * 86_400_000
  const atOnce = 500_000
  for (let i = 0; i < count; i += atOnce)
    await core.index.write((tx) =>
      tx.run(
        sql`INSERT INTO event (at, act, user_no, who, vault_no, subject_id, name, address, bytes)
          WITH RECURSIVE n(i) AS (SELECT ${i} UNION ALL SELECT i + 1 FROM n WHERE i + 1 < ${Math.min(count, i + atOnce)})
          SELECT ${from} + i * ${Math.floor((2 * 365 * 86_400_000) / count)},
            CASE WHEN i % 100000 = 7 THEN 'settings' WHEN i % 1000 = 3 THEN 'sign-in-failed'
              WHEN i % 3 = 0 THEN 'view' WHEN i % 3 = 1 THEN 'download' ELSE 'upload' END,
            CASE WHEN i % 10 = 0 THEN 1 ELSE NULL END, 'person' || (i % 100) || '@example.org', 1 + i % 900,
            'file' || (i % 200000), 'Report ' || i || '.pdf', '192.0.2.' || (i % 250), i % 1000000 FROM n`,
      ),
    )
  await core.index.write((tx) => {
    for (const { sql: made } of indexes) tx.run(sql.raw(made))
  })
}

/** A server with a shared folder of fifty pictures, and a browser that has never been there. */
async function openGuestPage(volume: string): Promise<AsyncDisposable & { firstPaint: Case }> {
  await using stack = new AsyncDisposableStack()
  const ours = stack.use(await startOurs(volume))
  const url = await sharedFolder(ours)
  const chrome = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] })
  stack.defer(() => chrome.close())
  const shown: number[] = []
  const seen = async (): Promise<number> => {
    const context = await chrome.newContext()
    const page = await context.newPage()
    await page.goto(url)
    await page.getByRole('button', { name: /00\.txt/ }).waitFor()
    const ms = await page.evaluate(
      () => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? Number.NaN,
    )
    shown.push(await page.evaluate(() => performance.now()))
    await context.close()
    return ms
  }
  const opened = stack.move()
  return {
    firstPaint: {
      name: 'the page of a shared folder, first contentful paint',
      unit: 'ms',
      goal: { atMost: 200 },
      notes: () => [`the files were there after ${median(shown).toFixed(0)} ms, scripts and all`],
      contestants: [
        {
          name: 'File Vault',
          async run() {
            const took: number[] = []
            for (let i = 0; i < 7; i++) took.push(await seen())
            return median(took)
          },
        },
      ],
    },
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}

async function sharedFolder({ url, token }: Ours): Promise<string> {
  const api = client({ origin: url, token })
  const { vaultId } = JSON.parse(
    (await call(`${url}/api/auth/me`, { method: 'GET', headers: { authorization: `Bearer ${token}` } })).body,
  ) as { vaultId: string }
  const { id } = await api.call(createFolder, { params: { vaultId }, body: { name: 'Shared' } })
  for (let i = 0; i < 50; i += 10) {
    const form = new FormData()
    form.append('folderId', id)
    for (let j = i; j < i + 10; j++) form.append('files', new Blob([`text ${j}`]), `${String(j).padStart(2, '0')}.txt`)
    await fetch(`${url}/api/files/upload`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      body: form,
    })
  }
  return (await api.call(createShare, { body: { folderId: id } })).url
}
