/** Whether somebody who was let in may still be there: for connections that last. */
import { fixed } from '../index/query.ts'
import type { Actor, VaultProof } from './access.ts'
import type { Core } from './core.ts'

/** `signed-out`: the session ended, the token was revoked, or the account disabled. `no-member`: the membership ended. */
export type Standing = 'good' | 'signed-out' | 'no-member'

// Asked for every open connection after every commit, so in one look; what a token reaches is fixed when it is made.
const bySession = fixed<{ role: string | null }>(`
  SELECT (SELECT role FROM member m WHERE m.vault_no = ? AND m.user_no = u.no) AS role
  FROM session s JOIN user u ON u.no = s.user_no
  WHERE s.id = ? AND u.disabled_at IS NULL AND s.expires_at > ? AND s.last_seen_at + s.idle_ms > ?`)
const byToken = fixed<{ role: string | null }>(`
  SELECT (SELECT role FROM member m WHERE m.vault_no = ? AND m.user_no = u.no) AS role
  FROM token t JOIN user u ON u.no = t.user_no
  WHERE t.id = ? AND u.disabled_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > ?)`)

/** How somebody who was found to be a member of a vault stands there now. */
export function standingOf(core: Core, { by }: Actor, vault: VaultProof): Standing {
  const now = core.now()
  if (by.kind === 'link') return 'signed-out'
  const query = by.kind === 'session' ? bySession(vault.no, by.id, now, now) : byToken(vault.no, by.id, now)
  const row = core.index.read.get(query)
  if (!row) return 'signed-out'
  return row.role === null ? 'no-member' : 'good'
}
