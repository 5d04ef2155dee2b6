/**
 * Who comes in by a link: finding it, what it asks for, and the visit of a browser that has proved it. Unknown, expired and
 * revoked links are one and the same to whoever asks, and nothing of what is shared is said before the proof.
 */
import { hash, randomBytes } from 'node:crypto'
import { fixed, q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import type { Actor, LinkReach } from './access.ts'
import { forgetFailures, recordFailure, requireAttempt } from './attempts.ts'
import type { Core } from './core.ts'
import { requireCode, sendCode } from './mailed-codes.ts'
import { requireRate } from './rates.ts'
import type { Origin } from './sessions.ts'
import { emailKey } from './users.ts'

/** Somebody behind a link, with all that it asks for proved. */
export interface Guest {
  readonly actor: Actor & { readonly by: LinkReach }
  readonly shareId: string
  readonly code: string
  readonly vaultNo: number
  readonly expiresAt: number | null
  readonly downloadsLeft: number | null
  /** The id of what is shared. */
  readonly fileId: string | null
  readonly folderId: string | null
  /** What makes this browser another than others: a hash of its cookie, or of its address and name. */
  readonly visitor: Buffer
}

/** A browser at the door: its address, its name, and the cookie that it has for this link. */
export interface Caller extends Origin {
  cookie(shareId: string): string | undefined
}

export interface Proof {
  password?: string | undefined
  email?: string | undefined
  code?: string | undefined
}

const visitMs = 12 * 60 * 60_000
const codeForm = /^[0-9a-hjkmnp-tv-z]{26}$/

interface LinkRow {
  no: number
  id: string
  code: string
  vault_no: number
  folder_no: number | null
  file_no: number | null
  user_no: number
  permission: LinkReach['permission']
  password_hash: string | null
  expires_at: number | null
  max_downloads: number | null
  require_email: number
  allowed_emails: string
  epoch: number
  taken: number
  file_id: string | null
  folder_id: string | null
}

// The rights of its maker are asked for with every request: not disabled, still a member.
const linkOf = fixed<LinkRow>(`
  SELECT s.*, file.id AS file_id, folder.id AS folder_id, s.download_count + CAST(s.loose_parts AS INTEGER) AS taken
  FROM share s JOIN user u ON u.no = s.user_no AND u.disabled_at IS NULL
  JOIN member m ON m.vault_no = s.vault_no AND m.user_no = s.user_no
  LEFT JOIN file ON file.no = s.file_no AND file.deleted_at IS NULL
  LEFT JOIN folder ON folder.no = s.folder_no AND folder.deleted_at IS NULL
  WHERE s.code = ? AND (s.expires_at IS NULL OR s.expires_at > ?) AND (file.no IS NOT NULL OR folder.no IS NOT NULL)`)

const visitOf = fixed<{ email: string | null }>(
  'SELECT email FROM visit WHERE secret_hash = ? AND share_no = ? AND epoch = ? AND expires_at > ?',
)

/** Lets somebody in who has proved what the link asks for; else `not-signed-in`, whose `errors` name what is asked. */
export function enter(core: Core, code: string, caller: Caller): Guest {
  const row = requireLink(core, code, caller)
  const cookie = caller.cookie(row.id)
  const visit =
    cookie === undefined ? undefined : core.index.read.get(visitOf(secretHash(cookie), row.no, row.epoch, core.now()))
  const asked = askedBy(row)
  if (asked.length > 0 && !visit) throw locked(asked)
  return guestOf(row, caller, visit?.email ?? null, visit && cookie)
}

/** Checks what somebody brings against what the link asks for, and opens a visit whose secret goes into a cookie. */
export async function unlock(
  core: Core,
  code: string,
  caller: Caller,
  proof: Proof,
): Promise<{ guest: Guest; cookie: string; maxAge: number }> {
  const row = requireLink(core, code, caller)
  const account = `link ${row.id}`
  requireAttempt(core, account, caller.address)
  const email = proof.email === undefined ? null : emailKey(proof.email)
  const asked = askedBy(row)
  const fail = async (path: string, message: string): Promise<never> => {
    await recordFailure(core, account, caller.address)
    core.events.note(
      { no: 0, email: email ?? '', address: caller.address },
      { act: 'unlock-failed', vaultNo: row.vault_no, subjectId: row.id },
    )
    throw new Problem('not-signed-in', message, { errors: [{ path, message }] })
  }
  if (row.password_hash !== null) {
    if (proof.password === undefined) throw locked(asked)
    if (!(await core.passwords.verify(row.password_hash, proof.password)))
      await fail('password', 'The password is wrong.')
  }
  if (asked.includes('email')) {
    if (email === null) throw locked(asked)
    const allowed = JSON.parse(row.allowed_emails) as string[]
    const isAllowed = allowed.length === 0 || allowed.includes(email)
    if (core.mail) {
      // Listed or not, the answer is the same: a code was sent to whoever may have one.
      if (proof.code === undefined) {
        await sendCode(core, { shareNo: row.no, email, isAllowed })
        throw locked(
          ['code'],
          `A code was sent to ${email}, if this link is for that address. Type it here within ten minutes.`,
        )
      }
      if (!(await requireCode(core, row.no, email, proof.code))) await fail('code', 'The code is wrong or too old.')
    } else if (!isAllowed) await fail('email', 'This link is for other addresses.')
  }
  await forgetFailures(core, account, caller.address)
  const cookie = await openVisit(core, row, email)
  const guest = guestOf(row, caller, email, cookie)
  core.events.note(guest.actor, { act: 'unlock', vaultNo: row.vault_no, subjectId: row.id })
  return { guest, cookie, maxAge: visitMs / 1000 }
}

/** Counts somebody who looked. */
export function countView(core: Core, { actor, vaultNo, shareId }: Guest, name: string): void {
  const { shareNo } = actor.by
  core.afterwards(core.index.write((tx) => tx.run(addView(core.now(), shareNo))))
  core.events.note(actor, { act: 'view', vaultNo, subjectId: shareId, name })
}

const addView = fixed('UPDATE share SET view_count = view_count + 1, last_accessed_at = ? WHERE no = ?')

async function openVisit(core: Core, row: LinkRow, email: string | null): Promise<string> {
  const cookie = randomBytes(32).toString('base64url')
  const now = core.now()
  await core.index.write((tx) => {
    tx.run(q.deleteFrom('visit').where('expires_at', '<=', now))
    tx.run(
      q.insertInto('visit').values({
        secret_hash: secretHash(cookie),
        share_no: row.no,
        epoch: row.epoch,
        email,
        created_at: now,
        expires_at: now + visitMs,
      }),
    )
  })
  return cookie
}

function requireLink(core: Core, code: string, { address }: Origin): LinkRow {
  requireRate(core, address)
  requireAttempt(core, null, address)
  const row = codeForm.test(code) ? core.index.read.get(linkOf(code, core.now())) : undefined
  if (row) return row
  // Nobody guesses 130 bits; who tries is slowed down all the same.
  core.afterwards(recordFailure(core, null, address))
  throw new Problem('not-found', 'This link leads nowhere: it was mistyped, has expired, or was taken back.')
}

type Asked = 'password' | 'email' | 'code'

function askedBy(row: LinkRow): Asked[] {
  const asked: Asked[] = []
  if (row.password_hash !== null) asked.push('password')
  if (row.require_email === 1 || row.allowed_emails !== '[]') asked.push('email')
  return asked
}

const wishes: Record<Asked, string> = {
  password: 'This link asks for a password.',
  email: 'This link asks for your e-mail address.',
  code: 'This link asks for the code that was sent to you.',
}

function locked(asked: Asked[], sentence?: string): Problem {
  const errors = asked.map((path) => ({ path, message: wishes[path] }))
  return new Problem('not-signed-in', sentence ?? errors.map(({ message }) => message).join(' '), { errors })
}

function guestOf(row: LinkRow, caller: Caller, email: string | null, cookie: string | undefined): Guest {
  return {
    actor: {
      no: 0,
      id: '',
      email: email ?? '',
      name: 'Guest',
      admin: false,
      vaultId: null,
      address: caller.address,
      by: {
        kind: 'link',
        shareNo: row.no,
        shareId: row.id,
        permission: row.permission,
        makerNo: row.user_no,
        folderNo: row.folder_no,
        fileNo: row.file_no,
      },
    },
    shareId: row.id,
    code: row.code,
    vaultNo: row.vault_no,
    expiresAt: row.expires_at,
    downloadsLeft: row.max_downloads === null ? null : Math.max(0, row.max_downloads - row.taken),
    fileId: row.file_id,
    folderId: row.folder_id,
    visitor: secretHash(cookie ?? `${caller.address} ${caller.userAgent}`),
  }
}

function secretHash(secret: string): Buffer {
  return hash('sha256', secret, 'buffer')
}
