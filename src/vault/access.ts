/**
 * Who may do what, decided in one place, where data is read. `requireVault`, `requireFolder` and `requireFile` answer
 * with a proof; the verbs of the domain take proofs, so that a record nobody asked for cannot be passed on.
 */

import { setImmediate } from 'node:timers/promises'
import { sql } from 'kysely'
import type { Scope } from '../api/tokens.ts'
import type { Role } from '../api/vaults.ts'
import type { Reader } from '../index/open.ts'
import { compile, fixed, q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import type { Core } from './core.ts'

/**
 * Who acts: a person, by a session or by a token, which can do what its scopes and, now, its owner can; or a guest behind a
 * link, who can do what the link and, now, its maker can.
 */
export interface Actor {
  /** Row number of the person; 0 for a guest, whom no row knows. */
  readonly no: number
  readonly id: string
  readonly email: string
  readonly name: string
  readonly admin: boolean
  /** The personal vault; null before it is made. */
  readonly vaultId: string | null
  /** Where the request came from; empty within the machine. */
  readonly address: string
  readonly by:
    | { readonly kind: 'session'; readonly id: string }
    | {
        readonly kind: 'token'
        readonly id: string
        readonly scopes: readonly Scope[]
        readonly vaultNo: number | null
      }
    | LinkReach
}

/** What a link reaches: one folder with all below it, or one file. */
export interface LinkReach {
  readonly kind: 'link'
  readonly shareNo: number
  readonly shareId: string
  readonly permission: 'view' | 'download' | 'edit'
  /** Whose rights bound it, and who owns what guests put there. */
  readonly makerNo: number
  readonly folderNo: number | null
  readonly fileNo: number | null
}

/** Row number of the person who owns what this actor puts somewhere. */
export function ownerNo(actor: Actor): number {
  return actor.by.kind === 'link' ? actor.by.makerNo : actor.no
}

/** What is read of a person with each request, and how. */
export interface PersonRow {
  no: number
  id: string
  email: string
  name: string
  admin: number
  vault_id: string | null
}
export const personColumns = `u.no, u.id, u.email, u.name, u.admin,
  (SELECT v.id FROM vault v WHERE v.owner_no = u.no AND v.kind = 'personal') AS vault_id`

export function personOf(row: PersonRow): Omit<Actor, 'by'> {
  const { no, id, email, name } = row
  return { no, id, email, name, admin: row.admin === 1, vaultId: row.vault_id, address: '' }
}

declare const proven: unique symbol

/** Something an actor was found to have `role` on. */
type Proof<T> = T & { readonly [proven]: true }

export interface VaultRecord {
  readonly no: number
  readonly id: string
  readonly kind: 'personal' | 'team'
  readonly role: Role
}
export interface FolderRecord {
  readonly no: number
  readonly id: string
  /** Empty for the top of a vault. */
  readonly name: string
  readonly parentNo: number | null
  readonly deletedAt: number | null
  readonly trashedWith: number | null
  readonly vault: VaultRecord
}
export interface FileRecord {
  readonly no: number
  readonly id: string
  readonly name: string
  readonly folderNo: number
  readonly version: number
  readonly deletedAt: number | null
  readonly trashedWith: number | null
  readonly vault: VaultRecord
}

export type VaultProof = Proof<VaultRecord>
export type FolderProof = Proof<FolderRecord>
export type FileProof = Proof<FileRecord>

const rank: Record<Role, number> = { viewer: 1, editor: 2, manager: 3 }

/** A vault the actor is a member of, with at least `role`. Not a member: not found; a lesser role: not allowed. */
export function requireVault(core: Core, actor: Actor, id: string, role: Role): VaultProof {
  const row = core.index.read.get(vaultOf(id, actor.no))
  if (!row || !reaches(actor, row.no)) throw new Problem('not-found', 'There is no such vault.')
  return proof(row, actor, row.role, role)
}

// Asked with every request, as are those of one file and one folder: their text is built once.
const vaultOf = fixed<Omit<VaultRecord, 'role'> & { role: Role }>(`
  SELECT vault.no, vault.id, vault.kind, member.role FROM vault JOIN member ON member.vault_no = vault.no
  WHERE vault.id = ? AND member.user_no = ?`)

/** The actor's own vault. */
export function requirePersonalVault(core: Core, actor: Actor, role: Role): VaultProof {
  if (actor.vaultId === null)
    throw new Problem('not-found', 'You have no personal vault yet. POST /api/storage/initialize makes it.')
  return requireVault(core, actor, actor.vaultId, role)
}

/** A folder in a vault the actor has at least `role` in, in the trash or not. The top of a vault has no id outside. */
export function requireFolder(core: Core, actor: Actor, id: string, role: Role): FolderProof {
  const row = core.index.read.get(oneFolder()(ownerNo(actor), id))
  return folderProof(core, row, actor, role)
}

/** Several folders that are not in the trash, in the order of `ids`; one that may not be seen refuses all. */
export function requireLiveFolders(core: Core, actor: Actor, ids: string[], role: Role): Promise<FolderProof[]> {
  return inTurns(ids, (some) => {
    const rows = core.index.read.all(foldersOf(ownerNo(actor)).where(sql<boolean>`folder.id IN ${listed(some)}`))
    const byId = new Map(rows.map((row) => [row.id, row]))
    return some.map((id) => requireLive(folderProof(core, byId.get(id), actor, role)))
  })
}

let ofFolder: ReturnType<typeof fixed<FoundIn<FolderRecord>>> | undefined
function oneFolder() {
  ofFolder ??= fixed(compile(foldersOf(0).where('folder.id', '=', '')).sql)
  return ofFolder
}

function foldersOf(userNo: number) {
  return q
    .selectFrom('folder')
    .innerJoin('vault', 'vault.no', 'folder.vault_no')
    .innerJoin('member', 'member.vault_no', 'vault.no')
    .select([
      'folder.no',
      'folder.id',
      'folder.name',
      'folder.parent_no as parentNo',
      'folder.deleted_at as deletedAt',
      'folder.trashed_with as trashedWith',
      ...vaultColumns,
    ])
    .where('folder.parent_no', 'is not', null)
    .where('member.user_no', '=', userNo)
}

function folderProof(core: Core, row: FoundIn<FolderRecord> | undefined, actor: Actor, role: Role): FolderProof {
  if (!row || !reaches(actor, row.vaultNo) || !isBehindLink(core, actor, row.no, row))
    throw new Problem('not-found', 'There is no such folder.')
  const { vaultNo, vaultId, kind, role: held, ...folder } = row
  return proof({ ...folder, vault: { no: vaultNo, id: vaultId, kind, role: held } }, actor, held, role)
}

/** A folder that something may be put into: as a member, or as a guest behind a link that lets guests do so. */
export function requireDrop(core: Core, actor: Actor, id: string): FolderProof {
  if (actor.by.kind !== 'link') return requireLive(requireFolder(core, actor, id, 'editor'))
  const folder = requireFolder(core, actor, id, 'viewer')
  if (actor.by.permission !== 'edit' || rank[folder.vault.role] < rank.editor)
    throw new Problem('not-allowed', 'Nothing can be put here through this link.')
  return folder
}

/** A folder to put something in: by id, or the top of the vault for null. Not one in the trash. */
export function requirePlace(core: Core, actor: Actor, vault: VaultProof, id: string | null | undefined): FolderProof {
  if (id === null || id === undefined || id === 'root') {
    const top = topOf(core.index.read, vault.no)
    return proof(
      { no: top.no, id: top.id, name: '', parentNo: null, deletedAt: null, trashedWith: null, vault },
      actor,
      vault.role,
      'editor',
    )
  }
  const folder = requireFolder(core, actor, id, 'editor')
  if (folder.vault.no !== vault.no) throw new Problem('not-found', 'There is no such folder in this vault.')
  if (folder.deletedAt !== null) throw new Problem('conflict', 'That folder is in the trash. Restore it first.')
  return folder
}

/** The top of a vault, for whoever was found to be a member of it, with the same rights. */
export function topFolder(core: Core, vault: VaultProof): FolderProof {
  const top: FolderRecord = {
    ...topOf(core.index.read, vault.no),
    name: '',
    parentNo: null,
    deletedAt: null,
    trashedWith: null,
    vault,
  }
  return top as FolderProof
}

/** A file in a vault the actor has at least `role` in, in the trash or not. */
export function requireFile(core: Core, actor: Actor, id: string, role: Role): FileProof {
  const row = core.index.read.get(oneFile()(ownerNo(actor), id))
  return fileProof(core, row, actor, role)
}

/** Several files that are not in the trash, in the order of `ids`; one that may not be seen refuses all. */
export function requireLiveFiles(core: Core, actor: Actor, ids: string[], role: Role): Promise<FileProof[]> {
  return inTurns(ids, (some) => {
    const rows = core.index.read.all(filesOf(ownerNo(actor)).where(sql<boolean>`file.id IN ${listed(some)}`))
    const byId = new Map(rows.map((row) => [row.id, row]))
    return some.map((id) => requireLive(fileProof(core, byId.get(id), actor, role)))
  })
}

let ofFile: ReturnType<typeof fixed<FoundIn<FileRecord>>> | undefined
function oneFile() {
  ofFile ??= fixed(compile(filesOf(0).where('file.id', '=', '')).sql)
  return ofFile
}

function filesOf(userNo: number) {
  return q
    .selectFrom('file')
    .innerJoin('vault', 'vault.no', 'file.vault_no')
    .innerJoin('member', 'member.vault_no', 'vault.no')
    .select([
      'file.no',
      'file.id',
      'file.name',
      'file.folder_no as folderNo',
      'file.version',
      'file.deleted_at as deletedAt',
      'file.trashed_with as trashedWith',
      ...vaultColumns,
    ])
    .where('member.user_no', '=', userNo)
}

function fileProof(core: Core, row: FoundIn<FileRecord> | undefined, actor: Actor, role: Role): FileProof {
  const isShared = actor.by.kind === 'link' && actor.by.fileNo === row?.no
  if (!row || !reaches(actor, row.vaultNo) || !isBehindLink(core, actor, isShared ? null : row.folderNo, row))
    throw new Problem('not-found', 'There is no such file.')
  const { vaultNo, vaultId, kind, role: held, ...file } = row
  return proof({ ...file, vault: { no: vaultNo, id: vaultId, kind, role: held } }, actor, held, role)
}

const vaultColumns = ['vault.no as vaultNo', 'vault.id as vaultId', 'vault.kind', 'member.role'] as const

/** A row as it is found, with the vault beside it. */
type FoundIn<T> = Omit<T, 'vault'> & { vaultNo: number; vaultId: string; kind: VaultRecord['kind']; role: Role }

function listed(values: string[]) {
  return sql`(SELECT value FROM json_each(${JSON.stringify(values)}))`
}

const idsAtOnce = 200 // about 3 ms

async function inTurns<T>(ids: string[], work: (some: string[]) => T[]): Promise<T[]> {
  const found: T[] = []
  for (let i = 0; i < ids.length; i += idsAtOnce) {
    if (i > 0) await setImmediate()
    found.push(...work(ids.slice(i, i + idsAtOnce)))
  }
  return found
}

/** A file that is not in the trash. */
export function requireLiveFile(core: Core, actor: Actor, id: string, role: Role): FileProof {
  return requireLive(requireFile(core, actor, id, role))
}

/** A folder that is not in the trash. */
export function requireLiveFolder(core: Core, actor: Actor, id: string, role: Role): FolderProof {
  return requireLive(requireFolder(core, actor, id, role))
}

function requireLive<T extends FileProof | FolderProof>(one: T): T {
  if (one.deletedAt === null) return one
  throw new Problem('conflict', `This ${'folderNo' in one ? 'file' : 'folder'} is in the trash. Restore it first.`)
}

/** Passes administrators, by session or by a token with the scope. */
export function requireAdmin(actor: Actor): void {
  if (!actor.admin) throw new Problem('not-allowed', 'Only administrators may do that.')
  requireScope(actor, 'admin')
}

/** Passes sessions, and tokens that were given the scope. */
export function requireScope(actor: Actor, scope: Scope): void {
  if (actor.by.kind === 'token' && !actor.by.scopes.includes(scope))
    throw new Problem('not-allowed', `This token has no "${scope}" scope. Make one that has.`)
}

/** The folder without a name that everything in a vault lies below. */
export function topOf(read: Reader, vaultNo: number): { no: number; id: string } {
  const top = read.get(
    q.selectFrom('folder').select(['no', 'id']).where('vault_no', '=', vaultNo).where('parent_no', 'is', null),
  )
  if (!top) throw new Error(`Vault ${vaultNo} has no top folder.`)
  return top
}

function reaches(actor: Actor, vaultNo: number): boolean {
  return actor.by.kind !== 'token' || actor.by.vaultNo === null || actor.by.vaultNo === vaultNo
}

/**
 * Whether a guest's link reaches a living thing that is the shared folder or lies in it; `folderNo` null: it is what is
 * shared. True for everybody else.
 */
function isBehindLink(
  core: Core,
  { by }: Actor,
  folderNo: number | null,
  { deletedAt }: { deletedAt: number | null },
): boolean {
  if (by.kind !== 'link') return true
  if (deletedAt !== null) return false
  return folderNo === null || (by.folderNo !== null && liesIn(core.index.read, folderNo, by.folderNo))
}

/** Whether a folder is another one or lies below it. */
export function liesIn(read: Reader, folderNo: number, topNo: number): boolean {
  return read.get(isBelow(folderNo, topNo)) !== undefined
}

const isBelow = fixed<{ no: number }>(`
  WITH RECURSIVE up (no, parent_no) AS (
    SELECT no, parent_no FROM folder WHERE no = ?
    UNION ALL SELECT f.no, f.parent_no FROM folder f JOIN up ON f.no = up.parent_no
  ) SELECT no FROM up WHERE no = ?`)

function proof<T>(record: T, actor: Actor, held: Role, needed: Role): Proof<T> {
  requireScope(actor, needed === 'viewer' ? 'read' : 'write')
  // Guests put things where they may; nothing that is there is theirs to change.
  if (actor.by.kind === 'link' && needed !== 'viewer')
    throw new Problem('not-allowed', 'A link gives what is there, and nobody changes it through one.')
  if (rank[held] < rank[needed])
    throw new Problem(
      'not-allowed',
      `You are a ${held} of this vault; that takes ${needed === 'editor' ? 'an' : 'a'} ${needed}.`,
    )
  return record as Proof<T>
}
