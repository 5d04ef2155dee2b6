/**
 * `npm run load -- --vault VAULT`: fills a vault with made-up files, or with those of a list, straight into the volume while
 * the server is stopped. Exit status 0: done; 1: it could not be done; 2: the command line was wrong.
 */
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { loadConfig } from '../src/config.ts'
import { q } from '../src/index/query.ts'
import { Problem } from '../src/problem.ts'
import { freeBytes } from '../src/vault/vaults.ts'
import { openFaults } from './load/faults.ts'
import { type Inserted, insertFiles } from './load/insert.ts'
import { listedFiles } from './load/listed.ts'
import { openMadeUp } from './load/made-up.ts'
import { openProgress } from './load/progress.ts'
import { openForLoad, vaultNamed } from './load/vault.ts'

const usage = `npm run load -- --vault VAULT [--files 1000000] [--seed 1] [--paths FILE] [--config FILE]

Fills a vault (by its name or id; made if it is missing) while the server is stopped.
  --files   so many made-up files, and one in fifty more in the trash
  --seed    the same seed gives the same files
  --paths   the files of a list instead: a path in each line, optionally a tab and a size in bytes`

interface Wishes {
  vault: string
  files: number
  seed: number
  paths: string | undefined
  config: string | undefined
}

/** The command line; undefined where it is wrong. */
function wishes(argv: string[]): Wishes | undefined {
  try {
    const { values } = parseArgs({
      args: argv,
      options: {
        vault: { type: 'string' },
        files: { type: 'string' },
        seed: { type: 'string', default: '1' },
        paths: { type: 'string' },
        config: { type: 'string' },
      },
    })
    const { vault, paths, config } = values
    const [files, seed] = [Number(values.files ?? 1_000_000), Number(values.seed)]
    const isRight = Number.isSafeInteger(files) && files > 0 && Number.isSafeInteger(seed)
    if (!vault || !isRight || (paths !== undefined && values.files !== undefined)) return undefined
    // npm runs programs at the root of the project and says where it was called.
    const list = paths === undefined ? undefined : resolve(process.env.INIT_CWD ?? '.', paths)
    return { vault, files, seed, paths: list, config }
  } catch {
    return undefined
  }
}

async function load({ vault: given, files, seed, paths, config: file }: Wishes): Promise<void> {
  const config = loadConfig({ ...(file === undefined ? {} : { file }), env: process.env, cwd: process.cwd() })
  const listBytes = paths === undefined ? 0 : sizeOfList(paths)
  await using core = await openForLoad(config)
  const vault = await vaultNamed(core, given)
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort())
  const faults = openFaults()
  const startedAt = performance.now()
  let readBytes = 0
  let inserted: Inserted
  {
    using progress = openProgress()
    const options = { signal: stop.signal }
    inserted =
      paths === undefined
        ? await insertFiles(core, vault.id, openMadeUp(seed).files(files), {
            ...options,
            onTaken: 'number',
            onProgress: (done) => progress.show(done.files / files, done.files),
          })
        : await insertFiles(
            core,
            vault.id,
            listedFiles(paths, { seed, onFault: faults.add, onRead: (bytes) => (readBytes = bytes) }),
            {
              ...options,
              onTaken: ({ folder, name, line = 0 }, by) => faults.add(line, folder ? `${folder}/${name}` : name, by),
              onProgress: (done) => progress.show(readBytes / Math.max(listBytes, 1), done.files),
            },
          )
  }
  const seconds = (performance.now() - startedAt) / 1000
  const place = `${vault.isNew ? 'the new vault' : 'the vault'} "${vault.name}" (${vault.id})`
  const lines = [
    `${stop.signal.aborted ? 'Stopped; added' : 'Added'} ${count(inserted.files)} files${inserted.trashed > 0 ? ` and ${count(inserted.trashed)} in the trash` : ''}, with ${count(inserted.folders)} new folders, to ${place} in ${seconds.toFixed(1)} s: ${count((inserted.files + inserted.trashed) / seconds)} a second.`,
    ...faults.report(),
  ]
  const no = core.index.read.get(q.selectFrom('vault').select('no').where('id', '=', vault.id))?.no ?? 0
  if (freeBytes(core.index.read, no) < 0) lines.push('The vault is over its quota now: uploads into it are refused.')
  process.stdout.write(`${lines.join('\n')}\n`)
  if (stop.signal.aborted) process.exitCode = 1
}

/** Looked at before anything is made, so that a slip of the fingers changes nothing. */
function sizeOfList(path: string): number {
  const found = statSync(path, { throwIfNoEntry: false })
  if (!found) throw new Problem('not-found', `There is no list ${path}.`)
  if (found.isDirectory()) throw new Problem('bad-input', `${path} is a directory. A list of paths is needed.`)
  return found.size
}

function count(value: number): string {
  return Math.round(value).toLocaleString('en')
}

const asked = wishes(process.argv.slice(2))
if (!asked) {
  process.stderr.write(`${usage}\n`)
  process.exitCode = 2
} else
  try {
    await load(asked)
  } catch (error) {
    process.stderr.write(`${error instanceof Problem ? error.message : error instanceof Error ? error.stack : error}\n`)
    process.exitCode = 1
  }
