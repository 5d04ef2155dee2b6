import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fill } from './fill.ts'
import { type Bench, type Case, type Contestant, said, shown } from './harness.ts'
import { bearer, downloadCase, smallFilesCase, uploadCase, writeRandom } from './moving.ts'
import { memoryOf, type Ours, type Program, rests, startBare, startNginx, startOurs } from './programs.ts'
import { searchCases } from './searches.ts'
import { call } from './traffic.ts'

export const bench: Bench = {
  async open({ quick }) {
    const size = quick
      ? { large: 50e6, small: 200, listed: 2000, searched: 10_000 }
      : { large: 1e9, small: 2000, listed: 10_000, searched: 100_000 }
    await using stack = new AsyncDisposableStack() // until all is there: what fails on the way leaves nothing running
    const folder = await mkdtemp(join(tmpdir(), 'filevault-bench-'))
    stack.defer(() => rm(folder, { recursive: true, force: true }))
    const volume = join(folder, 'volume')
    await (await startOurs(volume))[Symbol.asyncDispose]() // makes the volume and its administrator
    process.stderr.write(`filling ${size.searched + size.listed} rows …\n`)
    const large = await fill(volume, { searched: size.searched, listed: size.listed })
    const ours = stack.use(await startOurs(volume))
    await rests(ours.pid)
    const nginx = await startNginx(join(folder, 'nginx'))
    if (nginx) stack.use(nginx)
    const file = join(folder, 'large.bin')
    writeRandom(file, size.large)
    const idle = memoryOf(ours.pid)
    const me = (await call(`${ours.url}/api/auth/me`, { method: 'GET', headers: bearer(ours) })).body
    const bare = stack.use(await startBare(me))
    const vaultId = (JSON.parse(me) as { vaultId: string }).vaultId
    const opened = stack.move()
    return {
      cases: [
        uploadCase({ ours, nginx, file, bytes: size.large, ofPeer: 0.6 }),
        smallFilesCase({ ours, nginx, count: size.small }),
        downloadCase({ ours, nginx, file, bytes: size.large }),
        ...lists(ours, vaultId, large, size.listed),
        ...searchCases({ ours: { name: 'File Vault', ...ours }, vaultId, count: size.searched, mostMs: 30 }),
        ...smallAnswers(ours, bare),
        starts(ours, join(folder, 'empty')),
      ],
      facts: [
        `nginx ${said('sh', ['-c', 'nginx -v 2>&1']).replace(/^.*\//, '') || 'not installed'}; ${said('sh', ['-c', 'wrk -v 2>&1 | head -1']).replace(/ \[.*/, '') || 'wrk not installed'}`,
        `idle memory of the server with ${size.searched + size.listed} files: ${shown(idle)} MB`,
      ],
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    }
  },
}

function lists(ours: Ours, vaultId: string, folder: string, count: number): Case[] {
  const address = `${ours.url}/api/vaults/${vaultId}/files?folder=${folder}&limit=500`
  const page = async (cursor: string) =>
    JSON.parse(
      (await call(`${address}${cursor ? `&cursor=${cursor}` : ''}`, { method: 'GET', headers: bearer(ours) })).body,
    ) as { nextCursor: string | null; files: unknown[] }
  const timed = async (work: () => Promise<unknown>) => {
    const began = performance.now()
    await work()
    return performance.now() - began
  }
  return [
    {
      name: `first page (500) of a folder of ${shown(count)}`,
      unit: 'ms',
      goal: { atMost: 50 },
      warmUps: 3,
      contestants: [{ name: 'File Vault', run: () => timed(() => page('')) }],
    },
    {
      name: `all pages of a folder of ${shown(count)}`,
      unit: 'ms',
      contestants: [
        {
          name: 'File Vault',
          run: () =>
            timed(async () => {
              let seen = 0
              for (let cursor: string | null = ''; cursor !== null; ) {
                const { files: some, nextCursor }: Awaited<ReturnType<typeof page>> = await page(cursor)
                seen += some.length
                cursor = nextCursor
              }
              if (seen !== count) throw new Error(`The pages held ${seen} files, not ${count}.`)
            }),
        },
      ],
    },
  ]
}

function smallAnswers(ours: Ours, bare: Program): Case[] {
  const wrk = async (url: string, header?: string): Promise<number> => {
    const out = said('wrk', ['-t1', '-c32', '-d4s', ...(header ? ['-H', header] : []), url])
    if (/Non-2xx|Socket errors/.test(out)) throw new Error(`${url} refused some of the requests:\n${out}`)
    return Number(/Requests\/sec:\s+([\d.]+)/.exec(out)?.[1] ?? Number.NaN)
  }
  if (!said('sh', ['-c', 'command -v wrk']))
    return [
      {
        name: 'small JSON answers',
        unit: 'requests/s',
        contestants: [{ name: 'wrk', missing: 'not installed (apt-get install wrk)' }],
      },
    ]
  const against: Contestant = { name: 'bare node:http, same body', run: () => wrk(bare.url) }
  return [
    {
      name: 'GET /api/auth/me with a token',
      unit: 'requests/s',
      goal: { ofPeer: 0.5 },
      warmUps: 3,
      contestants: [
        { name: 'File Vault', run: () => wrk(`${ours.url}/api/auth/me`, `Authorization: Bearer ${ours.token}`) },
        against,
      ],
    },
    {
      name: 'GET /health',
      unit: 'requests/s',
      goal: { ofPeer: 0.5 },
      warmUps: 3,
      contestants: [{ name: 'File Vault', run: () => wrk(`${ours.url}/health`) }, against],
    },
  ]
}

function starts(ours: Ours, empty: string): Case {
  let idle = 0
  return {
    name: 'start to the first 200, empty volume',
    unit: 'ms',
    goal: { atMost: 1000 },
    contestants: [
      {
        name: 'File Vault',
        run: async () => {
          await using started = await startOurs(empty)
          await new Promise((resolve) => setTimeout(resolve, 1500))
          idle = memoryOf(started.pid)
          return started.startMs
        },
      },
    ],
    notes: () => [
      `idle memory ${shown(idle)} MB; the server that did all of the above has ${shown(memoryOf(ours.pid))} MB`,
    ],
  }
}
