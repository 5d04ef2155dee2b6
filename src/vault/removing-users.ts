/**
 * Removing a user. What they put anywhere stays, under their name: a user who left traces remains as a row that nobody can
 * sign in to and no list shows. Their own vault goes with them when it is empty; else it is handed over, or waits for that.
 */
import { sql } from 'kysely'
import { fixed, q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import { type Actor, requireAdmin } from './access.ts'
import type { Core } from './core.ts'
import { endDeliveries } from './deliveries.ts'
import { writeEvent } from './events.ts'
import { record } from './journal.ts'
import { refuseBesideBackup } from './trash.ts'

export interface Removal {
  /** The id of whoever gets the vault, as its manager. */
  handOver?: string | undefined
  /** The vault stays without members, until an administrator gives it to somebody. */
  keep?: boolean | undefined
}

interface Leaving {
  no: number
  name: string
  email: string
  vault_no: number
  vault_id: string
  traces: number
  kept: number
}

const leavingOf = fixed<Leaving>(`
  SELECT u.no, u.name, u.email, v.no AS vault_no, v.id AS vault_id,
    (SELECT count(*) FROM version WHERE created_by = u.no) + (SELECT count(*) FROM file WHERE owner_no = u.no)
      + (SELECT count(*) FROM vault WHERE owner_no = u.no AND kind = 'team') AS traces,
    (SELECT count(*) FROM file WHERE vault_no = v.no) AS kept
  FROM user u JOIN vault v ON v.owner_no = u.no AND v.kind = 'personal' WHERE u.id = ?`)

/** Removes a user; of one whose vault holds files it has to be said what becomes of it. */
export async function removeUser(core: Core, actor: Actor, id: string, removal: Removal): Promise<void> {
  requireAdmin(actor)
  if (id === actor.id) throw new Problem('conflict', 'You cannot remove yourself. Ask another administrator to do it.')
  if (removal.handOver !== undefined && removal.keep) throw wrong('Say either handOver or keep.')
  if (removal.handOver === id) throw wrong('A vault is handed over to somebody else.')
  const shares: number[] = []
  const goneVault = await core.index.write((tx) => {
    const user = tx.get(leavingOf(id))
    if (!user) throw new Problem('not-found', 'There is no such user.')
    const hasFiles = user.kept > 0
    if (hasFiles && removal.handOver === undefined && !removal.keep)
      throw new Problem(
        'conflict',
        `${user.name} still has files. Say who gets them (handOver), keep the vault for now (keep), or disable the user.`,
      )
    const only = tx.get(soleManager(user.no))
    if (only)
      throw new Problem('conflict', `${user.name} is the only manager of "${only.name}". Make somebody else one first.`)
    for (const { no } of tx.all(q.selectFrom('share').select('no').where('user_no', '=', user.no))) shares.push(no)
    writeEvent(tx, core.now(), actor, { act: 'user', subjectId: id, name: `${user.email}: removed` })
    if (hasFiles) {
      handOver(core, tx, actor, user, removal.handOver)
    } else {
      refuseBesideBackup(core)
      tx.run(q.deleteFrom('folder').where('vault_no', '=', user.vault_no).where('parent_no', 'is not', null))
      tx.run(q.deleteFrom('vault').where('no', '=', user.vault_no))
    }
    if (hasFiles || user.traces > 0) forget(core, tx, user.no, id)
    else tx.run(q.deleteFrom('user').where('no', '=', user.no))
    return hasFiles ? undefined : user.vault_id
  })
  for (const no of shares) endDeliveries(core, no)
  if (goneVault !== undefined) await core.volume.removeVault(goneVault)
}

/** Other vaults than their own that would have members and no manager. */
const soleManager = fixed<{ name: string }>(`
  SELECT v.name FROM member m JOIN vault v ON v.no = m.vault_no AND v.kind = 'team'
  WHERE m.user_no = ? AND m.role = 'manager'
    AND NOT EXISTS (SELECT 1 FROM member o WHERE o.vault_no = v.no AND o.role = 'manager' AND o.user_no <> m.user_no) LIMIT 1`)

type Tx = Parameters<Parameters<Core['index']['write']>[0]>[0]

function handOver(core: Core, tx: Tx, actor: Actor, user: Leaving, heirId: string | undefined): void {
  const heir =
    heirId === undefined
      ? undefined
      : tx.get(
          sql<{ no: number; name: string }>`SELECT no, name FROM user WHERE id = ${heirId} AND disabled_at IS NULL`,
        )
  if (heirId !== undefined && !heir) throw wrong('There is no such person to hand the vault over to.')
  tx.run(
    q
      .updateTable('vault')
      .set({ kind: 'team', ...(heir ? { owner_no: heir.no } : {}) })
      .where('no', '=', user.vault_no),
  )
  tx.run(q.deleteFrom('member').where('vault_no', '=', user.vault_no))
  if (heir) tx.run(q.insertInto('member').values({ vault_no: user.vault_no, user_no: heir.no, role: 'manager' }))
  record(core, tx, actor, {
    vaultNo: user.vault_no,
    kind: 'vault_updated',
    subjectId: user.vault_id,
    act: 'member',
    name: heir ? `handed over to ${heir.name}` : 'kept without members',
  })
}

/** Leaves the name alone, for what they made. `.invalid` is nobody's domain (RFC 2606). */
function forget(core: Core, tx: Tx, no: number, id: string): void {
  const email = `${id}@${removedDomain}`
  tx.run(
    q
      .updateTable('user')
      .set({ email, email_key: email, password_hash: '', admin: 0, disabled_at: core.now() })
      .where('no', '=', no),
  )
  for (const table of ['session', 'token', 'share', 'invitation', 'favorite', 'member'] as const)
    tx.run(q.deleteFrom(table).where('user_no', '=', no))
}

/** Of the addresses of users who were removed. */
export const removedDomain = 'removed.invalid'

function wrong(message: string): Problem {
  return new Problem('bad-input', message, { errors: [{ path: 'handOver', message }] })
}
