/**
 * `npm run check`: types, lint, and the house's own rules: who may import whom (the table in src/README.md), who reads the
 * environment, how long a file may be. `--graph` prints who imports whom instead.
 */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { buffer } from 'node:stream/consumers'

const longestFile = 400
/** Files that may be longer, each with the reason. */
const longer: Record<string, string> = {
  'src/index/migrations/0001-start.sql': 'one schema, read from top to bottom',
}
/** Files of src/ itself that every room may import, but those that run in a browser too. */
const open = new Set(['problem', 'log', 'config', 'sizes', 'version'])
const everywhere = new Set(['api', 'blocks', 'transfer', 'ui'])

export interface Import {
  from: string
  to: string
}

/** Every import between our own files, as paths below `root`. */
export function importGraph(root: string): Import[] {
  return sources(root).flatMap((from) => {
    const text = readFileSync(join(root, from), 'utf8')
    const named = [
      ...text.matchAll(/(?:\bfrom\s+|\bimport\s*\(?\s*|new URL\(\s*)['"](\.{1,2}\/[^'"]+\.(?:tsx?|css))['"]/g),
    ]
    return named.map(([, path = '']) => ({ from, to: relative(root, resolve(root, dirname(from), path)) }))
  })
}

/** The table of src/README.md: room → rooms it may import. */
export function allowedImports(root: string): Map<string, Set<string>> {
  const map = readFileSync(join(root, 'src/README.md'), 'utf8')
  const section = map.split('## Who may import whom')[1]?.split('\n## ')[0] ?? ''
  return new Map(
    [...section.matchAll(/^\| `(\w+)` *\|([^|]*)\|$/gm)].map(([, room = '', rooms = '']) => [
      room,
      new Set(
        rooms
          .split(',')
          .map((one) => one.trim())
          .filter((one) => one !== ''),
      ),
    ]),
  )
}

/** The room of a file: the folder below src/, the file itself at its top, `ui`, or `scripts`. */
export function roomOf(path: string): string {
  const [top = '', second = ''] = path.split('/')
  return top === 'src' ? second.replace(/\.ts$/, '') : top
}

/** One sentence for each offence against the house's rules. */
export function offences(root: string): string[] {
  const allowed = allowedImports(root)
  const found: string[] = []
  for (const { from, to } of importGraph(root)) {
    const [room, target] = [roomOf(from), roomOf(to)]
    if (isTest(from) || room === 'testing' || room === 'scripts') continue
    if (isTest(to) || target === 'testing') found.push(`${from} imports ${to}, which is for tests alone.`)
    else if (!mayImport(room, target, allowed))
      found.push(
        `${from} imports ${to}: ${room} may import ${[...(allowed.get(room) ?? [])].join(', ') || 'nothing of ours'} (src/README.md).`,
      )
  }
  for (const path of sources(root)) {
    const text = readFileSync(join(root, path), 'utf8')
    const lines = text.split('\n').length
    if (lines > longestFile && !longer[path])
      found.push(`${path} has ${lines} lines; ${longestFile} is the most. Does it still have one subject?`)
    if (/(^|\/)index\.tsx?$/.test(path))
      found.push(`${path}: name a file for its subject; a barrel hides where things are.`)
    if (path.startsWith('src/') && !isTest(path) && /process\.env\b/.test(text) && path !== 'src/main.ts')
      found.push(`${path} reads process.env; config.ts is where that is done.`)
    if (path.startsWith('src/http/') && !isTest(path) && /from 'better-sqlite3'|from 'kysely'/.test(text))
      found.push(`${path}: SQL stands in vault/ and index/.`)
  }
  return found
}

// main.ts starts everything; what is open to all imports nothing but its like.
function mayImport(room: string, target: string, allowed: Map<string, Set<string>>): boolean {
  if (room === target || room === 'main') return true
  if (open.has(target)) return !everywhere.has(room)
  return allowed.get(room)?.has(target) ?? false
}

/** Rooms by rooms, with the number of imports: the picture of who imports whom. */
export function graphTable(root: string): string {
  const imports = importGraph(root).filter(({ from }) => !isTest(from) && !/^scripts|^src\/testing/.test(from))
  const counts = new Map<string, number>()
  for (const { from, to } of imports) {
    const [a, b] = [roomOf(from), roomOf(to)]
    if (a !== b) counts.set(`${a} ${b}`, (counts.get(`${a} ${b}`) ?? 0) + 1)
  }
  const rooms = (side: 0 | 1) => [...new Set([...counts.keys()].map((key) => key.split(' ')[side] ?? ''))].sort()
  const [rows, columns] = [rooms(0), rooms(1)]
  const line = (cells: (string | number)[]) => `| ${cells.join(' | ')} |`
  return [
    line(['imports →', ...columns]),
    line(['---', ...columns.map(() => '---:')]),
    ...rows.map((row) => line([`**${row}**`, ...columns.map((column) => counts.get(`${row} ${column}`) ?? '')])),
  ].join('\n')
}

// Tests and what only they use: `testing.ts` of a room, its samples, the program that a test kills.
function isTest(path: string): boolean {
  return /\.test\.tsx?$/.test(path) || /\/(?:testing|crash-subject|samples)\.ts$/.test(path)
}

function sources(root: string): string[] {
  return ['src', 'ui', 'scripts'].flatMap((top) => {
    try {
      return readdirSync(join(root, top), { recursive: true, withFileTypes: true })
        .filter(
          (entry) =>
            entry.isFile() && /\.(?:ts|tsx|sql)$/.test(entry.name) && !entry.parentPath.includes('node_modules'),
        )
        .map((entry) => relative(root, join(entry.parentPath, entry.name)))
    } catch {
      return []
    }
  })
}

/** Runs every check side by side; true when all are content. What they print goes to standard output. */
export async function check(root: string): Promise<boolean> {
  const bin = (name: string) => join(root, 'node_modules/.bin', name)
  const found = offences(root)
  const results = await Promise.all([
    run('types', bin('tsc'), ['-p', '.'], root),
    run('types of the page', bin('tsc'), ['-p', 'ui'], root),
    run('lint and format', bin('biome'), ['check', '--error-on-warnings', '.'], root),
    { name: 'house rules', output: found.join('\n'), ok: found.length === 0 },
  ])
  for (const { name, ok, output } of results)
    process.stdout.write(`${ok ? '✔' : '✖'} ${name}\n${ok || !output ? '' : `${output}\n`}`)
  return results.every(({ ok }) => ok)
}

async function run(
  name: string,
  command: string,
  args: string[],
  cwd: string,
): Promise<{ name: string; ok: boolean; output: string }> {
  const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  const code = new Promise<number | null>((resolve) => child.on('close', resolve))
  const [out, err] = await Promise.all([buffer(child.stdout), buffer(child.stderr)])
  return { name, ok: (await code) === 0, output: `${out}${err}`.trim() }
}

if (import.meta.main) {
  const root = join(import.meta.dirname, '..')
  if (process.argv.includes('--graph')) process.stdout.write(`${graphTable(root)}\n`)
  else process.exitCode = (await check(root)) ? 0 : 1
}
