/** `filevault rescue`: a lost index made again from the volume alone, and what came of it looked at. */
import { audit } from '../backup/audit.ts'
import type { Finding } from '../backup/finding.ts'
import { type Rescued, rescue as rescueVolume } from '../backup/rescue.ts'
import type { Config } from '../config.ts'
import { createLog } from '../log.ts'
import { openCore } from '../vault/core.ts'
import type { Terminal } from './terminal.ts'

/** Exit status 1 when something could not be brought back or the audit at the end finds something wrong. */
export async function rescue(config: Config, terminal: Terminal): Promise<void> {
  const rescued = await rescueVolume(config.volume)
  const findings: Finding[] = []
  {
    await using core = await openCore({ config, log: createLog('warn') })
    for await (const finding of audit(core, { readContent: false, graceMs: 0 })) findings.push(finding)
  }
  const isWhole = findings.length === 0 && rescued.missing.length === 0 && rescued.unexplained.length === 0
  terminal.print({ ...rescued, findings }, story(rescued, findings, isWhole))
  if (!isWhole) process.exitCode = 1
}

function story(rescued: Rescued, findings: readonly Finding[], isWhole: boolean): string {
  const { users, vaults, folders, files, versions, favorites, recovered, damagedLines, uploads, administrator } =
    rescued
  const lines = [
    `Back: ${users} users, ${vaults} vaults, ${folders} folders, ${files} files with ${versions} versions, ${favorites} favourites.`,
  ]
  if (recovered > 0) lines.push(`${recovered} files that no record names are in folders called "Recovered".`)
  if (damagedLines > 0) lines.push(`${damagedLines} lines of the records were damaged and passed over.`)
  if (uploads > 0) lines.push(`${uploads} uploads were under way; their bytes lie in quarantine.`)
  for (const { vaultId, path, version } of rescued.missing)
    lines.push(`missing  ${path} version ${version} in vault ${vaultId}: its bytes are gone`)
  for (const path of rescued.unexplained) lines.push(`unknown  ${path}: no record says what it is a difference to`)
  for (const { kind, message } of findings) lines.push(`${kind}  ${message}`)
  if (administrator)
    lines.push(
      'No record of any user was left. Somebody who administers everything was made; the password is shown this once:',
      `  ${administrator.email}  ${administrator.password}`,
    )
  lines.push(
    isWhole
      ? 'Sizes and totals are right. "filevault verify" re-reads every byte. People sign in as before; API tokens and links have to be made anew.'
      : 'Not everything came back; see above.',
  )
  return lines.join('\n')
}
