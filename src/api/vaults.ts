/** Vaults: what holds files, with one quota and one journal. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { Bytes, Id } from './schema.ts'

export const Role = v.picklist(['viewer', 'editor', 'manager'])
export type Role = v.InferOutput<typeof Role>

export const Vault = v.object({
  id: Id,
  name: v.string(),
  kind: v.picklist(['personal', 'team']),
  quotaBytes: Bytes,
  usedBytes: Bytes,
  fileCount: v.number(),
  trashBytes: Bytes,
  trashCount: v.number(),
  /** What uploads under way may still bring; it counts against the quota. */
  reservedBytes: Bytes,
  /** Null: as in the settings. */
  keepVersions: v.nullable(v.number()),
  keepVersionDays: v.nullable(v.number()),
  role: Role,
})
export type Vault = v.InferOutput<typeof Vault>

export const listVaults = endpoint('GET /api/vaults', {
  summary: 'The vaults that the caller is a member of, the personal one first.',
  returns: v.object({ vaults: v.array(Vault) }),
})

export const getVault = endpoint('GET /api/vaults/:vaultId', { summary: 'One vault.', returns: Vault })

export const changeVault = endpoint('PATCH /api/vaults/:vaultId', {
  summary: 'Renames a vault, or says how long its versions are kept (null: as in the settings).',
  body: v.object({
    name: v.optional(v.pipe(v.string(), v.trim(), v.minLength(1, 'A name is needed.'), v.maxLength(100))),
    keepVersions: v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000)))),
    keepVersionDays: v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(36_500)))),
  }),
  returns: Vault,
})
