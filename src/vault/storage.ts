/** What is used and what may be used: of one vault, and of the whole volume. */
import { sql } from 'kysely'
import type { Stats, Usage } from '../api/storage.ts'
import { newId } from '../index/ids.ts'
import type { Reader } from '../index/open.ts'
import { q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import { type Actor, requireAdmin, requirePersonalVault, requireScope } from './access.ts'
import type { Core } from './core.ts'
import { currentSettings } from './settings.ts'
import { setQuota as setUserQuota } from './users.ts'
import { insertVault } from './vaults.ts'

/** Usage of the caller's personal vault. */
export function getUsage(core: Core, actor: Actor): Usage {
  return usageOf(core.index.read, requirePersonalVault(core, actor, 'viewer').id)
}

/** Makes the personal vault of the caller where it is missing; may be repeated. */
export async function initialize(core: Core, actor: Actor): Promise<Usage> {
  requireScope(actor, 'write')
  const known = (read: Reader) =>
    read.get(q.selectFrom('vault').select('id').where('owner_no', '=', actor.no).where('kind', '=', 'personal'))
  if (!known(core.index.read)) {
    const vaultId = newId(core.now())
    await core.volume.createVault(vaultId)
    const made = await core.index.write((tx) => {
      if (known(tx)) return false
      insertVault(core, tx, {
        id: vaultId,
        kind: 'personal',
        ownerNo: actor.no,
        name: actor.name,
        quotaBytes: currentSettings(core).defaultQuotaBytes,
      })
      return true
    })
    if (!made) await core.volume.removeVault(vaultId)
  }
  const vault = known(core.index.read)
  if (!vault) throw new Error('The personal vault was not made.')
  return usageOf(core.index.read, vault.id)
}

/** Sets the quota of a user's personal vault. Below the present use nothing is lost; nothing more fits. */
export async function setQuota(core: Core, actor: Actor, userId: string, maxBytes: number): Promise<Usage> {
  const user = await setUserQuota(core, actor, userId, maxBytes)
  return usageOf(core.index.read, user.vaultId)
}

/** What the whole volume holds, for administrators. */
export async function getStats(core: Core, actor: Actor): Promise<Stats> {
  requireAdmin(actor)
  return { ...(await getTotals(core)), kinds: await kindsOf(core), volume: await core.volume.space() }
}

/** Sums over all vaults. */
export async function getTotals(core: Core): Promise<Omit<Stats, 'kinds' | 'volume'>> {
  const [totals] = await core.index.readAway(
    sql<Omit<Stats, 'kinds' | 'volume'>>`
      SELECT (SELECT count(*) FROM user) AS users,
             (SELECT count(*) FROM folder WHERE parent_no IS NOT NULL AND deleted_at IS NULL) AS folders,
             count(*) AS vaults, coalesce(sum(file_count), 0) AS files, coalesce(sum(used_bytes), 0) AS usedBytes,
             coalesce(sum(trash_bytes), 0) AS trashBytes, coalesce(sum(quota_bytes), 0) AS quotaBytes
      FROM vault`,
  )
  if (!totals) throw new Problem('storage-unavailable', 'The index gave no answer.')
  return totals
}

/** Files and bytes of each kind, the trash left out. Reads a row of each file: half a second for a million. */
export function kindsOf(core: Core): Promise<Stats['kinds']> {
  return core.index.readAway(
    sql<
      Stats['kinds'][number]
    >`SELECT kind, count(*) AS files, sum(size) AS bytes FROM file WHERE deleted_at IS NULL GROUP BY kind ORDER BY bytes DESC`,
  )
}

function usageOf(read: Reader, vaultId: string): Usage {
  const vault = read.get(q.selectFrom('vault').selectAll().where('id', '=', vaultId))
  if (!vault) throw new Problem('not-found', 'There is no such vault.')
  return {
    vaultId: vault.id,
    totalBytes: vault.used_bytes,
    maxBytes: vault.quota_bytes,
    fileCount: vault.file_count,
    percentage: vault.quota_bytes === 0 ? 100 : Math.round((vault.used_bytes / vault.quota_bytes) * 1000) / 10,
    trashBytes: vault.trash_bytes,
    trashCount: vault.trash_count,
  }
}
