/**
 * The first code in the executable: sees to it that the program's files are on the disk, then runs the program from there.
 * CommonJS once bundled, because that is what Node 24 starts an executable with.
 */
import { readFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'
import { getAsset, getRawAsset } from 'node:sea'
import { pathToFileURL } from 'node:url'
import { zstdDecompressSync } from 'node:zlib'
import { keep, type Manifest, places, programFolder } from './unpack.ts'

const hourMs = 3_600_000

async function start(): Promise<void> {
  const manifest = JSON.parse(getAsset('manifest', 'utf8')) as Manifest
  if (process.argv[2] === '--part') return void (await import(part(manifest, process.argv[3] ?? '')))
  const content = () => zstdDecompressSync(getRawAsset('content') as ArrayBuffer)
  const folder = programFolder(manifest, content, places(process.env), loadLibrary)
  setInterval(() => keep(folder), hourMs).unref()
  // Compiling is a fifth of a start; V8 keeps what it made, and makes it anew when the source is another.
  enableCompileCache(join(folder, 'compiled'))
  await import(pathToFileURL(join(folder, 'src/main.js')).href)
}

/** A child of the server is this executable again, with the address of its script in the folder that the server checked. */
function part({ build, files }: Manifest, script: string): string {
  const known = files.some(({ path }) => script.endsWith(`/${build}/${path}`))
  if (!known) throw new Error('This option is for File Vault itself.')
  return pathToFileURL(script).href
}

/** Loading one of the libraries shows whether the disk is mounted `noexec`. The program loads the same one in a moment. */
function loadLibrary(folder: string): void {
  try {
    process.dlopen({ exports: {} }, join(folder, 'native/better-sqlite3.node'))
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    if (/failed to map segment/.test(reason) && isNoexec(folder)) throw new Error('the disk is mounted noexec.')
    throw error
  }
}

/** The longest mount point above the folder decides. */
function isNoexec(folder: string): boolean {
  const mounts = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([, point]) => point !== undefined && (point === '/' || `${folder}/`.startsWith(`${point}/`)))
  const nearest = mounts.sort(([, a = ''], [, b = '']) => a.length - b.length).at(-1)
  return nearest?.[3]?.split(',').includes('noexec') ?? false
}

start().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
})
