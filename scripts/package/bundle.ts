/**
 * The program as few files: esbuild makes one module of the main entry and of each thread and child, in the folders that
 * their sources have. Every source keeps its own address below the folder that the bundle is put into, so that
 * `new URL('./thread.ts', import.meta.url)` and `import.meta.dirname` mean the same there as in a checkout, and the product
 * need not know that it was packaged.
 */
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { build, type Metafile, type OnLoadArgs, type Plugin } from 'esbuild'

/** A file of the program: where it lies below the program's folder, and what is in it. */
export interface Part {
  path: string
  bytes: Buffer
}

const root = join(import.meta.dirname, '../..')
const platform = `${process.platform}-${process.arch}`
const main = 'src/main.ts'

/** Packages that look for files beside themselves go along as files, those of these that are read. */
const whole: Record<string, string[]> = {
  'pdfjs-dist': ['package.json', 'LICENSE', 'legacy/build/pdf{,.worker}.mjs', 'cmaps/*', 'standard_fonts/*'],
}

/** In every module that esbuild writes: the folder the program lies in, and what packages in CommonJS expect. */
const banner = `import { createRequire as __createRequire } from 'node:module'
const require = __createRequire(import.meta.url)
const __programUrl = import.meta.url.slice(0, import.meta.url.lastIndexOf('/src/') + 1)
const __programPath = decodeURIComponent(__programUrl.slice(7))
const __dirname = __programPath
`

/** The server, its threads and its children as JavaScript, the native files they load, and the migrations. */
export async function bundleProgram(): Promise<Part[]> {
  const natives = new Map<string, string>()
  const { outputFiles, metafile } = await build({
    absWorkingDir: root,
    entryPoints: [main, ...startedByAddress()],
    outbase: '.',
    outdir: '.',
    chunkNames: 'src/chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node24',
    // Names and short lines are kept: an uncaught error prints the line it came from.
    minifySyntax: true,
    minifyWhitespace: true,
    lineLimit: 160,
    keepNames: false,
    legalComments: 'none',
    banner: { js: banner },
    plugins: [ownAddress, nativeFiles(natives)],
    external: Object.keys(whole),
    write: false,
    metafile: true,
    logLevel: 'error',
  })
  refuseStrangeAddresses(Object.keys(metafile.inputs))
  return [
    ...outputFiles.map((file) => ({ path: relative(root, file.path), bytes: Buffer.from(file.contents) })),
    ...[...natives].map(([path, file]) => ({ path, bytes: readFileSync(file) })),
    ...['package.json', ...globSync('src/**/*.sql', { cwd: root }), ...wholePackages(metafile)].map(part),
  ].sort((a, b) => (a.path < b.path ? -1 : 1))
}

/** A file that goes along as it is. */
export function part(path: string): Part {
  return { path, bytes: readFileSync(join(root, path)) }
}

const address = /new URL\(\s*'(\.\.?\/[^']+)\.ts',\s*import\.meta\.url/g

/** Sources that the program starts by their address: threads and children. */
function startedByAddress(): string[] {
  const found = new Set<string>()
  for (const path of globSync('src/**/*.ts', { cwd: root })) {
    if (path.endsWith('.test.ts') || path.startsWith('src/testing/')) continue
    for (const [, to] of readFileSync(join(root, path), 'utf8').matchAll(address))
      found.add(relative(root, resolve(root, dirname(path), `${to}.ts`)))
  }
  return [...found].sort()
}

const ownAddress: Plugin = {
  name: 'own-address',
  setup(builder) {
    builder.onLoad({ filter: /\.ts$/ }, ({ path }: OnLoadArgs) => {
      const place = relative(root, path)
      if (!place.startsWith('src/')) return undefined
      const contents = readFileSync(path, 'utf8')
        .replaceAll(address, "new URL('$1.js', import.meta.url")
        .replaceAll('import.meta.url', `(__programUrl + ${JSON.stringify(place)})`)
        .replaceAll('import.meta.dirname', `(__programPath + ${JSON.stringify(dirname(place))})`)
      return { contents, loader: 'ts' }
    })
  },
}

/** Native files lie in `native/`; sharp's keep the places to each other that its library path expects. */
function nativeFiles(natives: Map<string, string>): Plugin {
  const modules = join(root, 'node_modules')
  const load = (place: string, file: string) => {
    natives.set(place, file)
    return { contents: `module.exports = require(__programPath + ${JSON.stringify(place)})`, loader: 'js' as const }
  }
  return {
    name: 'native-files',
    setup(builder) {
      builder.onResolve({ filter: /^better-sqlite3$/ }, () => ({
        path: join(modules, `better-sqlite3/lib/${platform}.js`),
      }))
      builder.onResolve({ filter: /\/prebuilds\/.*\.node$/ }, ({ path, resolveDir }) => ({
        path: resolve(resolveDir, path),
        namespace: 'native',
      }))
      builder.onLoad({ filter: /better-sqlite3/, namespace: 'native' }, ({ path }) =>
        load('native/better-sqlite3.node', path),
      )
      builder.onResolve({ filter: /^node-gyp-build$/ }, () => ({ path: 'argon2', namespace: 'argon2' }))
      builder.onLoad({ filter: /./, namespace: 'argon2' }, () => {
        const { contents, loader } = load('native/argon2.node', argon2(modules))
        return { contents: contents.replace('= require', '= () => require'), loader }
      })
      builder.onResolve({ filter: /^sharp$/ }, () => ({ path: join(modules, 'sharp/dist/index.cjs') }))
      builder.onResolve({ filter: /^\.\/sharp\.cjs$/ }, ({ path, importer }) =>
        importer.includes('/sharp/dist/') ? { path, namespace: 'sharp' } : undefined,
      )
      // Asked for by name in "try", for the numbers of versions.
      builder.onResolve({ filter: /^@img\/sharp-/ }, ({ path }) => ({ path, external: true }))
      builder.onLoad({ filter: /./, namespace: 'sharp' }, () => {
        const folder = (name: string) => join(modules, '@img', name, 'lib')
        const only = (name: string, pattern: string) => {
          const [file, ...more] = globSync(pattern, { cwd: folder(name) })
          if (file === undefined || more.length > 0) throw new Error(`One ${pattern} is expected in ${folder(name)}.`)
          return [`native/${name}/lib/${file}`, join(folder(name), file)] as const
        }
        natives.set(...only(`sharp-libvips-${platform}`, 'libvips-cpp.so.*'))
        return load(...only(`sharp-${platform}`, '*.node'))
      })
    },
  }
}

function argon2(modules: string): string {
  const folder = join(modules, 'argon2/prebuilds', platform)
  const [file] = globSync('*glibc*.node', { cwd: folder })
  if (file === undefined) throw new Error(`argon2 brings no native file for ${platform}.`)
  return join(folder, file)
}

/** The files of the packages that what was bundled imports, or asks for the place of. */
function wholePackages({ outputs }: Metafile): string[] {
  const imported = Object.values(outputs).flatMap(({ imports }) => imports.map(({ path }) => path))
  return Object.entries(whole)
    .filter(([name]) => imported.some((path) => path === name || path.startsWith(`${name}/`)))
    .flatMap(([name, patterns]) =>
      globSync(
        patterns.map((pattern) => `node_modules/${name}/${pattern}`),
        { cwd: root },
      ),
    )
}

/** A package that looks for files beside itself would look in vain. */
function refuseStrangeAddresses(inputs: string[]): void {
  const strange = inputs
    .filter((path) => path.includes('node_modules/') && /\.[cm]?js$/.test(path) && !path.includes(':'))
    .filter((path) => /import\.meta\.(?:url|dirname)/.test(readFileSync(resolve(root, path), 'utf8')))
  if (strange.length > 0) throw new Error(`These look for files beside themselves: ${strange.join(', ')}.`)
}
