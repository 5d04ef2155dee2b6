/**
 * Builds the page: one esbuild call for the scripts, Tailwind for the style, Inter from its package. Every file but the
 * document carries the hash of its content in its name, and compressed twins lie beside it, so the server sends bytes.
 */

import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build, type Metafile, type Plugin } from 'esbuild'

const root = join(import.meta.dirname, '..')
const output = join(root, 'dist/ui')
/** Each document and the script that it starts. */
const pages = { 'index.html': 'ui/src/main.tsx', 'guest.html': 'ui/src/guest.tsx' }
const theme = 'ui/src/theme-at-start.ts'

export interface BuildOptions {
  /** Small and compressed for people; else quick, with source maps. */
  minify: boolean
  outDir?: string
}

/** Builds the page whole; the folder is made anew. */
export async function buildUi({ minify, outDir = output }: BuildOptions): Promise<void> {
  const [scripts, style] = await Promise.all([bundle(minify), tailwind(minify)])
  rmSync(outDir, { recursive: true, force: true })
  mkdirSync(join(outDir, 'assets'), { recursive: true })
  for (const file of scripts.files)
    write(join(outDir, 'assets', basename(file.path)), Buffer.from(file.contents), minify)
  const font = hashed(
    'inter.woff2',
    readFileSync(join(root, 'node_modules/@fontsource-variable/inter/files/inter-latin-wght-normal.woff2')),
  )
  const wide = hashed(
    'inter-ext.woff2',
    readFileSync(join(root, 'node_modules/@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2')),
  )
  const css = hashed(
    'style.css',
    Buffer.from(
      style.replaceAll('/inter.woff2', `/assets/${font.name}`).replaceAll('/inter-ext.woff2', `/assets/${wide.name}`),
    ),
  )
  for (const { name, bytes } of [font, wide, css]) write(join(outDir, 'assets', name), bytes, minify)
  for (const [page, entry] of Object.entries(pages)) {
    const document = readFileSync(join(root, 'ui', page), 'utf8')
      .replace('{{script}}', nameOf(scripts.metafile, entry))
      .replace('{{theme}}', nameOf(scripts.metafile, theme))
      .replace('{{style}}', css.name)
      .replace('{{font}}', font.name)
      .replace(
        '{{preload}}',
        importsOf(scripts.metafile, entry)
          .map((name) => `<link rel="modulepreload" href="/assets/${name}" />`)
          .join('\n    '),
      )
    writeFileSync(join(outDir, page), document)
  }
}

/** Whether the built page is newer than everything it is made of. */
export function uiIsFresh(): boolean {
  const built = statSync(join(output, 'index.html'), { throwIfNoEntry: false })
  if (!built) return false
  const parts = globSync(
    ['ui/**/*.{ts,tsx,css,html}', 'src/{api,transfer}/*.ts', 'scripts/build.ts', 'package-lock.json'],
    { cwd: root },
  )
  return parts.every((path) => path.endsWith('.test.ts') || statSync(join(root, path)).mtimeMs <= built.mtimeMs)
}

async function bundle(
  minify: boolean,
): Promise<{ files: { path: string; contents: Uint8Array }[]; metafile: Metafile }> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [...Object.values(pages), theme],
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    outdir: 'assets',
    publicPath: '/assets/',
    plugins: [fileAddress],
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2023',
    jsx: 'automatic',
    minify,
    sourcemap: minify ? false : 'linked',
    write: false,
    metafile: true,
    legalComments: 'none',
    define: { 'process.env.NODE_ENV': minify ? '"production"' : '"development"' },
    logLevel: 'warning',
  })
  return { files: outputFiles, metafile }
}

// `import address from 'package/file?url'`: the file as it is, and where it lies. pdf.js starts its worker from an address.
const fileAddress: Plugin = {
  name: 'file-address',
  setup(builder) {
    builder.onResolve({ filter: /\?url$/ }, async ({ path, resolveDir }) => {
      const found = await builder.resolve(path.replace(/\?url$/, ''), { resolveDir, kind: 'import-statement' })
      return { path: found.path, namespace: 'file-address', errors: found.errors }
    })
    builder.onLoad({ filter: /.*/, namespace: 'file-address' }, ({ path }) => ({
      contents: readFileSync(path),
      loader: 'file',
    }))
  },
}

function tailwind(minify: boolean): Promise<string> {
  const command = join(root, 'node_modules/.bin/tailwindcss')
  const child = spawn(command, ['-i', 'ui/src/style.css', ...(minify ? ['--minify'] : [])], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return new Promise((resolve, reject) => {
    let css = ''
    let said = ''
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      css += text
    })
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text
    })
    child.on('close', (code) => (code === 0 ? resolve(css) : reject(new Error(`Tailwind failed:\n${said}`))))
  })
}

function write(path: string, bytes: Buffer, compress: boolean): void {
  writeFileSync(path, bytes)
  if (!['.js', '.mjs', '.css', '.svg'].includes(extname(path))) return
  const quality = compress ? 9 : 4
  writeFileSync(`${path}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: quality } }))
  writeFileSync(`${path}.gz`, gzipSync(bytes, { level: compress ? 9 : 1 }))
}

function hashed(name: string, bytes: Buffer): { name: string; bytes: Buffer } {
  const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 8).toUpperCase()
  return { name: name.replace(/(\.\w+)$/, `-${hash}$1`), bytes }
}

function nameOf(metafile: Metafile, entryPoint: string): string {
  const found = Object.entries(metafile.outputs).find(([, one]) => one.entryPoint === entryPoint)
  if (!found) throw new Error(`esbuild made nothing of ${entryPoint}.`)
  return basename(found[0])
}

/** What the entry cannot start without, all the way down. */
function importsOf(metafile: Metafile, entryPoint: string): string[] {
  const seen = new Set<string>()
  const walk = (path: string): void => {
    for (const { path: next, kind } of metafile.outputs[path]?.imports ?? [])
      if (kind === 'import-statement' && !seen.has(next)) {
        seen.add(next)
        walk(next)
      }
  }
  walk(Object.entries(metafile.outputs).find(([, one]) => one.entryPoint === entryPoint)?.[0] ?? '')
  return [...seen].map((path) => basename(path))
}

if (import.meta.main) await buildUi({ minify: !process.argv.includes('--dev') })
