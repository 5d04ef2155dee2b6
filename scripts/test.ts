/**
 * `npm test`: installs what the tests need, checks, builds the page, runs every test. The last lines are the runner's
 * count. Arguments name the test files to run instead of all; `--no-limit` lets each of them take hours.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, globSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { buildUi } from './build.ts'
import { check } from './check.ts'

const root = join(import.meta.dirname, '..')
/** Debian packages by the program that each brings. */
const needed: Record<string, string> = { chromium: 'chromium', ffmpeg: 'ffmpeg', ffprobe: 'ffmpeg' }

function hasProgram(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}

function installPrograms(): void {
  const missing = [
    ...new Set(Object.entries(needed).flatMap(([program, debian]) => (hasProgram(program) ? [] : [debian]))),
  ]
  if (missing.length === 0) return
  const command = `apt-get install --no-install-recommends ${missing.join(' ')}`
  if (process.getuid?.() !== 0 || !hasProgram('apt-get'))
    stop(`The tests need ${missing.join(' and ')}. Install them first, on Debian with: ${command}`)
  process.stdout.write(`Installing ${missing.join(', ')} …\n`)
  const apt = (...args: string[]) =>
    spawnSync('apt-get', args, { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, encoding: 'utf8' })
  apt('update', '-qq')
  const done = apt('install', '-y', '-qq', '--no-install-recommends', ...missing)
  if (done.status !== 0) stop(`${done.stdout}${done.stderr}\n"${command}" failed.`)
}

function stop(sentence: string): never {
  process.stderr.write(`${sentence}\n`)
  process.exit(1)
}

installPrograms()
if (!(await check(root))) stop('The checks failed; the tests were not run.')
await buildUi({ minify: true })
const wanted = process.argv.slice(2).filter((one) => one !== '--no-limit')
const limitMs = process.argv.includes('--no-limit') ? 4 * 3_600_000 : 300_000
const files =
  wanted.length > 0
    ? wanted
    : globSync(['src/**/*.test.ts', 'scripts/**/*.test.ts', 'ui/**/*.test.ts'], { cwd: root }).sort()
const run = spawnSync(
  process.execPath,
  ['--test', '--test-reporter=spec', '--test-concurrency=2', `--test-timeout=${limitMs}`, ...files],
  { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
)
process.exitCode = run.status ?? 1
