/** `filevault backup DIR`: a copy of everything at one moment, while the server runs; and the proof that it can be restored. */
import { constants, setPriority } from 'node:os'
import { makeBackup } from '../backup/make-backup.ts'
import { tryBackup } from '../backup/try-backup.ts'
import type { Config } from '../config.ts'
import { formatSize, parseSize } from '../sizes.ts'
import type { Core } from '../vault/core.ts'
import { openGuest } from './open.ts'
import { openBar } from './progress.ts'
import { type Terminal, UsageError } from './terminal.ts'

export interface BackupFlags {
  keep?: string | undefined
  rate?: string | undefined
  'new-disk'?: boolean | undefined
  drill?: boolean | undefined
  all?: boolean | undefined
  to?: string | undefined
}

const keptUsually = 7

/** Exit status 1 when there is no backup, or one of a volume on which something is missing or damaged. */
export async function backup(config: Config, terminal: Terminal, rest: string[], flags: BackupFlags): Promise<void> {
  const [directory, ...more] = rest
  if (directory === undefined || more.length > 0)
    throw new UsageError(
      'Say where to: filevault backup DIR [--keep 7] [--rate 100MB] [--new-disk], or filevault backup DIR --drill [--all] [--to DIR]',
    )
  if (!flags.drill && (flags.all || flags.to !== undefined)) throw new UsageError('--all and --to go with --drill.')
  const keep = flags.keep === undefined ? keptUsually : Number(flags.keep)
  if (!Number.isInteger(keep) || keep < 1) throw new UsageError(`--keep is a number from 1 on, not "${flags.keep}".`)
  const rate = flags.rate === undefined ? null : parseSize(flags.rate)
  setPriority(constants.priority.PRIORITY_LOW)
  await using core = await openGuest(config)
  if (flags.drill) return await drill(core, terminal, directory, flags)
  using bar = openBar(terminal)
  const made = await makeBackup(core, directory, {
    keep,
    rate,
    isNewDisk: flags['new-disk'] ?? false,
    onProgress: (done, total, files) => bar.show(done, total, `${files} files`),
  })
  bar.clear()
  const { facts, removed } = made
  const wrong = [...facts.missing.map((path) => `missing  ${path}`), ...facts.damaged.map((path) => `damaged  ${path}`)]
  const lines = [
    `${made.directory}: ${facts.files} files with ${formatSize(facts.bytes)}, of which ${facts.copiedFiles} with ${formatSize(facts.copiedBytes)} are new, in ${facts.seconds} s.`,
    ...(removed.length > 0 ? [`Removed, as ${keep} newer ones are there: ${removed.join(', ')}`] : []),
    ...(facts.isSameDisk
      ? ['This is the disk that the volume is on: it helps against mistakes, not against a disk that fails.']
      : []),
    ...wrong,
    ...(wrong.length > 0
      ? [
          'Something on the volume is not as it was stored; "filevault verify" says which files. No older backup was removed.',
        ]
      : []),
  ]
  terminal.print({ name: made.name, directory: made.directory, removed, ...facts }, lines.join('\n'))
  if (wrong.length > 0) process.exitCode = 1
}

/** Exit status 1 when the newest backup cannot be restored as it should be. */
async function drill(core: Core, terminal: Terminal, directory: string, { all, to }: BackupFlags): Promise<void> {
  using bar = openBar(terminal)
  const trial = await tryBackup(core, directory, {
    isAll: all ?? false,
    place: to,
    onProgress: (done, total, files) => bar.show(done, total, `${files} files`),
  })
  bar.clear()
  const isRight = trial.bad.length === 0 && trial.findings.length === 0
  const read = `${trial.versions} versions with ${formatSize(trial.bytes)} read`
  const lines = [
    isRight
      ? `The backup ${trial.backup} was restored on trial and is right: ${read}.`
      : `The backup ${trial.backup} is not right: ${read}. The next one copies these files again.`,
    ...trial.bad.map((path) => `damaged  ${path}`),
    ...trial.findings,
  ]
  terminal.print({ proven: isRight, ...trial }, lines.join('\n'))
  if (!isRight) process.exitCode = 1
}
