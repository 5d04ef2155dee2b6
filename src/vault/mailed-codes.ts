/** One-time codes that prove an e-mail address to a link: eight digits, ten minutes, five tries, one use. */
import { hash, randomInt, timingSafeEqual } from 'node:crypto'
import { sql } from 'kysely'
import { q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import type { Core } from './core.ts'

const goodMs = 10 * 60_000
const waitMs = 60_000
const mostTries = 5

/** Mails a new code to an address that may have one. What is answered does not depend on whether it may. */
export async function sendCode(
  core: Core,
  { shareNo, email, isAllowed }: { shareNo: number; email: string; isAllowed: boolean },
): Promise<void> {
  const now = core.now()
  const code = String(randomInt(100_000_000)).padStart(8, '0')
  const isNew = await core.index.write((tx) => {
    tx.run(q.deleteFrom('mailed_code').where('expires_at', '<=', now))
    const before = tx.get(
      q.selectFrom('mailed_code').select('expires_at').where('share_no', '=', shareNo).where('email', '=', email),
    )
    if (before && before.expires_at - goodMs + waitMs > now) return false
    // Kept for every address alike, so that a second request looks the same for all of them.
    tx.run(
      sql`INSERT OR REPLACE INTO mailed_code (share_no, email, code_hash, tries, expires_at)
          VALUES (${shareNo}, ${email}, ${hashOf(shareNo, isAllowed ? code : `${code} of nobody`)}, 0, ${now + goodMs})`,
    )
    return true
  })
  if (!isNew)
    throw new Problem('slow-down', 'A code was asked for a moment ago. Look for it, or ask again in a minute.', {
      retryAfter: 60,
    })
  if (!isAllowed) return
  // Not waited for: how long it takes would tell who is listed.
  core.afterwards(
    core.mail?.send({
      to: email,
      subject: `${code} is your code`,
      text: `Somebody, probably you, opened a link that was sent to this address.\n\nThe code is ${code}. It is good for ten minutes.\n\nIf it was not you, nothing needs to be done.\n`,
    }) ?? Promise.resolve(),
  )
}

/** Whether the code is the one that was mailed; right or wrong, a try is used up, and a right one is good once. */
export function requireCode(core: Core, shareNo: number, email: string, code: string): Promise<boolean> {
  return core.index.write((tx) => {
    const at = { share_no: shareNo, email }
    const row = tx.get(
      q.selectFrom('mailed_code').selectAll().where('share_no', '=', at.share_no).where('email', '=', at.email),
    )
    if (!row || row.expires_at <= core.now() || row.tries >= mostTries) return false
    const isRight = timingSafeEqual(row.code_hash, hashOf(shareNo, code))
    tx.run(
      isRight
        ? q.deleteFrom('mailed_code').where('share_no', '=', at.share_no).where('email', '=', at.email)
        : q
            .updateTable('mailed_code')
            .set({ tries: row.tries + 1 })
            .where('share_no', '=', at.share_no)
            .where('email', '=', at.email),
    )
    return isRight
  })
}

function hashOf(shareNo: number, code: string): Buffer {
  return hash('sha256', `${shareNo} ${code}`, 'buffer')
}
