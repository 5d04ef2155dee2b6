/** The volume: bytes in and out, what replacing and keeping costs, and reading everything back. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, statSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Bench, type Case, shown } from './harness.ts'
import { versionCases } from './kept.ts'
import { bearer, downloadCase, smallFilesCase, uploadCase, writeRandom } from './moving.ts'
import { forgetPeak, memoryOf, type Ours, run, startNginx, startOurs } from './programs.ts'
import { call, drain, many, multipart } from './traffic.ts'
import { startTus } from './tus.ts'
import { wireCases } from './wire.ts'

export const bench: Bench = {
  async open({ quick }) {
    const size = quick ? { large: 50e6, small: 200, atOnce: 4 } : { large: 2e9, small: 5000, atOnce: 20 }
    await using stack = new AsyncDisposableStack()
    const folder = await mkdtemp(join(tmpdir(), 'filevault-bench-'))
    stack.defer(() => rm(folder, { recursive: true, force: true }))
    const volume = join(folder, 'volume')
    const ours = stack.use(await startOurs(volume, { FILEVAULT_VOLUME_RESERVE: '1GB' }))
    const nginx = await startNginx(join(folder, 'nginx'))
    if (nginx) stack.use(nginx)
    const tus = await startTus(join(folder, 'tus'))
    if (tus) stack.use(tus)
    const file = join(folder, 'large.bin')
    writeRandom(file, size.large)
    const me = (await call(`${ours.url}/api/auth/me`, { method: 'GET', headers: bearer(ours) })).body
    const { vaultId } = JSON.parse(me) as { vaultId: string }
    const opened = stack.move()
    return {
      cases: [
        smallFilesCase({ ours, nginx, tus, count: size.small, ofPeer: 0.3 }),
        uploadCase({ ours, nginx, file, bytes: size.large, ofPeer: 0.8 }),
        downloadCase({ ours, nginx, file, bytes: size.large, ofPeer: 0.8 }),
        memoryCase(ours, file, size.large, size.atOnce),
        ...wireCases(ours, vaultId, folder, size.large, (path) => noise(path, size.large)),
        ...versionCases(ours, folder, quick),
        verifyCase(volume, file),
      ],
      facts: [tus ? '@tus/server 2.4.5 with FileStore, tus-js-client 4.3.1' : 'tus could not be installed'],
      [Symbol.asyncDispose]: () => opened.disposeAsync(),
    }
  },
}

function noise(path: string, bytes: number): void {
  spawnSync('sh', ['-c', `head -c ${bytes} /dev/urandom > "$1"`, 'sh', path])
}

/** Half of the transfers go up, half come down; the figure is what the server took more than before. */
function memoryCase(ours: Ours, file: string, bytes: number, atOnce: number): Case {
  let n = 0
  return {
    name: `memory for ${atOnce} transfers of ${shown(bytes / 1e6)} MB at once`,
    unit: 'MB more',
    goal: { atMost: 200 },
    warmUps: 0,
    mostRuns: 1,
    contestants: [
      {
        name: 'File Vault',
        run: async () => {
          const send = async () => {
            const { headers, before, after } = multipart(`at once ${n++}.bin`)
            const address = `${ours.url}/api/files/upload`
            return call(address, { method: 'POST', headers: { ...headers, ...bearer(ours) }, before, file, after })
          }
          const { files } = JSON.parse((await send()).body) as { files: { id: string }[] }
          const rest = memoryOf(ours.pid)
          forgetPeak(ours.pid)
          await many(atOnce, atOnce, (i) =>
            i % 2 === 0 ? send() : drain(`${ours.url}/api/files/${files[0]?.id}/download`, bearer(ours)),
          )
          const figure = memoryOf(ours.pid, 'VmHWM') - rest
          await emptied(ours)
          return figure
        },
      },
    ],
  }
}

/** Throws away everything in the top folder, for good: the disk is not endless. */
async function emptied(ours: Ours): Promise<void> {
  const headers = bearer(ours)
  const listed = await call(`${ours.url}/api/files?folder=root&limit=1000`, { method: 'GET', headers })
  for (const { id } of (JSON.parse(listed.body) as { files: { id: string }[] }).files)
    for (const query of ['', '?permanently=true'])
      await call(`${ours.url}/api/files/${id}${query}`, { method: 'DELETE', headers })
}

/** Every stored byte against its hash, the server running, beside sha256sum over one file. */
function verifyCase(volume: string, file: string): Case {
  return {
    name: 'verify',
    unit: 'MB/s',
    goal: { ofPeer: 0.7 },
    contestants: [
      {
        name: 'filevault verify',
        run: async () => {
          const began = performance.now()
          const { bytes } = JSON.parse(run(volume, 'verify', '--json', '--rate', '100GB')) as { bytes: number }
          return bytes / 1e3 / (performance.now() - began)
        },
      },
      {
        name: 'sha256sum of one file',
        run: async () => {
          copyFileSync(file, `${file}.sum`)
          const began = performance.now()
          spawnSync('sha256sum', [`${file}.sum`])
          return statSync(file).size / 1e3 / (performance.now() - began)
        },
      },
    ],
  }
}
