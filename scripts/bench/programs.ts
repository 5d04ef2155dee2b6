/** The programs under test: our server on a volume of its own, and nginx with WebDAV beside it on the same disk. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from '../../src/testing/port.ts'

const root = join(import.meta.dirname, '../..')
const person = { email: 'bench@example.org', password: 'a password for benches' }

export interface Program extends AsyncDisposable {
  url: string
  pid: number
}

export interface Ours extends Program {
  token: string
}

function environment(volume: string, port: number): Record<string, string | undefined> {
  return {
    PATH: process.env.PATH,
    FILEVAULT_VOLUME: volume,
    FILEVAULT_LISTEN: `127.0.0.1:${port}`,
    FILEVAULT_LOG_LEVEL: 'warn',
    FILEVAULT_ADMIN_EMAIL: person.email,
    FILEVAULT_ADMIN_PASSWORD: person.password,
  }
}

/** Starts `filevault serve` and waits for its first 200. */
export async function startOurs(
  volume: string,
  more: Record<string, string> = {},
): Promise<Ours & { startMs: number }> {
  const port = await freePort()
  const env = { ...environment(volume, port), ...more }
  const began = performance.now()
  const child = spawn(process.execPath, ['src/main.ts', 'serve'], {
    cwd: root,
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const url = `http://127.0.0.1:${port}`
  await answers(`${url}/health`, child)
  const startMs = performance.now() - began
  const command = (...args: string[]) =>
    spawnSync(process.execPath, ['src/main.ts', ...args], { cwd: root, env, encoding: 'utf8' }).stdout.trim()
  command('user', 'quota', person.email, '10TB')
  return {
    url,
    startMs,
    pid: child.pid ?? 0,
    token: command('token', 'create', '--user', person.email, '--name', 'bench', '--scope', 'read,write,admin'),
    [Symbol.asyncDispose]: () => ended(child),
  }
}

/**
 * Waits until a program rests: what a server does once for a volume that was filled behind its back (records, readable tree,
 * arrays) is nobody's request. Gives up after five minutes.
 */
export async function rests(pid: number): Promise<void> {
  const used = () => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(' ')
    return (Number(fields[13]) + Number(fields[14])) * 10 // ms of CPU, at 100 ticks a second
  }
  for (let quiet = 0, left = 300; quiet < 3 && left > 0; left--) {
    const before = used()
    await new Promise((resolve) => setTimeout(resolve, 1000))
    quiet = used() - before < 50 ? quiet + 1 : 0
  }
}

/** Runs a command of ours on a volume; answers what it printed. */
export function run(volume: string, ...args: string[]): string {
  const { stdout, stderr, status } = spawnSync(process.execPath, ['src/main.ts', ...args], {
    cwd: root,
    env: environment(volume, 0),
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  })
  if (status !== 0)
    throw new Error(`filevault ${args.join(' ')} ended with ${status}: ${stderr}${stdout.slice(0, 500)}`)
  return stdout
}

/** Starts nginx with WebDAV; undefined where it is not installed. */
export async function startNginx(folder: string): Promise<Program | undefined> {
  const module = [
    '/usr/lib/nginx/modules/ngx_http_dav_ext_module.so',
    '/usr/share/nginx/modules/ngx_http_dav_ext_module.so',
  ].find((path) => existsSync(path))
  if (spawnSync('nginx', ['-v']).status !== 0) return undefined
  for (const part of ['files', 'tmp']) mkdirSync(join(folder, part), { recursive: true })
  const port = await freePort()
  const configuration = `
${module ? `load_module ${module};` : ''}
${process.getuid?.() === 0 ? 'user root;' : ''}
worker_processes 2; daemon off; pid ${folder}/nginx.pid; error_log ${folder}/error.log;
events { worker_connections 512; }
http {
  access_log off; sendfile on; client_max_body_size 0; client_body_temp_path ${folder}/tmp; types {} default_type application/octet-stream;
  server { listen 127.0.0.1:${port}; location / { root ${folder}/files; dav_methods PUT DELETE MKCOL; create_full_put_path on; } }
}`
  const path = join(folder, 'nginx.conf')
  writeFileSync(path, configuration)
  const child = spawn('nginx', ['-c', path, '-p', folder], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  await answers(url, child)
  return { url, pid: child.pid ?? 0, [Symbol.asyncDispose]: () => ended(child) }
}

/** A bare node:http server that answers one JSON body: the floor for small answers. */
export async function startBare(body: string): Promise<Program> {
  const port = await freePort()
  const program = `require('node:http').createServer((_, r) => { r.writeHead(200, { 'content-type': 'application/json' }); r.end(${JSON.stringify(body)}) }).listen(${port}, '127.0.0.1')`
  const child = spawn(process.execPath, ['-e', program], { stdio: 'ignore' })
  const url = `http://127.0.0.1:${port}`
  await answers(url, child)
  return { url, pid: child.pid ?? 0, [Symbol.asyncDispose]: () => ended(child) }
}

/** MB that a process has in memory now, or had at most (`VmHWM`). */
export function memoryOf(pid: number, which: 'VmRSS' | 'VmHWM' = 'VmRSS'): number {
  const [, kib = '0'] = new RegExp(`${which}:\\s+(\\d+)`).exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return (Number(kib) * 1024) / 1e6
}

/** Makes `VmHWM` count from now. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** Waits for the first answer of a program that was started. */
export async function answers(url: string, child: ChildProcess): Promise<void> {
  for (let i = 0; i < 2000; i++) {
    if (child.exitCode !== null) throw new Error(`${url} did not start.`)
    const response = await fetch(url).catch(() => undefined)
    await response?.body?.cancel()
    if (response && response.status < 500) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error(`${url} gave no answer.`)
}

/** Ends a program and waits until it is gone. */
export async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return
  const exit = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGTERM')
  await exit
}
