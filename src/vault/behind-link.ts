/** What a guest sees and does behind a link: the verbs that members use, with paths from the shared folder on for ids. */
import { sql } from 'kysely'
import type { File } from '../api/files.ts'
import type { GuestFile, GuestFolder, GuestShare } from '../api/shares.ts'
import type { Reader } from '../index/open.ts'
import { fixed, q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import { type FileProof, type FolderProof, requireDrop, requireLiveFile, requireLiveFolder } from './access.ts'
import type { Archive, Archives } from './archives.ts'
import { type Content, contentOfVersion } from './contents.ts'
import type { Core } from './core.ts'
import { readFile, selectFiles, toFile } from './files.ts'
import { listFoldersIn, readFolder } from './folders.ts'
import { countView, type Guest } from './guests.ts'
import { listFilesIn } from './listing.ts'
import { cleanPath, nameKey } from './names.ts'
import { folderAt, foldersBelow, liveFileAt, pathsOf } from './places.ts'

/** The shared thing itself. Looking at it counts as a view. */
export function showShare(core: Core, guest: Guest): GuestShare {
  const { fileId, folderId } = guest
  const file =
    fileId === null
      ? undefined
      : readFile(core.index.read, guest.actor, requireLiveFile(core, guest.actor, fileId, 'viewer').no)
  const folder =
    folderId === null
      ? undefined
      : readFolder(core.index.read, requireLiveFolder(core, guest.actor, folderId, 'viewer').no)
  const name = file?.name ?? folder?.name ?? ''
  countView(core, guest, name)
  return {
    shortCode: guest.code,
    name,
    isFolder: folder !== undefined,
    permission: guest.actor.by.permission,
    expiresAt: guest.expiresAt === null ? null : new Date(guest.expiresAt).toISOString(),
    downloadsLeft: guest.downloadsLeft,
    email: guest.actor.email === '' ? null : guest.actor.email,
    size: file?.size ?? null,
    mimeType: file?.mimeType ?? null,
    kind: file?.kind ?? null,
    thumbnail: file?.thumbnail ?? null,
    updatedAt: file?.updatedAt ?? folder?.updatedAt ?? '',
  }
}

export interface GuestPage {
  folders: GuestFolder[]
  files: GuestFile[]
  nextCursor: string | null
  hasMore: boolean
}

/** What lies in the shared folder, or in one below it. */
export async function listBehind(
  core: Core,
  guest: Guest,
  query: { path?: string | undefined; cursor?: string | undefined; limit?: number | undefined },
): Promise<GuestPage> {
  const found = at(core, guest, query.path)
  if (!('folder' in found)) throw nothingThere()
  const { folder } = found
  const base = basePath(core, guest)
  const folders = query.cursor === undefined ? await listFoldersIn(core, folder) : []
  const page = await listFilesIn(core, guest.actor, folder, { cursor: query.cursor, limit: query.limit })
  return {
    folders: folders.map(({ path, name, fileCount, folderCount }) => ({
      path: path.slice(base.length),
      name,
      fileCount,
      folderCount,
    })),
    files: page.files.map((file) => toGuestFile(file, base)),
    nextCursor: page.nextCursor,
    hasMore: page.hasMore,
  }
}

/**
 * The first hundred files below the shared folder whose names have every word. Names alone, by their letters: the search of
 * members knows tags, metadata and the folders above, and would tell of them whoever asks often enough.
 */
export async function searchBehind(
  core: Core,
  guest: Guest,
  text: string,
): Promise<{ files: GuestFile[]; total: number }> {
  const found = at(core, guest, undefined)
  if (!('folder' in found)) throw nothingThere()
  const words = text
    .split(/\s+/)
    .map(nameKey)
    .filter((word) => word !== '')
  if (words.length === 0) return { files: [], total: 0 }
  const folders = JSON.stringify(foldersBelow(core.index.read, found.folder.no).map(({ no }) => no))
  const matching = sql<boolean>`file.folder_no IN (SELECT value FROM json_each(${folders})) AND file.deleted_at IS NULL
    AND ${sql.join(
      words.slice(0, 20).map((word) => sql`instr(file.name_key, ${word}) > 0`),
      sql` AND `,
    )}`
  const [count] = await core.index.readAway(
    sql<{ total: number }>`SELECT count(*) AS total FROM file WHERE ${matching}`,
  )
  const rows = await core.index.readAway(
    selectFiles(guest.actor.no).where(matching).orderBy('file.name_sort').orderBy('file.no').limit(100),
  )
  const paths = pathsOf(core.index.read)
  const base = basePath(core, guest)
  return { files: rows.map((row) => toGuestFile(toFile(row, paths), base)), total: count?.total ?? 0 }
}

/** What is downloaded: a file, or a folder as an archive. `not-allowed` where the link only shows. */
export async function downloadBehind(
  core: Core,
  archives: Archives,
  guest: Guest,
  path: string | undefined,
): Promise<{ id: string; content: Content } | { id: string; archive: Archive }> {
  const found = at(core, guest, path)
  if (guest.actor.by.permission === 'view')
    throw new Problem('not-allowed', 'This link is for looking. Ask whoever sent it for one that lets you download.')
  if ('file' in found) return { id: found.file.id, content: contentOfVersion(core, found.file, found.file.version) }
  return { id: found.folder.id, archive: await archives.ofFolder(guest.actor, found.folder.id) }
}

/** A file to be shown in the page. */
export function fileBehind(core: Core, guest: Guest, path: string | undefined): { id: string; content: Content } {
  const found = at(core, guest, path)
  if (!('file' in found)) throw nothingThere()
  return { id: found.file.id, content: contentOfVersion(core, found.file, found.file.version) }
}

/** Where a guest's upload goes: the shared folder, the folders below it (made where they are missing), and its name. */
export function dropBehind(
  core: Core,
  guest: Guest,
  path: string,
): { folderId: string; path: string | undefined; name: string } {
  const names = cleanPath(path)
  const name = names.pop()
  if (name === undefined || guest.folderId === null) throw nothingThere()
  const { id } = requireDrop(core, guest.actor, guest.folderId)
  return { folderId: id, path: names.length === 0 ? undefined : names.join('/'), name }
}

export function guestFile(core: Core, guest: Guest, file: File): GuestFile {
  return toGuestFile(file, basePath(core, guest))
}

/** Folders and files that were made public, by name. */
export function listPublic(core: Core): { shortCode: string; name: string; isFolder: boolean; updatedAt: string }[] {
  return core.index.read.all(publicShares(core.now())).map(({ code, name, is_folder, updated_at }) => ({
    shortCode: code,
    name,
    isFolder: is_folder === 1,
    updatedAt: new Date(updated_at).toISOString(),
  }))
}

const publicShares = fixed<{ code: string; name: string; is_folder: number; updated_at: number }>(`
  SELECT s.code, coalesce(folder.name, file.name) AS name, folder.no IS NOT NULL AS is_folder,
    coalesce(folder.updated_at, file.updated_at) AS updated_at
  FROM share s JOIN user u ON u.no = s.user_no AND u.disabled_at IS NULL
  JOIN member m ON m.vault_no = s.vault_no AND m.user_no = s.user_no
  LEFT JOIN file ON file.no = s.file_no AND file.deleted_at IS NULL
  LEFT JOIN folder ON folder.no = s.folder_no AND folder.deleted_at IS NULL
  WHERE s.is_public = 1 AND (s.expires_at IS NULL OR s.expires_at > ?) AND (file.no IS NOT NULL OR folder.no IS NOT NULL)
  ORDER BY coalesce(folder.name_sort, file.name_sort) LIMIT 1000`)

/** What stands at a path from the shared folder on; of a shared file there is nothing but itself. */
function at(core: Core, guest: Guest, path: string | undefined): { file: FileProof } | { folder: FolderProof } {
  const { actor, fileId, folderId: topId } = guest
  const names = pathOf(path)
  if (fileId !== null) {
    if (names.length > 0) throw nothingThere()
    return { file: requireLiveFile(core, actor, fileId, 'viewer') }
  }
  const top = requireLiveFolder(core, actor, topId ?? '', 'viewer')
  const { read } = core.index
  const no = folderAt(read, top.no, names)
  if (no === top.no) return { folder: top }
  if (no !== undefined) return { folder: requireLiveFolder(core, actor, folderId(read, no), 'viewer') }
  const above = folderAt(read, top.no, names.slice(0, -1))
  const file = above === undefined ? undefined : liveFileAt(read, above, names.at(-1) ?? '')
  if (!file) throw nothingThere()
  return { file: requireLiveFile(core, actor, file.id, 'viewer') }
}

// A path that no name could have is one where nothing is: which it is, nobody has to know.
function pathOf(path: string | undefined): string[] {
  try {
    return cleanPath(path ?? '')
  } catch {
    throw nothingThere()
  }
}

function folderId(read: Reader, no: number): string {
  return read.get(q.selectFrom('folder').select('id').where('no', '=', no))?.id ?? ''
}

function basePath(core: Core, guest: Guest): string {
  const { folderNo } = guest.actor.by
  return folderNo === null ? '' : pathsOf(core.index.read)(folderNo)
}

function nothingThere(): Problem {
  return new Problem('not-found', 'There is no such file or folder behind this link.')
}

function toGuestFile(file: File, base: string): GuestFile {
  const { name, size, mimeType, kind, extension, width, height, duration, thumbnail, updatedAt } = file
  const path = file.path.startsWith(`${base}/`) ? file.path.slice(base.length) : `/${name}`
  return { path, name, size, mimeType, kind, extension, width, height, duration, thumbnail, updatedAt }
}
