/** All vaults, as administrators see them: how large they are and whose, nothing of what is in them. */
import type { VaultSummary } from '../api/vaults.ts'
import type { Reader } from '../index/open.ts'
import { fixed, q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import { type Actor, requireAdmin } from './access.ts'
import type { Core } from './core.ts'
import { record } from './journal.ts'

interface Row {
  no: number
  id: string
  name: string
  kind: 'personal' | 'team'
  quota_bytes: number
  used_bytes: number
  file_count: number
  member_count: number
  managers: string
}

const columns = `v.no, v.id, v.name, v.kind, v.quota_bytes, v.used_bytes, v.file_count,
  (SELECT count(*) FROM member WHERE vault_no = v.no) AS member_count,
  (SELECT json_group_array(u.name) FROM member m JOIN user u ON u.no = m.user_no
   WHERE m.vault_no = v.no AND m.role = 'manager') AS managers`
const all = fixed<Row>(`SELECT ${columns} FROM vault v ORDER BY v.kind DESC, v.name, v.no`)
const one = fixed<Row>(`SELECT ${columns} FROM vault v WHERE v.id = ?`)

export async function listAllVaults(core: Core, actor: Actor): Promise<VaultSummary[]> {
  requireAdmin(actor)
  return (await core.index.readAway(all())).map(toSummary)
}

/** Sets a quota, or gives a team vault that has no members to somebody. */
export function changeAnyVault(
  core: Core,
  actor: Actor,
  id: string,
  { quotaBytes, managerId }: { quotaBytes?: number | undefined; managerId?: string | undefined },
): Promise<VaultSummary> {
  requireAdmin(actor)
  return core.index.write((tx) => {
    const vault = requireRow(tx, id)
    if (quotaBytes !== undefined)
      tx.run(q.updateTable('vault').set({ quota_bytes: quotaBytes }).where('no', '=', vault.no))
    if (managerId !== undefined) {
      // Who has members belongs to them: an administrator does not come in by this door.
      if (vault.member_count > 0)
        throw new Problem('conflict', 'This vault has members; its managers say who else is one.')
      const user = tx.get(
        q.selectFrom('user').select(['no', 'name']).where('id', '=', managerId).where('disabled_at', 'is', null),
      )
      if (!user) {
        const message = 'There is no such user.'
        throw new Problem('bad-input', message, { errors: [{ path: 'managerId', message }] })
      }
      tx.run(q.insertInto('member').values({ vault_no: vault.no, user_no: user.no, role: 'manager' }))
      tx.run(q.updateTable('vault').set({ owner_no: user.no }).where('no', '=', vault.no))
    }
    const act = managerId === undefined ? 'vault' : 'member'
    record(core, tx, actor, { vaultNo: vault.no, kind: 'vault_updated', subjectId: id, act, name: vault.name })
    return toSummary(requireRow(tx, id))
  })
}

function requireRow(read: Reader, id: string): Row {
  const row = read.get(one(id))
  if (!row) throw new Problem('not-found', 'There is no such vault.')
  return row
}

function toSummary(row: Row): VaultSummary {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    quotaBytes: row.quota_bytes,
    usedBytes: row.used_bytes,
    fileCount: row.file_count,
    memberCount: row.member_count,
    managers: JSON.parse(row.managers) as string[],
  }
}
