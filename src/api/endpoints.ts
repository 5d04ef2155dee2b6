/** Every endpoint, by noun: what the server binds, the OpenAPI document prints and the access matrix walks. */
import * as auth from './auth.ts'
import * as bulk from './bulk.ts'
import * as changes from './changes.ts'
import * as downloads from './downloads.ts'
import type { Endpoint } from './endpoint.ts'
import * as events from './events.ts'
import * as files from './files.ts'
import * as folders from './folders.ts'
import * as jobs from './jobs.ts'
import * as live from './live.ts'
import * as metrics from './metrics.ts'
import * as overview from './overview.ts'
import * as search from './search.ts'
import * as settings from './settings.ts'
import * as shares from './shares.ts'
import * as storage from './storage.ts'
import * as system from './system.ts'
import * as tokens from './tokens.ts'
import * as uploads from './uploads.ts'
import * as users from './users.ts'
import * as vaults from './vaults.ts'
import * as versions from './versions.ts'

const nouns: Record<string, Record<string, unknown>> = {
  auth,
  tokens,
  storage,
  vaults,
  folders,
  files,
  bulk,
  changes,
  live,
  versions,
  uploads,
  downloads,
  shares,
  search,
  users,
  settings,
  events,
  jobs,
  overview,
  metrics,
  system,
}

/** All endpoints with the noun each belongs to and the name it is declared under. */
export const endpoints: { noun: string; name: string; endpoint: Endpoint }[] = Object.entries(nouns).flatMap(
  ([noun, declared]) =>
    Object.entries(declared)
      .filter((entry): entry is [string, Endpoint] => isEndpoint(entry[1]))
      .map(([name, endpoint]) => ({ noun, name, endpoint })),
)

function isEndpoint(value: unknown): value is Endpoint {
  return typeof value === 'object' && value !== null && 'method' in value && 'declared' in value
}
