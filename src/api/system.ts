/** The server itself: health, and the documentation of this API. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { Time } from './schema.ts'

const State = v.picklist(['ok', 'degraded', 'failed'])

export const Health = v.object({
  status: State,
  database: State,
  storage: State,
  search: State,
  /** Jobs that wait. */
  queueDepth: v.number(),
  lastCheck: Time,
  /** The moment that the last good backup shows. */
  lastBackup: v.nullable(Time),
  /** When a backup was last restored on trial and found right. */
  lastProvenRestore: v.nullable(Time),
  version: v.string(),
  /** What is wrong and what to do, where something is. */
  notes: v.array(v.string()),
})
export type Health = v.InferOutput<typeof Health>

export const health = endpoint('GET /health', {
  summary: '200 when everything works, 503 when the vault cannot be used.',
  access: 'anyone',
  returns: Health,
})

export const openapi = endpoint('GET /api/openapi.json', {
  summary: 'This API as an OpenAPI 3.1 document.',
  access: 'anyone',
  returns: v.record(v.string(), v.unknown()),
})
