/**
 * Downloads through links, counted by the bytes that went out. A download holds a place of the link's greatest number from
 * its first byte and counts once when it is through, in however many ranges it comes; asking, previews of thumbnails and
 * HEAD cost nothing. Whoever wants the same bytes again takes another place.
 */
import { createHash } from 'node:crypto'
import { fixed, q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import type { Actor } from './access.ts'
import type { Core } from './core.ts'
import type { Deed } from './events.ts'
import type { Guest } from './guests.ts'
import { planReceipt } from './receipts.ts'

/** What is fetched: one content under one digest. */
export interface Subject {
  /** The same for the same bytes. */
  digest: string
  size: number
  name: string
  /** The id of the file or folder. */
  id: string
}

export interface Delivery {
  /** Bytes that may go out. */
  readonly granted: number
  /** Aborted when the link is changed or revoked. */
  readonly signal: AbortSignal
  /** Says how many of the bytes that were granted went out. */
  end(bytes: number): Promise<void>
}

/** A download that nobody went on with for so long has been given up. */
const idleMs = 10 * 60_000

interface UnderWay {
  byShare: Map<number, Set<AbortController>>
  /** How many answers each delivery is being sent in. */
  answers: Map<number, number>
}
const sendings = new WeakMap<Core, UnderWay>()

function underWay(core: Core): UnderWay {
  const known = sendings.get(core) ?? { byShare: new Map(), answers: new Map() }
  sendings.set(core, known)
  return known
}

/** Ends what is being sent through a link. */
export function endDeliveries(core: Core, shareNo: number): void {
  for (const sending of underWay(core).byShare.get(shareNo) ?? []) sending.abort()
}

const openOf = fixed<{ no: number; granted: number }>(
  `SELECT no, granted FROM delivery WHERE share_no = ? AND visitor = ? AND subject = ? AND granted + ? <= size
   ORDER BY granted DESC LIMIT 1`,
)
const placesOf = fixed<{ max_downloads: number | null; taken: number }>(
  `SELECT max_downloads, download_count + CAST(loose_parts AS INTEGER)
     + (SELECT count(*) FROM delivery WHERE share_no = s.no) AS taken FROM share s WHERE no = ?`,
)
// What was given up on the way counts by its parts: who takes nine tenths of a file ten times has had it nine times.
const loosen = fixed(
  `UPDATE share SET loose_parts = loose_parts
     + (SELECT total(CAST(granted AS REAL) / max(size, 1)) FROM delivery WHERE share_no = share.no AND touched_at < ?)
   WHERE no = ?`,
)
const forget = fixed('DELETE FROM delivery WHERE share_no = ? AND touched_at < ?')

/** Takes a place for `bytes` of a subject, or the rest of one that this visitor has; `not-allowed` when there is none left. */
export async function beginDelivery(core: Core, guest: Guest, subject: Subject, bytes: number): Promise<Delivery> {
  const { shareNo } = guest.actor.by
  const name = createHash('sha256').update(`${subject.id} ${subject.digest}`).digest('base64url')
  const no = await core.index.write((tx) => {
    const now = core.now()
    tx.run(loosen(now - idleMs, shareNo))
    tx.run(forget(shareNo, now - idleMs))
    const open = tx.get(openOf(shareNo, guest.visitor, name, bytes))
    if (open) {
      tx.run(
        q
          .updateTable('delivery')
          .set({ granted: open.granted + bytes, touched_at: now })
          .where('no', '=', open.no),
      )
      return open.no
    }
    const places = tx.get(placesOf(shareNo))
    if (!places) throw new Problem('not-found', 'There is no such link.')
    if (places.max_downloads !== null && places.taken >= places.max_downloads) throw usedUp()
    const row = tx.get(
      q
        .insertInto('delivery')
        .values({
          share_no: shareNo,
          visitor: guest.visitor,
          subject: name,
          size: subject.size,
          granted: bytes,
          touched_at: now,
        })
        .returning('no'),
    )
    if (!row) throw new Error('The delivery was not inserted.')
    return row.no
  })

  const { byShare, answers } = underWay(core)
  const sending = new AbortController()
  const ofShare = byShare.get(shareNo) ?? new Set<AbortController>()
  byShare.set(shareNo, ofShare.add(sending))
  answers.set(no, (answers.get(no) ?? 0) + 1)
  return {
    granted: bytes,
    signal: sending.signal,
    async end(sent) {
      ofShare.delete(sending)
      if (ofShare.size === 0) byShare.delete(shareNo)
      const others = (answers.get(no) ?? 1) - 1
      if (others === 0) answers.delete(no)
      else answers.set(no, others)
      countSent(core, 'link', sent)
      await finish(core, { no, shareNo, unsent: bytes - sent, isLast: others === 0 })
      core.events.note(guest.actor, {
        act: 'download',
        vaultNo: guest.vaultNo,
        subjectId: subject.id,
        name: subject.name,
        bytes: sent,
      })
    },
  }
}

/** Gives back what did not go out; a download that is through becomes one of the link's count. */
async function finish(
  core: Core,
  { no, shareNo, unsent, isLast }: { no: number; shareNo: number; unsent: number; isLast: boolean },
): Promise<void> {
  await core.index.write((tx) => {
    const row = tx.get(q.selectFrom('delivery').select(['granted', 'size']).where('no', '=', no))
    if (!row) return // the link is gone
    const granted = row.granted - unsent
    if (granted >= row.size && isLast) {
      tx.run(q.deleteFrom('delivery').where('no', '=', no))
      tx.run(countDownload(core.now(), shareNo))
      planReceipt(core, tx, shareNo)
      tx.onCommit(() => core.metrics.linkDeliveries.inc())
    } else if (granted <= 0 && isLast) tx.run(q.deleteFrom('delivery').where('no', '=', no))
    else tx.run(q.updateTable('delivery').set({ granted, touched_at: core.now() }).where('no', '=', no))
  })
}

/** What goes out to a member, for the access log; nothing limits it. */
export function noteDelivery(core: Core, actor: Actor, deed: Deed): (bytes: number) => Promise<Delivery> {
  return async (granted) => ({
    granted,
    signal: never,
    async end(bytes) {
      countSent(core, 'member', bytes)
      core.events.note(actor, { ...deed, bytes })
    },
  })
}

function countSent(core: Core, by: 'member' | 'link', bytes: number): void {
  core.metrics.downloads.inc({ by })
  core.metrics.downloadBytes.inc({ by }, bytes)
}

const never = new AbortController().signal

const countDownload = fixed('UPDATE share SET download_count = download_count + 1, last_accessed_at = ? WHERE no = ?')

export function usedUp(): Problem {
  return new Problem('not-allowed', 'This link was used as often as it may be. Ask whoever sent it for a new one.')
}
