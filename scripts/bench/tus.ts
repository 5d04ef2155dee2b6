/** @tus/server with its FileStore and tus-js-client, installed for the time of the bench from the package registry. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { freePort } from '../../src/testing/port.ts'
import { answers, ended, type Program } from './programs.ts'

const versions = ['@tus/server@2.4.5', '@tus/file-store@2.1.1', 'tus-js-client@4.3.1']

export interface Tus extends Program {
  /** Uploads one content as its client does; resolves when the server has all of it. */
  send(content: Buffer, name: string): Promise<void>
}

const server = `
import { createServer } from 'node:http'
import { Server } from '@tus/server'
import { FileStore } from '@tus/file-store'
const tus = new Server({ path: '/files', datastore: new FileStore({ directory: process.argv[2] }) })
createServer((request, response) => request.url === '/' ? response.end('here') : tus.handle(request, response)).listen(Number(process.argv[3]), '127.0.0.1')
`

/** Starts the peer in `folder`; undefined where its packages cannot be had. */
export async function startTus(folder: string): Promise<Tus | undefined> {
  mkdirSync(join(folder, 'files'), { recursive: true })
  writeFileSync(join(folder, 'package.json'), '{"type":"module","private":true}')
  const installed = spawnSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...versions], {
    cwd: folder,
    stdio: 'ignore',
  })
  if (installed.status !== 0) return undefined
  writeFileSync(join(folder, 'server.mjs'), server)
  const port = await freePort()
  const child = spawn(process.execPath, ['server.mjs', join(folder, 'files'), String(port)], {
    cwd: folder,
    stdio: 'ignore',
  })
  const url = `http://127.0.0.1:${port}`
  await answers(url, child)
  const { Upload } = createRequire(join(folder, 'package.json'))('tus-js-client') as {
    Upload: new (content: Buffer, options: object) => { start(): void }
  }
  return {
    url,
    pid: child.pid ?? 0,
    send: (content, filename) =>
      new Promise((resolve, reject) => {
        new Upload(content, {
          endpoint: `${url}/files`,
          uploadSize: content.length,
          metadata: { filename },
          retryDelays: [],
          onError: reject,
          onSuccess: () => resolve(),
        }).start()
      }),
    [Symbol.asyncDispose]: () => ended(child),
  }
}
