import assert from 'node:assert/strict'
import { readFile, rename } from 'node:fs/promises'
import { get, request } from 'node:http'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { listFiles, removeFile } from '../api/files.ts'
import { listJobs, retryJob } from '../api/jobs.ts'
import { getOverview } from '../api/overview.ts'
import { search } from '../api/search.ts'
import { createToken } from '../api/tokens.ts'
import { createUpload } from '../api/uploads.ts'
import { q } from '../index/query.ts'
import { startTest, type Test } from '../testing/start.ts'
import { noteBackup } from '../vault/backup-state.ts'

const readingMs = 5000
const behindProxy = { 'x-forwarded-for': '203.0.113.7' }

/** The status of GET /metrics, asked with these headers. `fetch` does not let a caller choose the host. */
function statusOf(t: Test, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    get(`${t.url}/metrics`, { headers }, (answer) => {
      answer.resume()
      resolve(answer.statusCode ?? 0)
    }).on('error', reject)
  })
}

/** Every sample by its name with labels, read anew. */
async function samples(t: Test): Promise<Map<string, number>> {
  t.clock.advance(readingMs)
  const text = await (await fetch(`${t.url}/metrics`)).text()
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  )
}

test('strangers read nothing: not through a proxy, not under another name, not without the scope', async () => {
  await using t = await startTest()
  for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'])
    assert.equal(await statusOf(t, { [header]: '203.0.113.7' }), 401, header)
  assert.equal(await statusOf(t, { host: 'files.example.org' }), 401)
  assert.equal(await statusOf(t, { host: '127.0.0.1.example.org' }), 401)
  assert.equal(await statusOf(t, { authorization: 'Bearer made-up' }), 401)
  assert.equal(await statusOf(t, { ...behindProxy, authorization: `Bearer ${t.alice.token}` }), 403)
  const reader = await t.admin.call(createToken, { body: { name: 'reader', scopes: ['read'] } })
  assert.equal(await statusOf(t, { ...behindProxy, authorization: `Bearer ${reader.token}` }), 403)
  const refused = await (await fetch(`${t.url}/metrics`, { headers: behindProxy })).text()
  assert.doesNotMatch(refused, /filevault_/)
})

test('administrators with the scope read it from anywhere, and this machine without one', async () => {
  await using t = await startTest()
  const watcher = await t.admin.call(createToken, { body: { name: 'prometheus', scopes: ['admin'] } })
  assert.equal(await statusOf(t, { ...behindProxy, authorization: `Bearer ${watcher.token}` }), 200)
  const answer = await fetch(`${t.url}/metrics`)
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('content-type'), 'text/plain; version=0.0.4; charset=utf-8')
  assert.match(await answer.text(), /^filevault_build_info\{version="0\.0\.0-test"\} 1$/m)
  const head = await fetch(`${t.url}/metrics`, { method: 'HEAD' })
  assert.equal(head.status, 200)
  assert.equal(await head.text(), '')
})

test('with a public address this machine is not enough any more, but an address that is named is', async () => {
  const env = { FILEVAULT_SERVER_PUBLIC_URL: 'https://files.example.org' }
  {
    await using t = await startTest({ env, empty: true })
    assert.equal(await statusOf(t, {}), 401)
  }
  await using t = await startTest({ env: { ...env, FILEVAULT_METRICS_READABLE_FROM: '127.0.0.0/8' }, empty: true })
  assert.equal(await statusOf(t, {}), 200)
  assert.equal(await statusOf(t, { host: 'files.example.org' }), 200)
  assert.equal(await statusOf(t, behindProxy), 401)
})

test('uploads, downloads, searches and the disk are counted', async () => {
  await using t = await startTest()
  const file = await t.alice.put('plan.txt', 'twelve bytes')
  await assert.rejects(t.alice.put('plan.txt', 'again'), { code: 'conflict' })
  await (await t.alice.get(file.id)).text()
  await t.alice.call(search, { params: { vaultId: t.alice.vaultId }, query: { q: 'plan' } })
  await t.alice.call(createUpload, { params: { vaultId: t.alice.vaultId }, body: { path: 'later', size: 3 } })
  const now = await samples(t)
  const is = (name: string) => now.get(`filevault_${name}`)
  assert.equal(is('uploads_total{outcome="stored"}'), 1)
  assert.equal(is('uploads_total{outcome="refused"}'), 1)
  assert.equal(is('uploads_total{outcome="failed"}'), 0)
  assert.equal(is('upload_bytes_total'), 12)
  assert.equal(is('downloads_total{by="member"}'), 1)
  assert.equal(is('download_bytes_total{by="member"}'), 12)
  assert.equal(is('storage_write_seconds_count'), 2) // of what was refused too: the bytes come first
  const searches = (is('search_seconds_count{engine="memory"}') ?? 0) + (is('search_seconds_count{engine="fts"}') ?? 0)
  assert.equal(searches, 1)
  assert.equal(is('files'), 1)
  assert.equal(is('uploads_open'), 1)
  assert.equal(is('vaults'), 3)
  assert.equal(is('vaults_nearly_full'), 0)
  assert.equal(is('readings_ok'), 1)
  assert.equal(is('storage_ok'), 1)
  assert.ok((is('cache_requests_total{cache="callers",result="hit"}') ?? -1) >= 0)
  assert.ok((is('volume_free_bytes') ?? 0) > 0)
  assert.equal(now.has('filevault_last_backup_timestamp_seconds'), false)
  await noteBackup(t.core, { lastGoodAt: 5_000 })
  assert.equal((await samples(t)).get('filevault_last_backup_timestamp_seconds'), 5)
})

test('a disk that fails is counted as the fault of the server it belongs to', async () => {
  await using t = await startTest()
  await using sound = await startTest()
  const objects = dirname(dirname(t.core.volume.objectPath(t.alice.vaultId, '00'.repeat(16))))
  await rename(objects, `${objects}-gone`)
  await assert.rejects(t.alice.put('a.txt', 'a'), { code: 'storage-unavailable' })
  await rename(`${objects}-gone`, objects)
  await t.alice.put('a.txt', 'a')
  const [here, there] = [await samples(t), await samples(sound)]
  assert.equal(here.get('filevault_uploads_total{outcome="failed"}'), 1)
  assert.equal(here.get('filevault_uploads_total{outcome="stored"}'), 1)
  assert.equal(there.get('filevault_uploads_total{outcome="failed"}'), 0)
  assert.equal(there.get('filevault_uploads_total{outcome="stored"}'), 0)
})

test("a client that goes away in the middle is nobody's failure", async () => {
  await using t = await startTest()
  const { vaultId, token } = t.alice
  const head = `--x\r\ncontent-disposition: form-data; name="vaultId"\r\n\r\n${vaultId}\r\n--x\r\ncontent-disposition: form-data; name="files"; filename="a.bin"\r\n\r\n`
  const headers = {
    authorization: `Bearer ${token}`,
    'content-type': 'multipart/form-data; boundary=x',
    'content-length': '100000',
  }
  const sending = request(`${t.url}/api/files/upload`, { method: 'POST', headers })
  sending.on('error', () => {})
  sending.write(head + 'half'.repeat(1000))
  await setTimeout(200)
  sending.destroy()
  const counted = async () => (await samples(t)).get('filevault_uploads_total{outcome="interrupted"}')
  for (let tries = 0; (await counted()) !== 1 && tries < 50; tries++) await setTimeout(20)
  assert.equal(await counted(), 1)
  assert.equal((await samples(t)).get('filevault_uploads_total{outcome="failed"}'), 0)
})

test('requests are counted by declared endpoint; no id, name or made-up path becomes a label', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('secret-name.txt', 'x')
  await t.alice.call(removeFile, { params: { id } })
  await fetch(`${t.url}/api/files/made-up-id`)
  await fetch(`${t.url}/api/made-up-path/x`)
  await fetch(`${t.url}/made-up-page`)
  await fetch(`${t.url}/health`, { method: 'HEAD' })
  for (const n of [1, 2]) await t.alice.call(listFiles, { params: { vaultId: t.alice.vaultId }, query: { limit: n } })
  const now = await samples(t)
  const count = (route: string, method: string, status: string) =>
    now.get(`filevault_http_requests_total{route="${route}",method="${method}",status="${status}"}`)
  assert.equal(count('/api/files/:id', 'DELETE', '2xx'), 1)
  assert.equal(count('/api/files/:id', 'GET', '4xx'), 1)
  assert.equal(count('/api/vaults/:vaultId/files', 'GET', '2xx'), 2)
  assert.equal(now.get('filevault_http_request_seconds_count{route="/api/vaults/:vaultId/files",method="GET"}'), 2)
  assert.equal(count('/health', 'HEAD', '2xx'), 1)
  assert.equal(count('unknown', 'GET', '4xx'), 1)
  const all = [...now.keys()].join('\n')
  for (const word of ['made-up', 'secret-name', id, t.alice.vaultId, t.alice.id, 'example.org'])
    assert.equal(all.includes(word), false, word)
})

test('a job that was given up is seen, counted, and can be tried again', async () => {
  await using t = await startTest()
  const now = t.core.now()
  await t.core.index.write((tx) =>
    tx.run(
      q.insertInto('job').values({
        name: 'blocks',
        payload: '{"objectId":1}',
        run_at: now,
        attempts: 5,
        dead_at: now,
        error: 'x'.repeat(900),
      }),
    ),
  )
  const seen = await t.admin.call(listJobs, {})
  assert.equal(seen.failed.length, 1)
  const [job] = seen.failed
  assert.equal(job?.error?.length, 200)
  assert.deepEqual([job?.kind, job?.state, job?.attempts], ['blocks', 'failed', 5])
  assert.equal(seen.kinds.find(({ kind }) => kind === 'blocks')?.failed, 1)
  const before = await samples(t)
  assert.equal(before.get('filevault_jobs_failed'), 1)
  assert.equal(before.get('filevault_jobs{kind="blocks",state="failed"}'), 1)

  const again = await t.admin.call(retryJob, { params: { id: job?.id ?? '' } })
  assert.equal(again.attempts, 0)
  await t.idle() // its payload is not one: it fails again
  const after = await t.admin.call(listJobs, {})
  assert.deepEqual(
    after.retrying.map(({ kind, attempts }) => [kind, attempts]),
    [['blocks', 1]],
  )
  assert.equal((await samples(t)).get('filevault_job_seconds_count{kind="blocks",outcome="failed"}'), 1)
  await assert.rejects(t.admin.call(retryJob, { params: { id: '999' } }), { code: 'not-found' })
})

test('the overview says what is there and what went in and out on each day', async () => {
  await using t = await startTest()
  const { id } = await t.alice.put('a.txt', 'four')
  await (await t.alice.get(id)).text()
  await t.alice.put('b.txt', 'sixsix')
  const seen = await t.admin.call(getOverview, {})
  assert.equal(seen.series.length, 30)
  assert.equal(seen.seriesComplete, true)
  const today = new Date(t.core.now()).toISOString().slice(0, 10)
  const day = { uploads: 2, uploadBytes: 10, downloads: 1, downloadBytes: 4 }
  assert.deepEqual(seen.series.at(-1), { date: today, ...day })
  assert.deepEqual([seen.users, seen.vaults, seen.files, seen.usedBytes], [3, 3, 2, 10])
  assert.deepEqual([seen.topVaults[0]?.owner, seen.topVaults[0]?.usedBytes], ['alice@example.org', 10])
  assert.equal(seen.lastBackupAt, null)

  t.clock.advance(24 * 3_600_000)
  await t.alice.put('c.txt', 'three')
  const later = await t.admin.call(getOverview, {})
  assert.deepEqual(later.series.at(-2), { date: today, ...day })
  assert.equal(later.series.at(-1)?.uploads, 1)
  t.clock.advance(40 * 24 * 3_600_000)
  const longAfter = await t.admin.call(getOverview, {})
  assert.equal(
    longAfter.series.reduce((sum, { uploads }) => sum + uploads, 0),
    0,
  )
})

test('alert rules and dashboard use nothing but what the server exports', async () => {
  await using t = await startTest()
  await t.alice.put('a.txt', 'a')
  const exported = new Set((await (await fetch(`${t.url}/metrics`)).text()).match(/^# TYPE \S+ \S+/gm)?.map(nameOf))
  const config = join(import.meta.dirname, '../../config')
  const rules = await readFile(join(config, 'prometheus-alerts.yml'), 'utf8')
  const dashboard = JSON.parse(await readFile(join(config, 'grafana-dashboard.json'), 'utf8')) as {
    panels: { title: string; targets: { expr: string }[] }[]
  }
  // The rules are written with one expression to a line, so that no YAML has to be read here; promtool checked the file.
  const alerts = [...rules.matchAll(/^ {6}- alert: \w+\n {8}expr: (.+)$/gm)].map(([, expression = '']) => expression)
  assert.equal(alerts.length, rules.match(/^ *- alert:/gm)?.length)
  const expressions = [...alerts, ...dashboard.panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))]
  const used = new Set(
    expressions.flatMap((expression) => expression.match(/\b(?:filevault|process|nodejs)_\w+/g) ?? []),
  )
  assert.ok(used.size > 20, String(used.size))
  const unknown = [...used].filter(
    (name) => !exported.has(name) && !exported.has(name.replace(/_(?:bucket|count|sum)$/, '')),
  )
  assert.deepEqual(unknown, [])
})

function nameOf(line: string): string {
  return line.split(' ')[2] ?? ''
}
