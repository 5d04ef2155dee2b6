/**
 * `npm run package`: the whole product as one executable, `dist/filevault`, and as a file to publish beside its checksum.
 * For the platform it runs on: an executable for arm64 is made on an arm64 machine. `--no-archive` leaves out the latter.
 */
import { execFileSync } from 'node:child_process'
import { hash } from 'node:crypto'
import { globSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { constants, zstdCompressSync } from 'node:zlib'
import { build } from 'esbuild'
import { version } from '../src/version.ts'
import { buildUi, uiIsFresh } from './build.ts'
import { bundleProgram, type Part, part } from './package/bundle.ts'
import { withProgram } from './package/elf.ts'
import type { Manifest } from './package/unpack.ts'

const root = join(import.meta.dirname, '..')
const output = join(root, 'dist/filevault')

/** Makes `dist/filevault`; returns its path. */
export async function makeExecutable(): Promise<string> {
  if (!uiIsFresh()) await buildUi({ minify: true })
  const page = globSync('dist/ui/**/*.*', { cwd: root }).filter((path) => !path.endsWith('.map'))
  const parts = [...(await bundleProgram()), ...page.sort().map(part)]
  const work = mkdtempSync(join(tmpdir(), 'filevault-package-'))
  try {
    const blob = await preparedBlob(work, parts)
    mkdirSync(join(root, 'dist'), { recursive: true })
    // A new file under the old name: the old one may be running.
    writeFileSync(`${output}.new`, withProgram(readFileSync(process.execPath), blob), { mode: 0o755 })
    renameSync(`${output}.new`, output)
  } finally {
    rmSync(work, { recursive: true })
  }
  return output
}

/** Node's own preparation: the loader with its code cache, and the files of the program as assets. */
async function preparedBlob(work: string, parts: Part[]): Promise<Buffer> {
  const files = parts.map(({ path, bytes }) => ({ path, size: bytes.length, sha256: hash('sha256', bytes) }))
  const manifest: Manifest = { build: hash('sha256', JSON.stringify(files)).slice(0, 16), files }
  const content = zstdCompressSync(Buffer.concat(parts.map(({ bytes }) => bytes)), {
    params: { [constants.ZSTD_c_compressionLevel]: 19 },
  })
  writeFileSync(join(work, 'manifest.json'), JSON.stringify(manifest))
  writeFileSync(join(work, 'content.zst'), content)
  await build({
    absWorkingDir: root,
    entryPoints: ['scripts/package/loader.ts'],
    outfile: join(work, 'loader.cjs'),
    bundle: true,
    format: 'cjs',
    platform: 'node',
    target: 'node24',
    logLevel: 'warning',
  })
  const configuration = {
    main: join(work, 'loader.cjs'),
    output: join(work, 'program.blob'),
    disableExperimentalSEAWarning: true,
    useCodeCache: true,
    // A service is not steered by NODE_OPTIONS in its environment; its children are given limits as an argument.
    execArgvExtension: 'cli',
    assets: { manifest: join(work, 'manifest.json'), content: join(work, 'content.zst') },
  }
  writeFileSync(join(work, 'sea.json'), JSON.stringify(configuration))
  execFileSync(process.execPath, ['--experimental-sea-config', join(work, 'sea.json')], { stdio: 'ignore' })
  return readFileSync(configuration.output)
}

/** What is published beside the executable: what installs it, and examples for what stands before it. */
const companions = ['install.sh', 'README.md', 'CHANGELOG.md', 'LICENSE', 'config']

/** The file to publish, with its checksum beside it as `sha256sum --check` reads it. */
export function makeArchive(executable: string): string {
  const name = `filevault-${version}-linux-${process.arch}`
  const archive = join(root, 'dist', `${name}.tar.xz`)
  const options = [
    '--owner=0',
    '--group=0',
    '--numeric-owner',
    '--sort=name',
    '--mtime=@0',
    `--transform=s,^,${name}/,`,
  ]
  const members = ['-C', dirname(executable), basename(executable), '-C', root, ...companions]
  const plain = execFileSync('tar', [...options, '-cf', '-', ...members], { maxBuffer: 1 << 30 })
  writeFileSync(archive, execFileSync('xz', ['-6', '--threads=0', '--stdout'], { input: plain, maxBuffer: 1 << 30 }))
  const sum = hash('sha256', readFileSync(archive))
  writeFileSync(`${archive}.sha256`, `${sum}  ${basename(archive)}\n`)
  return archive
}

if (import.meta.main) {
  const say = (path: string) => process.stdout.write(`${path}  ${(statSync(path).size / 1e6).toFixed(1)} MB\n`)
  const executable = await makeExecutable()
  say(executable)
  if (!process.argv.includes('--no-archive')) say(makeArchive(executable))
}
