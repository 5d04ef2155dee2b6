/** `filevault verify`: re-reads every stored byte, says what is damaged, and repairs it from a copy where there is one. */
import { resolve } from 'node:path'
import { audit } from '../backup/audit.ts'
import type { Progress } from '../backup/audit-objects.ts'
import type { Finding } from '../backup/finding.ts'
import { openHashing } from '../backup/hashing.ts'
import { openRepair } from '../backup/repair.ts'
import type { Config } from '../config.ts'
import { formatSize, parseSize } from '../sizes.ts'
import { openGuest } from './open.ts'
import { openBar } from './progress.ts'
import type { Terminal } from './terminal.ts'

export interface VerifyFlags {
  'repair-from'?: string | undefined
  rate?: string | undefined
}

/**
 * Exit status 0: everything is right (or is again). 1: something is not; a line for each damaged version says where. 2: it
 * could not be found out.
 */
export async function verify(config: Config, terminal: Terminal, flags: VerifyFlags): Promise<void> {
  process.exitCode = 2 // what is thrown from here on means that it could not run; main.ts keeps it
  const rate = flags.rate === undefined ? undefined : parseSize(flags.rate)
  await using core = await openGuest(config)
  await using hashing = openHashing(null)
  const from = flags['repair-from']
  const repair = from === undefined ? undefined : await openRepair(core, resolve(from), hashing)
  const findings: (Finding & { repaired: boolean })[] = []
  using bar = openBar(terminal)
  let last: Progress = { objects: 0, bytes: 0, totalObjects: 0, totalBytes: 0 }
  const options = {
    readContent: true,
    rate,
    onProgress: (progress: Progress) => {
      last = progress
      bar.show(progress.bytes, progress.totalBytes, `${progress.objects} of ${progress.totalObjects} objects`)
    },
  }
  for await (const finding of audit(core, options)) {
    const repaired = (await repair?.(finding)) ?? false
    findings.push({ ...finding, repaired })
    if (terminal.json) continue
    bar.clear()
    for (const line of lines(finding)) process.stdout.write(`${repaired ? 'repaired' : finding.kind}  ${line}\n`)
  }
  bar.clear()
  // What is a difference to something damaged can be right again when that is, and so on up the chain.
  for (let isMore = repair !== undefined; isMore; ) {
    isMore = false
    for (const finding of findings) {
      if (finding.repaired || !(await repair?.(finding))) continue
      finding.repaired = true
      isMore = true
      if (!terminal.json) for (const line of lines(finding)) process.stdout.write(`repaired  ${line}\n`)
    }
  }
  const left = findings.filter(({ repaired }) => !repaired).length
  const sum = `${last.objects} objects with ${formatSize(last.bytes)} read`
  terminal.print(
    { clean: left === 0, objects: last.objects, bytes: last.bytes, findings },
    left === 0 ? `Everything is right: ${sum}.` : `${left} ${left === 1 ? 'thing is' : 'things are'} wrong: ${sum}.`,
  )
  process.exitCode = left === 0 ? 0 : 1
}

/** One line for each damaged version, or for what has none. */
function lines({ message, versions }: Finding): string[] {
  if (!versions) return [message]
  return versions.map(({ vaultId, path, version }) => `${path} version ${version} in vault ${vaultId}: ${message}`)
}
