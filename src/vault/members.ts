/** Members of team vaults and their roles. A personal vault has one, who stays. */
import type { Member, Role } from '../api/vaults.ts'
import type { Reader } from '../index/open.ts'
import { q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import { type Actor, requireScope, requireVault, type VaultProof } from './access.ts'
import type { Core } from './core.ts'
import { type Change, record } from './journal.ts'
import { emailKey } from './users.ts'

export function listMembers(core: Core, actor: Actor, vaultId: string): Member[] {
  const vault = requireVault(core, actor, vaultId, 'viewer')
  return core.index.read.all(selectMembers(vault.no).orderBy('user.name').orderBy('user.no')).map(toMember)
}

/** Makes somebody a member; who is one already is a `conflict`. */
export async function addMember(
  core: Core,
  actor: Actor,
  vaultId: string,
  { userId, email, role }: { userId?: string | undefined; email?: string | undefined; role: Role },
): Promise<Member> {
  const vault = requireTeamVault(core, actor, vaultId)
  return core.index.write((tx) => {
    const user = tx.get(
      userId !== undefined
        ? q.selectFrom('user').select(['no', 'id', 'name']).where('id', '=', userId)
        : q
            .selectFrom('user')
            .select(['no', 'id', 'name'])
            .where('email_key', '=', emailKey(email ?? '')),
    )
    if (!user) {
      const message = 'Nobody here has this id or e-mail address. Ask an administrator to make an account first.'
      throw new Problem('bad-input', message, {
        errors: [{ path: userId === undefined ? 'email' : 'userId', message }],
      })
    }
    if (memberOf(tx, vault.no, user.id)) throw new Problem('conflict', `${user.name} is a member already.`)
    tx.run(q.insertInto('member').values({ vault_no: vault.no, user_no: user.no, role }))
    record(core, tx, actor, change(vault, user.name))
    return requireMember(tx, vault.no, user.id)
  })
}

/** Gives a member another role, from the next request on. */
export async function changeMember(
  core: Core,
  actor: Actor,
  vaultId: string,
  userId: string,
  role: Role,
): Promise<Member> {
  const vault = requireTeamVault(core, actor, vaultId)
  return core.index.write((tx) => {
    const member = requireMember(tx, vault.no, userId)
    tx.run(
      q
        .updateTable('member')
        .set({ role })
        .where('vault_no', '=', vault.no)
        .where('user_no', 'in', q.selectFrom('user').select('no').where('id', '=', userId)),
    )
    requireManager(tx, vault.no)
    record(core, tx, actor, change(vault, member.name))
    return { ...member, role }
  })
}

/** Takes somebody out of a team vault; what they put there stays. Everybody may leave. */
export async function removeMember(core: Core, actor: Actor, vaultId: string, userId: string): Promise<void> {
  const vault =
    userId === actor.id ? requireVault(core, actor, vaultId, 'viewer') : requireTeamVault(core, actor, vaultId)
  requireScope(actor, 'write')
  requireTeam(vault)
  await core.index.write((tx) => {
    const { name } = requireMember(tx, vault.no, userId)
    tx.run(
      q
        .deleteFrom('member')
        .where('vault_no', '=', vault.no)
        .where('user_no', 'in', q.selectFrom('user').select('no').where('id', '=', userId)),
    )
    requireManager(tx, vault.no)
    record(core, tx, actor, change(vault, name))
  })
}

function change(vault: VaultProof, name: string): Change {
  return { vaultNo: vault.no, kind: 'vault_updated', subjectId: vault.id, act: 'member', name }
}

function requireTeamVault(core: Core, actor: Actor, vaultId: string): VaultProof {
  const vault = requireVault(core, actor, vaultId, 'manager')
  requireTeam(vault)
  return vault
}

function requireTeam(vault: VaultProof): void {
  if (vault.kind === 'personal')
    throw new Problem('conflict', 'A personal vault has no other members. Make a team vault, or share by a link.')
}

// Within the transaction, so that two managers who leave at once do not both succeed.
function requireManager(tx: Reader, vaultNo: number): void {
  const left = tx.get(
    q.selectFrom('member').select('user_no').where('vault_no', '=', vaultNo).where('role', '=', 'manager').limit(1),
  )
  if (!left) throw new Problem('conflict', 'At least one manager has to remain. Make somebody else a manager first.')
}

function requireMember(read: Reader, vaultNo: number, userId: string): Member {
  const member = memberOf(read, vaultNo, userId)
  if (!member) throw new Problem('not-found', 'There is no such member.')
  return member
}

function memberOf(read: Reader, vaultNo: number, userId: string): Member | undefined {
  const row = read.get(selectMembers(vaultNo).where('user.id', '=', userId))
  return row && toMember(row)
}

function selectMembers(vaultNo: number) {
  return q
    .selectFrom('member')
    .innerJoin('user', 'user.no', 'member.user_no')
    .select(['user.id', 'user.email', 'user.name', 'user.disabled_at', 'member.role'])
    .where('member.vault_no', '=', vaultNo)
}

function toMember(row: { id: string; email: string; name: string; disabled_at: number | null; role: Role }): Member {
  return { userId: row.id, email: row.email, name: row.name, role: row.role, disabled: row.disabled_at !== null }
}
