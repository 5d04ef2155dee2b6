/** Vaults: making, listing, naming; and the personal vault that every user has. */
import type { Vault } from '../api/vaults.ts'
import { newId } from '../index/ids.ts'
import type { Reader, Transaction } from '../index/open.ts'
import { q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import { type Actor, requireAdmin, requireScope, requireVault } from './access.ts'
import type { Core } from './core.ts'
import { record } from './journal.ts'
import { currentSettings } from './settings.ts'
import { refuseBesideBackup } from './trash.ts'

/** The vaults the actor is a member of, the personal one first. */
export function listVaults(core: Core, actor: Actor): Vault[] {
  const only = actor.by.kind === 'token' ? actor.by.vaultNo : null
  return selectVaults(core.index.read, actor.no)
    .filter((row) => only === null || row.no === only)
    .map(toVault)
}

export function getVault(core: Core, actor: Actor, id: string): Vault {
  const vault = requireVault(core, actor, id, 'viewer')
  return readVault(core.index.read, actor.no, vault.no)
}

/** Makes a team vault whose manager is the actor. Only administrators say how large it may be. */
export async function createVault(
  core: Core,
  actor: Actor,
  input: { name: string; quotaBytes?: number | undefined },
): Promise<Vault> {
  requireScope(actor, 'write')
  if (actor.by.kind === 'token' && actor.by.vaultNo !== null)
    throw new Problem('not-allowed', 'This token is for one vault. Use one without that limit to make another.')
  if (input.quotaBytes !== undefined) requireAdmin(actor)
  const id = newId(core.now())
  await core.volume.createVault(id)
  return core.index.write((tx) => {
    const quotaBytes = input.quotaBytes ?? currentSettings(core).teamQuotaBytes
    const no = insertVault(core, tx, { id, kind: 'team', ownerNo: actor.no, name: input.name, quotaBytes })
    record(core, tx, actor, { vaultNo: no, kind: 'vault_updated', subjectId: id, name: input.name })
    return readVault(tx, actor.no, no)
  })
}

/** Removes a team vault with nothing in it. */
export async function removeVault(core: Core, actor: Actor, id: string): Promise<void> {
  const vault = requireVault(core, actor, id, 'manager')
  if (vault.kind === 'personal') throw new Problem('conflict', 'A personal vault goes with its user.')
  refuseBesideBackup(core)
  await core.index.write((tx) => {
    if (tx.get(q.selectFrom('file').select('no').where('vault_no', '=', vault.no).limit(1)))
      throw new Problem('conflict', 'There are still files in this vault or in its trash. Remove them first.')
    tx.run(q.deleteFrom('folder').where('vault_no', '=', vault.no).where('parent_no', 'is not', null))
    tx.run(q.deleteFrom('vault').where('no', '=', vault.no))
  })
  await core.volume.removeVault(vault.id)
}

export interface VaultChange {
  name?: string | undefined
  quotaBytes?: number | undefined
  keepVersions?: number | null | undefined
  keepVersionDays?: number | null | undefined
  maxFileBytes?: number | null | undefined
  allowedTypes?: string[] | undefined
  forbiddenTypes?: string[] | undefined
}

/** Renames a vault, or changes what it takes and how long it keeps versions. */
export async function changeVault(core: Core, actor: Actor, id: string, change: VaultChange): Promise<Vault> {
  const vault = requireVault(core, actor, id, 'manager')
  if (change.quotaBytes !== undefined) requireAdmin(actor)
  return core.index.write((tx) => {
    const { name, quotaBytes, keepVersions, keepVersionDays, maxFileBytes, allowedTypes, forbiddenTypes } = change
    const set = {
      ...(name === undefined ? {} : { name }),
      ...(quotaBytes === undefined ? {} : { quota_bytes: quotaBytes }),
      ...(keepVersions === undefined ? {} : { keep_versions: keepVersions }),
      ...(keepVersionDays === undefined ? {} : { keep_days: keepVersionDays }),
      ...(maxFileBytes === undefined ? {} : { max_file_bytes: maxFileBytes }),
      ...(allowedTypes === undefined ? {} : { allowed_types: JSON.stringify(allowedTypes) }),
      ...(forbiddenTypes === undefined ? {} : { forbidden_types: JSON.stringify(forbiddenTypes) }),
    }
    if (Object.keys(set).length === 0) return readVault(tx, actor.no, vault.no)
    tx.run(q.updateTable('vault').set(set).where('no', '=', vault.no))
    record(core, tx, actor, { vaultNo: vault.no, kind: 'vault_updated', subjectId: vault.id, name: name ?? '' })
    return readVault(tx, actor.no, vault.no)
  })
}

export interface NewVault {
  /** The directory of this name on the volume was made before. */
  id: string
  kind: 'personal' | 'team'
  /** Becomes its manager. */
  ownerNo: number
  name: string
  quotaBytes: number
}

/** Writes the rows of a vault: itself, its top folder, its first member. Answers its row number. */
export function insertVault(core: Core, tx: Transaction, { id, kind, ownerNo, name, quotaBytes }: NewVault): number {
  const now = core.now()
  const vault = tx.get(
    q
      .insertInto('vault')
      .values({ id, kind, owner_no: ownerNo, name, quota_bytes: quotaBytes, created_at: now })
      .returning('no'),
  )
  if (!vault) throw new Error('The vault was not inserted.')
  tx.run(q.insertInto('member').values({ vault_no: vault.no, user_no: ownerNo, role: 'manager' }))
  tx.run(
    q.insertInto('folder').values({
      id: newId(now),
      vault_no: vault.no,
      parent_no: null,
      name: '',
      name_key: '',
      name_sort: '',
      color: null,
      icon: null,
      created_at: now,
      updated_at: now,
      deleted_at: null,
      trashed_with: null,
    }),
  )
  return vault.no
}

/**
 * Makes sure that a vault may hold what it holds now. Called at the end of a transaction that added bytes, where no
 * other request can come between: that is what makes a quota exact under any number of parallel uploads.
 */
export function requireWithinQuota(tx: Reader, vaultNo: number, addedBytes: number): void {
  const vault = tx.get(
    q.selectFrom('vault').select(['quota_bytes', 'used_bytes', 'reserved_bytes']).where('no', '=', vaultNo),
  )
  const taken = vault ? vault.used_bytes + vault.reserved_bytes : 0
  if (vault && taken > vault.quota_bytes) throw overQuota(addedBytes, vault.quota_bytes - (taken - addedBytes))
}

/** Bytes that a vault may still take, uploads under way counted whole; negative when its quota was lowered below its use. */
export function freeBytes(read: Reader, vaultNo: number): number {
  const vault = read.get(
    q.selectFrom('vault').select(['quota_bytes', 'used_bytes', 'reserved_bytes']).where('no', '=', vaultNo),
  )
  return vault ? vault.quota_bytes - vault.used_bytes - vault.reserved_bytes : 0
}

export function overQuota(neededBytes: number, free: number): Problem {
  const left = Math.max(0, free)
  return new Problem(
    'over-quota',
    `This needs ${neededBytes} bytes, and ${left} bytes are free in this vault. Empty the trash, or ask an administrator for more space.`,
  )
}

/** One vault as it is for this person, in or out of a transaction. */
export function readVault(read: Reader, userNo: number, vaultNo: number): Vault {
  const row = selectVaults(read, userNo, vaultNo)[0]
  if (!row) throw new Problem('not-found', 'There is no such vault.')
  return toVault(row)
}

type VaultRow = ReturnType<typeof selectVaults>[number]

function selectVaults(read: Reader, userNo: number, vaultNo?: number) {
  return read.all(
    q
      .selectFrom('vault')
      .innerJoin('member', 'member.vault_no', 'vault.no')
      .selectAll('vault')
      .select('member.role')
      .where('member.user_no', '=', userNo)
      .$if(vaultNo !== undefined, (query) => query.where('vault.no', '=', vaultNo ?? 0))
      .orderBy('vault.kind')
      .orderBy('vault.name'),
  )
}

function toVault(row: VaultRow): Vault {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    quotaBytes: row.quota_bytes,
    usedBytes: row.used_bytes,
    fileCount: row.file_count,
    trashBytes: row.trash_bytes,
    trashCount: row.trash_count,
    reservedBytes: row.reserved_bytes,
    keepVersions: row.keep_versions,
    keepVersionDays: row.keep_days,
    maxFileBytes: row.max_file_bytes,
    allowedTypes: JSON.parse(row.allowed_types) as string[],
    forbiddenTypes: JSON.parse(row.forbidden_types) as string[],
    role: row.role,
  }
}
