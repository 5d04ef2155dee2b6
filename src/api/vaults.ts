/** Vaults: what holds files, with one quota and one journal. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { Bytes, Email, FileTypes, Id } from './schema.ts'

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
  /** Null: as in the settings. */
  maxFileBytes: v.nullable(Bytes),
  /** Empty: any that the settings let in. */
  allowedTypes: v.array(v.string()),
  forbiddenTypes: v.array(v.string()),
  role: Role,
})
export type Vault = v.InferOutput<typeof Vault>

export const listVaults = endpoint('GET /api/vaults', {
  summary: 'The vaults that the caller is a member of, the personal one first.',
  returns: v.object({ vaults: v.array(Vault) }),
})

export const getVault = endpoint('GET /api/vaults/:vaultId', { summary: 'One vault.', returns: Vault })

const VaultName = v.pipe(v.string(), v.trim(), v.minLength(1, 'A name is needed.'), v.maxLength(100))

export const createVault = endpoint('POST /api/vaults', {
  summary:
    'Makes a team vault; the caller is its manager. Its quota is that of the settings, unless an administrator names one.',
  body: v.object({ name: VaultName, quotaBytes: v.optional(Bytes) }),
  returns: Vault,
  status: 201,
})

export const removeVault = endpoint('DELETE /api/vaults/:vaultId', {
  summary: 'Removes a team vault that is empty, its trash included; for managers.',
})

export const Member = v.object({ userId: Id, email: v.string(), name: v.string(), role: Role, disabled: v.boolean() })
export type Member = v.InferOutput<typeof Member>

export const listMembers = endpoint('GET /api/vaults/:vaultId/members', {
  summary: 'Who is a member of a vault, by name.',
  returns: v.object({ members: v.array(Member) }),
})

export const addMember = endpoint('POST /api/vaults/:vaultId/members', {
  summary: 'Makes somebody with an account, named by id or e-mail address, a member of a team vault; for managers.',
  body: v.object({ userId: v.optional(Id), email: v.optional(Email), role: Role }),
  returns: Member,
  status: 201,
})

export const changeMember = endpoint('PATCH /api/vaults/:vaultId/members/:userId', {
  summary: 'Gives a member another role; for managers. At least one manager remains.',
  body: v.object({ role: Role }),
  returns: Member,
})

export const removeMember = endpoint('DELETE /api/vaults/:vaultId/members/:userId', {
  summary: 'Takes somebody out of a team vault; managers may, and everybody may leave. At least one manager remains.',
})

export const changeVault = endpoint('PATCH /api/vaults/:vaultId', {
  summary:
    'Renames a vault, or says what it takes and how long its versions are kept (null: as in the settings); its quota is for administrators to change.',
  body: v.object({
    name: v.optional(VaultName),
    quotaBytes: v.optional(Bytes),
    keepVersions: v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(10_000)))),
    keepVersionDays: v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(36_500)))),
    maxFileBytes: v.optional(v.nullable(v.pipe(Bytes, v.minValue(1)))),
    allowedTypes: v.optional(FileTypes),
    forbiddenTypes: v.optional(FileTypes),
  }),
  returns: Vault,
})

/** A vault as administrators see it: its size and its people, nothing of what is in it. */
export const VaultSummary = v.object({
  id: Id,
  name: v.string(),
  kind: v.picklist(['personal', 'team']),
  quotaBytes: Bytes,
  usedBytes: Bytes,
  fileCount: v.number(),
  memberCount: v.number(),
  /** Names. */
  managers: v.array(v.string()),
})
export type VaultSummary = v.InferOutput<typeof VaultSummary>

export const listAllVaults = endpoint('GET /api/admin/vaults', {
  summary: 'Every vault with quota, use and managers, by name.',
  access: 'admin',
  returns: v.object({ vaults: v.array(VaultSummary) }),
})

export const changeAnyVault = endpoint('PATCH /api/admin/vaults/:vaultId', {
  summary: 'Sets the quota of a vault, or gives a team vault without members to somebody (`managerId`).',
  access: 'admin',
  body: v.object({ quotaBytes: v.optional(Bytes), managerId: v.optional(Id) }),
  returns: VaultSummary,
})
