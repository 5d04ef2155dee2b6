/** Moving bytes: one large file up and down, and many small ones, beside the peers. */
import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, writeSync } from 'node:fs'
import { type Case, type Contestant, shown } from './harness.ts'
import { forgetPeak, memoryOf, type Ours, type Program } from './programs.ts'
import { call, drain, many, multipart } from './traffic.ts'
import type { Tus } from './tus.ts'

export const noNginx = 'not installed (apt-get install nginx-light)'

/** How our server knows the person who measures. */
export function bearer({ token }: Ours): Record<string, string> {
  return { authorization: `Bearer ${token}` }
}

/** Writes a file of bytes that do not compress, no two megabytes the same. */
export function writeRandom(path: string, bytes: number): void {
  const handle = openSync(path, 'w')
  const piece = randomBytes(1 << 20)
  for (let left = bytes; left > 0; left -= piece.length) {
    piece.writeUInt32LE(left >>> 0, 0) // no two pieces the same
    writeSync(handle, piece, 0, Math.min(left, piece.length))
  }
  closeSync(handle)
}

/** MB/s of some work. What others left for the kernel to write is written before, so that nobody pays for it. */
export async function rate(bytes: number, work: () => Promise<unknown>): Promise<number> {
  spawnSync('sync')
  const began = performance.now()
  await work()
  return bytes / 1e6 / ((performance.now() - began) / 1000)
}

function peer(program: Program | undefined, name: string, run: (program: Program) => Promise<number>): Contestant {
  return program ? { name, run: () => run(program) } : { name, missing: noNginx }
}

let files = 0

interface Large {
  ours: Ours
  nginx: Program | undefined
  file: string
  bytes: number
  /** The goal: such a share of nginx's figure. */
  ofPeer?: number
}

/** One large file up. */
export function uploadCase({ ours, nginx, file, bytes, ofPeer }: Large): Case {
  const memory: number[] = []
  return {
    name: `upload of ${shown(bytes / 1e6)} MB`,
    unit: 'MB/s',
    ...(ofPeer === undefined ? {} : { goal: { ofPeer } }),
    contestants: [
      {
        name: 'File Vault (SHA-256 of file and blocks, CRC-32, fsync)',
        run: async () => {
          const { headers, before, after } = multipart(`large ${files++}.bin`)
          const rest = memoryOf(ours.pid)
          forgetPeak(ours.pid)
          const figure = await rate(bytes, () =>
            call(`${ours.url}/api/files/upload`, {
              method: 'POST',
              headers: { ...headers, ...bearer(ours) },
              before,
              file,
              after,
            }),
          )
          memory.push(memoryOf(ours.pid, 'VmHWM') - rest)
          return figure
        },
      },
      peer(nginx, 'nginx PUT (no hash, no fsync)', ({ url }) =>
        rate(bytes, () => call(`${url}/large-${files++}.bin`, { method: 'PUT', file })),
      ),
    ],
    notes: () => [`the server took at most ${shown(Math.max(...memory))} MB more while receiving`],
  }
}

/** Many small files, ten in each request as the web client sends them. */
export function smallFilesCase({
  ours,
  nginx,
  tus,
  count,
  ofPeer,
}: {
  ours: Ours
  nginx: Program | undefined
  tus?: Tus | undefined
  count: number
  ofPeer?: number
}): Case {
  const content = randomBytes(10_240).toString('base64').slice(0, 10_240)
  const perRequest = 10
  return {
    name: `${shown(count)} files of 10 KB`,
    unit: 'files/s',
    ...(ofPeer === undefined ? {} : { goal: { ofPeer } }),
    contestants: [
      {
        name: 'File Vault (10 a request, each durable)',
        run: async () => {
          const run = files++
          const seconds = await many(count / perRequest, 8, (i) => {
            const boundary = '----filevault-bench'
            const parts = Array.from(
              { length: perRequest },
              (_, n) =>
                `--${boundary}\r\nContent-Disposition: form-data; name="files"; filename="small ${run} ${i} ${n}.txt"\r\nContent-Type: text/plain\r\n\r\n${content}\r\n`,
            )
            const before = `--${boundary}\r\nContent-Disposition: form-data; name="path"\r\n\r\nSmall ${run}\r\n${parts.join('')}--${boundary}--\r\n`
            return call(`${ours.url}/api/files/upload`, {
              method: 'POST',
              headers: { 'content-type': `multipart/form-data; boundary=${boundary}`, ...bearer(ours) },
              before,
            })
          })
          return count / seconds
        },
      },
      peer(nginx, 'nginx PUT (one a request, no fsync)', async ({ url }) => {
        const run = files++
        return (
          count /
          (await many(count, 8, (i) => call(`${url}/small-${run}/${i}.txt`, { method: 'PUT', before: content })))
        )
      }),
      ...(tus
        ? [
            {
              name: 'tus-js-client to @tus/server (no hash, no fsync)',
              run: async () => count / (await many(count, 8, (i) => tus.send(Buffer.from(content), `${i}.txt`))),
            },
          ]
        : []),
    ],
  }
}

/** One large file down. */
export function downloadCase({ ours, nginx, file, bytes, ofPeer }: Large): Case {
  let made: Promise<string> | undefined
  const ourFile = () => {
    const { headers, before, after } = multipart(`download ${files++}.bin`)
    made ??= call(`${ours.url}/api/files/upload`, {
      method: 'POST',
      headers: { ...headers, ...bearer(ours) },
      before,
      file,
      after,
    }).then(({ body }) => (JSON.parse(body) as { files: { id: string }[] }).files[0]?.id ?? '')
    return made
  }
  let put: Promise<unknown> | undefined
  return {
    name: `download of ${shown(bytes / 1e6)} MB`,
    unit: 'MB/s',
    ...(ofPeer === undefined ? {} : { goal: { ofPeer } }),
    contestants: [
      {
        name: 'File Vault',
        run: async () => {
          const id = await ourFile()
          return rate(bytes, () => drain(`${ours.url}/api/files/${id}/download`, bearer(ours)))
        },
      },
      peer(nginx, 'nginx GET (sendfile)', async ({ url }) => {
        put ??= call(`${url}/download.bin`, { method: 'PUT', file })
        await put
        return rate(bytes, () => drain(`${url}/download.bin`, {}))
      }),
    ],
  }
}
