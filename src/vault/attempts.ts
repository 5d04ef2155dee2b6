/**
 * Slowing down whoever guesses. Two counts, both kept in the index so that a restart forgets nothing: one for an
 * address, and one for an account as tried from an address, which waits longer after each failure. An attacker cannot
 * lock a person out: the person's own address has a count of its own.
 */
import { sql } from 'kysely'
import { q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import type { Core } from './core.ts'
import { currentSettings } from './settings.ts'

const freeFailures = 5
const longestWaitMs = 30_000
const accountWindowMs = 60 * 60_000

/** Throws `slow-down` when `address` has to wait before it may try `account`, or (null) anything, again. */
export function requireAttempt(core: Core, account: string | null, address: string): void {
  const now = core.now()
  for (const row of core.index.read.all(
    q.selectFrom('attempt').selectAll().where('key', 'in', keys(account, address)),
  )) {
    if (row.window_ends_at <= now) continue
    const wait = Math.ceil((row.next_at - now) / 1000)
    if (wait > 0)
      throw new Problem('slow-down', `Too many failed attempts. Try again in ${wait} seconds.`, { retryAfter: wait })
  }
}

/** Counts a failure; without an account, as where somebody guesses what there is at all, for the address alone. */
export async function recordFailure(core: Core, account: string | null, address: string): Promise<void> {
  const now = core.now()
  const { signInAttempts, signInWindow } = currentSettings(core)
  const [accountKey, addressKey] = keys(account, address)
  await core.index.write((tx) => {
    const failed = (key: string, windowMs: number, waitMs: (failures: number, endsAt: number) => number) => {
      const before = tx.get(q.selectFrom('attempt').selectAll().where('key', '=', key))
      const running = before !== undefined && before.window_ends_at > now
      const failures = running ? before.failures + 1 : 1
      const endsAt = running ? before.window_ends_at : now + windowMs
      const nextAt = now + waitMs(failures, endsAt)
      tx.run(
        sql`INSERT OR REPLACE INTO attempt (key, failures, window_ends_at, next_at) VALUES (${key}, ${failures}, ${endsAt}, ${nextAt})`,
      )
    }
    if (account !== null)
      failed(accountKey, accountWindowMs, (n) =>
        n < freeFailures ? 0 : Math.min(longestWaitMs, 1000 * 2 ** (n - freeFailures)),
      )
    failed(addressKey, signInWindow * 60_000, (n, endsAt) => (n < signInAttempts ? 0 : endsAt - now))
    tx.run(q.deleteFrom('attempt').where('window_ends_at', '<=', now))
  })
}

/** Forgets the failures of an account from an address, once the right password came from there. */
export async function forgetFailures(core: Core, account: string, address: string): Promise<void> {
  const [accountKey] = keys(account, address)
  if (core.index.read.get(q.selectFrom('attempt').select('key').where('key', '=', accountKey)))
    await core.index.write((tx) => tx.run(q.deleteFrom('attempt').where('key', '=', accountKey)))
}

function keys(account: string | null, address: string): [string, string] {
  return [`account ${(account ?? '').slice(0, 254)} from ${address}`, `address ${address}`]
}
