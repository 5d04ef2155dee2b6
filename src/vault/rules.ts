/** What a vault takes: the settings say it for all of them, and a vault can be narrower, never wider. */
import type { Reader } from '../index/open.ts'
import { fixed } from '../index/query.ts'
import { Problem } from '../problem.ts'
import type { Core } from './core.ts'
import { extensionOf } from './names.ts'
import { currentSettings } from './settings.ts'

const rulesOf = fixed<{ max_file_bytes: number | null; allowed_types: string; forbidden_types: string }>(
  'SELECT max_file_bytes, allowed_types, forbidden_types FROM vault WHERE no = ?',
)

/** Bytes that one file may have in a vault. */
export function largestFile(core: Core, read: Reader, vaultNo: number): number {
  const { maxFileBytes } = currentSettings(core)
  return Math.min(maxFileBytes, read.get(rulesOf(vaultNo))?.max_file_bytes ?? maxFileBytes)
}

/**
 * Refuses a file whose name or content is of a type that this vault does not take. `mimeType` undefined: nothing is known of
 * the content yet, and only what the name says is held against the forbidden ones.
 */
export function requireAllowedType(
  core: Core,
  read: Reader,
  vaultNo: number,
  { name, mimeType }: { name: string; mimeType?: string | undefined },
): void {
  const settings = currentSettings(core)
  const vault = read.get(rulesOf(vaultNo))
  const lists = (own: string | undefined, all: string[]): string[][] => [
    all,
    own === undefined ? [] : (JSON.parse(own) as string[]),
  ]
  for (const forbidden of lists(vault?.forbidden_types, settings.forbiddenTypes)) {
    const hit = forbidden.find((pattern) => fits(pattern, name, mimeType))
    if (hit !== undefined) throw refused(name, `files of the type "${hit}" are not taken here.`)
  }
  for (const allowed of lists(vault?.allowed_types, settings.allowedTypes)) {
    if (allowed.length === 0 || allowed.some((pattern) => fits(pattern, name, mimeType))) continue
    if (mimeType === undefined && allowed.some((pattern) => pattern.includes('/'))) continue // the content will tell
    throw refused(name, `only these types are taken here: ${allowed.join(', ')}.`)
  }
}

/** `pdf` or `.pdf` is an extension, `image/png` a type, `image/*` a family of them. */
function fits(pattern: string, name: string, mimeType: string | undefined): boolean {
  if (!pattern.includes('/')) return extensionOf(name) === pattern.replace(/^\./, '')
  if (mimeType === undefined) return false
  return pattern.endsWith('/*') ? mimeType.startsWith(pattern.slice(0, -1)) : mimeType === pattern
}

function refused(name: string, why: string): Problem {
  return new Problem('type-not-allowed', `"${name}" cannot be put here: ${why}`)
}
