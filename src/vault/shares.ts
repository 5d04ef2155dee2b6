/** Links, as the members see them who make them. What a link gives is decided in `access.ts`, who comes in by it in `guests.ts`. */
import { randomInt } from 'node:crypto'
import type { Share } from '../api/shares.ts'
import { newId } from '../index/ids.ts'
import type { Reader, Transaction } from '../index/open.ts'
import { q } from '../index/query.ts'
import type { Tables } from '../index/tables.ts'
import { Problem } from '../problem.ts'
import { type Actor, requireFile, requireFolder, requireLiveFile, requireLiveFolder, requireVault } from './access.ts'
import type { Core } from './core.ts'
import { endDeliveries } from './deliveries.ts'
import { writeEvent } from './events.ts'
import { timeOf } from './times.ts'
import { emailKey } from './users.ts'

export interface ShareConditions {
  permission?: Share['permission'] | undefined
  password?: string | null | undefined
  expiresAt?: string | null | undefined
  maxDownloads?: number | null | undefined
  requireEmail?: boolean | undefined
  allowedEmails?: string[] | undefined
  public?: boolean | undefined
  notify?: boolean | undefined
}

/** Makes a link to a living file or folder that the actor may edit. */
export async function createShare(
  core: Core,
  actor: Actor,
  input: ShareConditions & { fileId?: string | undefined; folderId?: string | undefined },
): Promise<Share> {
  const subject =
    input.fileId === undefined
      ? requireLiveFolder(core, actor, input.folderId ?? '', 'editor')
      : requireLiveFile(core, actor, input.fileId, 'editor')
  const isFile = 'folderNo' in subject
  const conditions = await columnsOf(core, input)
  requireSense({ ...blank, ...conditions }, isFile)
  const now = core.now()
  return core.index.write((tx) => {
    const row = tx.get(
      q
        .insertInto('share')
        .values({
          ...blank,
          ...conditions,
          id: newId(now),
          code: newCode(),
          vault_no: subject.vault.no,
          folder_no: isFile ? null : subject.no,
          file_no: isFile ? subject.no : null,
          user_no: actor.no,
          last_accessed_at: null,
          created_at: now,
          updated_at: now,
        })
        .returning(['no', 'id']),
    )
    if (!row) throw new Error('The link was not inserted.')
    log(core, tx, actor, 'share', { vaultNo: subject.vault.no, id: row.id, name: subject.name })
    return readShare(tx, row.no)
  })
}

/** One's own links; of a file, a folder or a vault. Managers see everybody's in their vault. */
export function listShares(
  core: Core,
  actor: Actor,
  of: { vaultId?: string | undefined; fileId?: string | undefined; folderId?: string | undefined },
): Share[] {
  let select = selectShares()
  let isManager = false
  const within = (vault: { no: number; role: string }) => {
    isManager = vault.role === 'manager'
    select = select.where('share.vault_no', '=', vault.no)
  }
  if (of.vaultId !== undefined) within(requireVault(core, actor, of.vaultId, 'viewer'))
  if (of.fileId !== undefined) {
    const file = requireFile(core, actor, of.fileId, 'viewer')
    within(file.vault)
    select = select.where('share.file_no', '=', file.no)
  }
  if (of.folderId !== undefined) {
    const folder = requireFolder(core, actor, of.folderId, 'viewer')
    within(folder.vault)
    select = select.where('share.folder_no', '=', folder.no)
  }
  if (!isManager) select = select.where('share.user_no', '=', actor.no)
  if (actor.by.kind === 'token' && actor.by.vaultNo !== null)
    select = select.where('share.vault_no', '=', actor.by.vaultNo)
  return core.index.read.all(select.orderBy('share.no', 'desc')).map((row) => toShare(row))
}

/** Changes a link of one's own, or in a vault that one manages. Who was let in before has to prove it again. */
export async function changeShare(
  core: Core,
  actor: Actor,
  id: string,
  change: ShareConditions & { newCode?: boolean | undefined },
): Promise<Share> {
  const { no } = requireShare(core, actor, id)
  const columns = await columnsOf(core, change)
  const share = await core.index.write((tx) => {
    const before = tx.get(q.selectFrom('share').selectAll().where('no', '=', no))
    if (!before) throw unknownShare()
    requireSense({ ...before, ...columns }, before.file_no !== null)
    tx.run(
      q
        .updateTable('share')
        .set({
          ...columns,
          ...(change.newCode ? { code: newCode() } : {}),
          epoch: before.epoch + 1,
          updated_at: core.now(),
        })
        .where('no', '=', no),
    )
    const after = readShare(tx, no)
    log(core, tx, actor, 'share', { vaultNo: before.vault_no, id, name: after.name })
    return after
  })
  endDeliveries(core, no)
  return share
}

/** Revokes a link; downloads through it end. */
export async function removeShare(core: Core, actor: Actor, id: string): Promise<void> {
  const { no } = requireShare(core, actor, id)
  await core.index.write((tx) => {
    const row = tx.get(selectShares().where('share.no', '=', no))
    if (!row) throw unknownShare()
    tx.run(q.deleteFrom('share').where('no', '=', no))
    log(core, tx, actor, 'unshare', { vaultNo: row.vault_no, id, name: nameOf(row) })
  })
  endDeliveries(core, no)
}

function requireShare(core: Core, actor: Actor, id: string): { no: number } {
  const row = core.index.read.get(
    q
      .selectFrom('share')
      .innerJoin('vault', 'vault.no', 'share.vault_no')
      .select(['share.no', 'share.user_no', 'vault.id as vault_id'])
      .where('share.id', '=', id),
  )
  if (!row) throw unknownShare()
  const vault = requireVaultOf(core, actor, row.vault_id)
  if (row.user_no !== actor.no && vault.role !== 'manager') throw unknownShare()
  return { no: row.no }
}

// Links are not found, where the vault is not; what a viewer once made as an editor is still theirs to take back.
function requireVaultOf(core: Core, actor: Actor, vaultId: string) {
  try {
    const vault = requireVault(core, actor, vaultId, 'viewer')
    if (actor.by.kind === 'token' && !actor.by.scopes.includes('write')) requireVault(core, actor, vaultId, 'editor')
    return vault
  } catch (error) {
    if (error instanceof Problem && error.code === 'not-found') throw unknownShare()
    throw error
  }
}

function unknownShare(): Problem {
  return new Problem('not-found', 'There is no such link.')
}

const blank = {
  permission: 'download' as const,
  password_hash: null,
  expires_at: null,
  max_downloads: null,
  require_email: 0,
  allowed_emails: '[]',
  is_public: 0,
  notify: 0,
}

type Conditions = Pick<Tables['share'], 'permission' | 'password_hash' | 'expires_at' | 'max_downloads'> & {
  require_email: number
  allowed_emails: string
  is_public: number
  notify: number
}

/** The columns that a wish names; hashing comes before any transaction. */
async function columnsOf(core: Core, wish: ShareConditions): Promise<Partial<Conditions>> {
  const { permission, password, expiresAt, maxDownloads, requireEmail, allowedEmails } = wish
  const columns: Partial<Conditions> = {}
  if (permission !== undefined) columns.permission = permission
  if (password !== undefined) columns.password_hash = password === null ? null : await core.passwords.hash(password)
  if (expiresAt !== undefined) columns.expires_at = expiresAt === null ? null : (timeOf(expiresAt, 'expiresAt') ?? null)
  if (columns.expires_at && columns.expires_at <= core.now()) {
    const message = 'That time is over. Choose a later one, or none.'
    throw new Problem('bad-input', message, { errors: [{ path: 'expiresAt', message }] })
  }
  if (maxDownloads !== undefined) columns.max_downloads = maxDownloads
  if (requireEmail !== undefined) columns.require_email = Number(requireEmail)
  if (allowedEmails !== undefined) columns.allowed_emails = JSON.stringify([...new Set(allowedEmails.map(emailKey))])
  if (wish.public !== undefined) columns.is_public = Number(wish.public)
  if (wish.notify !== undefined) columns.notify = Number(wish.notify)
  return columns
}

function requireSense(share: Conditions, isFile: boolean): void {
  const refuse = (path: string, message: string) => {
    throw new Problem('bad-input', message, { errors: [{ path, message }] })
  }
  if (isFile && share.permission === 'edit')
    refuse('permission', 'Guests can put files into a folder. Share the folder, or choose download.')
  if (share.is_public && (share.password_hash !== null || share.require_email || share.allowed_emails !== '[]'))
    refuse('public', 'What is public asks for nothing. Take password and addresses away, or do not make it public.')
}

const letters = '0123456789abcdefghjkmnpqrstvwxyz' // Crockford's: none that is taken for another

/** 26 letters of 32: 130 bits of chance. */
function newCode(): string {
  return Array.from({ length: 26 }, () => letters[randomInt(letters.length)]).join('')
}

function log(
  core: Core,
  tx: Transaction,
  actor: Actor,
  act: 'share' | 'unshare',
  { vaultNo, id, name }: { vaultNo: number; id: string; name: string },
): void {
  writeEvent(tx, core.now(), actor, { act, vaultNo, subjectId: id, name })
}

function readShare(read: Reader, no: number): Share {
  const row = read.get(selectShares().where('share.no', '=', no))
  if (!row) throw unknownShare()
  return toShare(row)
}

function selectShares() {
  return q
    .selectFrom('share')
    .innerJoin('vault', 'vault.no', 'share.vault_no')
    .innerJoin('user', 'user.no', 'share.user_no')
    .leftJoin('file', 'file.no', 'share.file_no')
    .leftJoin('folder', 'folder.no', 'share.folder_no')
    .selectAll('share')
    .select([
      'vault.id as vault_id',
      'user.id as user_id',
      'file.id as file_id',
      'file.name as file_name',
      'folder.id as folder_id',
      'folder.name as folder_name',
    ])
}

type ShareRow = NonNullable<ReturnType<typeof rowOf>>
const rowOf = (read: Reader) => read.get(selectShares())

function nameOf(row: { file_name: string | null; folder_name: string | null }): string {
  return row.file_name ?? row.folder_name ?? ''
}

function toShare(row: ShareRow): Share {
  const time = (at: number | null) => (at === null ? null : new Date(at).toISOString())
  return {
    id: row.id,
    shortCode: row.code,
    url: `/s/${row.code}`,
    vaultId: row.vault_id,
    fileId: row.file_id,
    folderId: row.folder_id,
    name: nameOf(row),
    permission: row.permission,
    expiresAt: time(row.expires_at),
    maxDownloads: row.max_downloads,
    downloadCount: row.download_count,
    viewCount: row.view_count,
    lastAccessedAt: time(row.last_accessed_at),
    hasPassword: row.password_hash !== null,
    requireEmail: row.require_email === 1,
    allowedEmails: JSON.parse(row.allowed_emails) as string[],
    public: row.is_public === 1,
    notify: row.notify === 1,
    createdBy: row.user_id,
    createdAt: new Date(row.created_at).toISOString(),
  }
}
