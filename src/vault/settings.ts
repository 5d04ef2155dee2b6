/** What administrators change while the server runs; kept in the index, read when used. */
import { sql } from 'kysely'
import { type Brand, largestLogo, type Settings } from '../api/settings.ts'
import { q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import { type Actor, requireAdmin } from './access.ts'
import type { Core } from './core.ts'
import { writeEvent } from './events.ts'

const defaults: Settings = {
  defaultQuotaBytes: 10e9,
  teamQuotaBytes: 100e9,
  maxFileBytes: 1e12,
  allowedTypes: [],
  forbiddenTypes: [],
  chunkBytes: 5 * 1024 * 1024,
  keepVersions: 100,
  keepVersionDays: 365,
  keepTrashDays: 30,
  keepEventDays: 365,
  signInAttempts: 100,
  signInWindow: 15,
  guestRequests: 10_000,
  receiptWebhook: '',
  brandName: 'File Vault',
}

interface Known {
  settings: Settings
  commits: number
}
const known = new WeakMap<Core, Known>()

/** The settings as they are now: what was changed over what is built in. Good until the next commit of this process. */
export function currentSettings(core: Core): Settings {
  const { commits } = core.index
  const before = known.get(core)
  if (before?.commits === commits) return before.settings
  const rows = core.index.read.all(q.selectFrom('setting').selectAll().where('key', 'in', Object.keys(defaults)))
  const changed = Object.fromEntries(rows.map(({ key, value }) => [key, JSON.parse(value) as unknown]))
  const settings = { ...defaults, ...changed }
  known.set(core, { settings, commits })
  return settings
}

export function getSettings(core: Core, actor: Actor): Settings {
  requireAdmin(actor)
  return currentSettings(core)
}

/** Changes what is named; effective at once. */
export async function changeSettings(core: Core, actor: Actor, change: Partial<Settings>): Promise<Settings> {
  requireAdmin(actor)
  await core.index.write((tx) => {
    for (const [key, value] of Object.entries(change)) {
      tx.run(setting(key, value))
      writeEvent(tx, core.now(), actor, { act: 'settings', name: `${key}: ${JSON.stringify(value)}` })
    }
  })
  return currentSettings(core)
}

interface Logo {
  mimeType: string
  /** Base64. */
  bytes: string
}

/** What stands above what is shared. */
export function getBrand(core: Core): Brand {
  return { name: currentSettings(core).brandName, logo: readLogo(core) ? '/api/brand/logo' : null }
}

/** The logo, as it was given. */
export function getLogo(core: Core): { mimeType: string; bytes: Buffer } {
  const logo = readLogo(core)
  if (!logo) throw new Problem('not-found', 'There is no logo.')
  return { mimeType: logo.mimeType, bytes: Buffer.from(logo.bytes, 'base64') }
}

/** Sets the logo; the bytes themselves say what they are. */
export async function setLogo(core: Core, actor: Actor, bytes: Buffer): Promise<Brand> {
  requireAdmin(actor)
  const mimeType = pictureType(bytes)
  if (mimeType === undefined || bytes.length > largestLogo)
    throw new Problem('bad-input', `A logo is a PNG, JPEG or WebP of at most ${largestLogo / 1024} KiB.`)
  const logo: Logo = { mimeType, bytes: bytes.toString('base64') }
  await core.index.write((tx) => {
    tx.run(setting('logo', logo))
    writeEvent(tx, core.now(), actor, { act: 'settings', name: 'logo', bytes: bytes.length })
  })
  return getBrand(core)
}

export async function removeLogo(core: Core, actor: Actor): Promise<void> {
  requireAdmin(actor)
  await core.index.write((tx) => {
    tx.run(q.deleteFrom('setting').where('key', '=', 'logo'))
    writeEvent(tx, core.now(), actor, { act: 'settings', name: 'logo' })
  })
}

function readLogo(core: Core): Logo | undefined {
  const row = core.index.read.get(q.selectFrom('setting').select('value').where('key', '=', 'logo'))
  return row && (JSON.parse(row.value) as Logo)
}

// Never SVG, which can have scripts in it.
function pictureType(bytes: Buffer): string | undefined {
  if (bytes.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'))) return 'image/png'
  if (bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'image/jpeg'
  if (bytes.toString('latin1', 0, 4) === 'RIFF' && bytes.toString('latin1', 8, 12) === 'WEBP') return 'image/webp'
  return undefined
}

function setting(key: string, value: unknown) {
  return sql`INSERT INTO setting (key, value) VALUES (${key}, ${JSON.stringify(value)})
    ON CONFLICT (key) DO UPDATE SET value = excluded.value`
}
