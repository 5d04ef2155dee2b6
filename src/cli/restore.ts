/** `filevault restore DIR`: a backup made into a volume again, or one file of it written to a place. */
import { audit } from '../backup/audit.ts'
import { type Backup, findBackup } from '../backup/backups.ts'
import type { Finding } from '../backup/finding.ts'
import { restoreInto } from '../backup/restore-backup.ts'
import { restoreFile } from '../backup/restore-file.ts'
import { preparePlace, refuseTooSmall } from '../backup/restore-place.ts'
import type { Config } from '../config.ts'
import { createLog } from '../log.ts'
import { formatSize } from '../sizes.ts'
import { openCore } from '../vault/core.ts'
import { openBar } from './progress.ts'
import { type Terminal, UsageError } from './terminal.ts'

export interface RestoreFlags {
  'move-aside'?: boolean | undefined
  file?: string | undefined
  version?: string | undefined
  to?: string | undefined
}

/** Exit status 1 when something could not be brought back as it was stored. */
export async function restore(config: Config, terminal: Terminal, rest: string[], flags: RestoreFlags): Promise<void> {
  const [directory, ...more] = rest
  if (directory === undefined || more.length > 0 || (flags.file === undefined) !== (flags.to === undefined))
    throw new UsageError(
      'Say from where: filevault restore DIR [--move-aside], or filevault restore DIR --file VAULT:/path [--version N] --to PATH',
    )
  if (flags.version !== undefined && (flags.file === undefined || !/^[1-9]\d{0,8}$/.test(flags.version)))
    throw new UsageError('--version N goes with --file, and N is the number of a version.')
  const backup = await findBackup(directory)
  if (flags.file === undefined || flags.to === undefined) return restoreAll(config, terminal, backup, flags)
  const version = flags.version === undefined ? undefined : Number(flags.version)
  const taken = await restoreFile(backup, { file: flags.file, version, to: flags.to })
  terminal.print(
    { backup: backup.name, ...taken },
    `${taken.to}: version ${taken.version} of ${taken.path} from the backup ${backup.name}, ${formatSize(taken.size)}.`,
  )
}

async function restoreAll(config: Config, terminal: Terminal, backup: Backup, flags: RestoreFlags): Promise<void> {
  const { facts } = backup
  const now = Date.now()
  const place = await preparePlace(config.volume.path, {
    mustBeMount: config.volume.mustBeMount,
    moveAside: flags['move-aside'] ?? false,
    backup: backup.layout.directory,
    now,
  })
  await refuseTooSmall(place.directory, facts.bytes)
  using bar = openBar(terminal)
  const restored = await restoreInto(place.directory, backup, {
    now,
    onProgress: (done, files) => bar.show(done, facts.bytes, `${files} of ${facts.files} files`),
  })
  await place.finish()
  bar.clear()
  const findings: Finding[] = []
  {
    await using core = await openCore({ config, log: createLog('warn') })
    for await (const finding of audit(core, { readContent: false, graceMs: 0 })) findings.push(finding)
  }
  const isWhole = findings.length === 0 && restored.bad.length === 0
  const lines = [
    `${place.directory} is as it was at ${new Date(facts.at).toISOString()}: ${restored.files} files with ${formatSize(restored.bytes)}, each as it was stored.`,
    ...(place.aside === null ? [] : [`What was there before lies in ${place.aside}.`]),
    ...findings.flatMap(({ kind, message, versions }) =>
      versions
        ? versions.map(
            ({ vaultId, path, version }) => `${kind}  ${path} version ${version} in vault ${vaultId}: ${message}`,
          )
        : [`${kind}  ${message}`],
    ),
    isWhole
      ? 'People sign in as before; thumbnails come by themselves.'
      : `${restored.bad.length} files of the backup are missing or damaged; "filevault verify --repair-from DIR" can bring them back from another one.`,
  ]
  terminal.print(
    { backup: backup.name, at: facts.at, directory: place.directory, aside: place.aside, ...restored, findings },
    lines.join('\n'),
  )
  if (!isWhole) process.exitCode = 1
}
