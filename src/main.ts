/** Arguments → command → exit code: 0 done, 1 the thing asked for failed, 2 the command line was wrong. */
import { parseArgs } from 'node:util'
import { backup } from './cli/backup.ts'
import { rescue } from './cli/rescue.ts'
import { restore } from './cli/restore.ts'
import { serve } from './cli/serve.ts'
import { openTerminal, UsageError } from './cli/terminal.ts'
import { token } from './cli/token.ts'
import { user } from './cli/user.ts'
import { verify } from './cli/verify.ts'
import { loadConfig } from './config.ts'
import { Problem } from './problem.ts'
import { version } from './version.ts'

const usage = `File Vault ${version}

filevault serve                     the server: API, web page, jobs
filevault user add|list|password|quota|disable|enable
filevault token create --user EMAIL --name NAME [--scope read,write,admin]
filevault backup DIR [--keep 7] [--rate 100MB] [--new-disk]
                                    a copy of everything while the server runs; what did not change is kept once
filevault backup DIR --drill [--all] [--to DIR]
                                    restores the newest one on trial and reads a sample of it, or all
filevault restore DIR [--move-aside]
                                    puts the newest backup in DIR, or the backup DIR, on an empty volume
filevault restore DIR --file VAULT:/path [--version N] --to PATH
                                    takes one file out of it and touches no volume
filevault verify [--repair-from DIR] [--rate 200MB]
                                    re-reads every stored byte; 0 right, 1 damaged, 2 could not run
filevault rescue                    makes a lost index anew from the volume alone

Everywhere: --config FILE, --json, --help, --version`

async function main(argv: string[]): Promise<void> {
  const { values, positionals } = parse(argv)
  if (values.version === true) return void process.stdout.write(`${version}\n`)
  const [command, ...rest] = positionals
  if (values.help || command === undefined) return void process.stdout.write(`${usage}\n`)
  const commands: Record<string, () => Promise<void>> = {
    serve: () => serve(config),
    user: () => user(config, terminal, rest, values),
    token: () => token(config, terminal, rest, values),
    rescue: () => rescue(config, terminal),
    verify: () => verify(config, terminal, values),
    backup: () => backup(config, terminal, rest, values),
    restore: () => restore(config, terminal, rest, { ...values, version: values.version?.toString() }),
  }
  const run = commands[command]
  if (!run) throw new UsageError(`There is no command "${command}".\n\n${usage}`)
  const config = loadConfig({
    ...(values.config === undefined ? {} : { file: values.config }),
    env: process.env,
    cwd: process.cwd(),
  })
  const terminal = openTerminal(values.json ?? false)
  await run()
}

function parse(argv: string[]) {
  try {
    return parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        config: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        // Of a file, where one is restored.
        version: { type: argv[0] === 'restore' ? 'string' : 'boolean' },
        name: { type: 'string' },
        admin: { type: 'boolean' },
        quota: { type: 'string' },
        'password-stdin': { type: 'boolean' },
        user: { type: 'string' },
        scope: { type: 'string' },
        'repair-from': { type: 'string' },
        rate: { type: 'string' },
        keep: { type: 'string' },
        'new-disk': { type: 'boolean' },
        'move-aside': { type: 'boolean' },
        drill: { type: 'boolean' },
        all: { type: 'boolean' },
        file: { type: 'string' },
        to: { type: 'string' },
      },
    })
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : error}\n\n${usage}`)
  }
}

try {
  await main(process.argv.slice(2))
} catch (error) {
  const understood = error instanceof Problem || error instanceof UsageError
  process.stderr.write(`${understood ? error.message : error instanceof Error ? error.stack : String(error)}\n`)
  process.exitCode = error instanceof UsageError || process.exitCode === 2 ? 2 : 1
}
