/**
 * A whole vault as lines of JSON. Pages are read and written as text on the reading thread; this one only hands them on.
 * What changes meanwhile is told by the changes since the `lastSync` of the first line, as walking.ts says.
 */
import { fixed } from '../index/query.ts'
import { type Actor, requireVault, type VaultProof } from './access.ts'
import { newestSeq } from './changes.ts'
import type { Core } from './core.ts'
import { writePosition } from './positions.ts'
import { type Walked, walkLiving, walkTrash } from './walking.ts'

/** About 1 MB of lines and 20 ms of the reading thread, which others wait for too. */
const rowsAtOnce = 2000

/** The lines, page by page. Throws at once when the vault may not be seen, and later when it may not be seen any more. */
export function snapshotOf(
  core: Core,
  actor: Actor,
  vaultId: string,
  { includeDeleted }: { includeDeleted: boolean },
): AsyncGenerator<string> {
  const vault = requireVault(core, actor, vaultId, 'viewer')
  const lastSync = writePosition({ seq: newestSeq(core, vault.no) })
  return linesOf(core, actor, vault, lastSync, includeDeleted)
}

async function* linesOf(
  core: Core,
  actor: Actor,
  vault: VaultProof,
  lastSync: string,
  includeDeleted: boolean,
): AsyncGenerator<string> {
  const createdAt = new Date(core.now()).toISOString()
  yield `${JSON.stringify({ type: 'snapshot', vaultId: vault.id, lastSync, createdAt, includeDeleted })}\n`
  const counts = { files: 0, folders: 0 }
  for (const isTrash of includeDeleted ? [false, true] : [false]) {
    let page: Promise<Page> | undefined = pageAt(core, actor, vault, isTrash, [])
    while (page) {
      const { text, folders, files, next }: Page = await page
      requireVault(core, actor, vault.id, 'viewer')
      // The next page is read while this one is compressed and sent.
      page = next && pageAt(core, actor, vault, isTrash, next)
      page?.catch(() => {}) // nobody waits for it when the client goes away
      counts.files += files
      counts.folders += folders
      if (text !== '') yield text
    }
  }
  yield `${JSON.stringify({ type: 'end', ...counts })}\n`
}

interface Page {
  text: string
  folders: number
  files: number
  next: number[] | undefined
}

async function pageAt(
  core: Core,
  actor: Actor,
  vault: VaultProof,
  isTrash: boolean,
  from: readonly number[],
): Promise<Page> {
  const { folders, files, next }: Walked = isTrash
    ? await walkTrash(core, vault.no, from, rowsAtOnce)
    : await walkLiving(core, { vaultNo: vault.no }, from, rowsAtOnce)
  const [ofFolders, ofFiles] = await Promise.all([
    read(core, foldersAsLines, folders, vault, isTrash),
    read(core, filesAsLines, files, vault, isTrash, actor.no),
  ])
  const text = [ofFolders, ofFiles].map(({ lines }) => (lines === null ? '' : `${lines}\n`)).join('')
  return { text, folders: ofFolders.n, files: ofFiles.n, next }
}

interface Lines {
  lines: string | null
  n: number
}

async function read(
  core: Core,
  query: ReturnType<typeof fixed<Lines>>,
  nos: number[],
  vault: VaultProof,
  isTrash: boolean,
  ...more: number[]
): Promise<Lines> {
  if (nos.length === 0) return { lines: null, n: 0 }
  const list = JSON.stringify(nos)
  const [row] = await core.index.readAway(query(list, vault.id, list, ...more, vault.no, isTrash ? 1 : 0))
  return row ?? { lines: null, n: 0 }
}

const time = (column: string) =>
  `iif(${column} IS NULL, NULL, strftime('%Y-%m-%dT%H:%M:%fZ', ${column} / 1000.0, 'unixepoch'))`

/** The path of each wanted folder, empty for the top. */
const placesOf = (wanted: string) => `
  wanted (no) AS MATERIALIZED (${wanted}),
  up (start, parent_no, path) AS (
    SELECT f.no, f.parent_no, iif(f.parent_no IS NULL, '', '/' || f.name) FROM wanted CROSS JOIN folder f ON f.no = wanted.no
    UNION ALL
    SELECT up.start, f.parent_no, iif(f.parent_no IS NULL, up.path, '/' || f.name || up.path)
    FROM up CROSS JOIN folder f ON f.no = up.parent_no
  ),
  place (no, path) AS MATERIALIZED (SELECT start, path FROM up WHERE parent_no IS NULL)`

// The shapes are those of api/folders.ts and api/files.ts; the test holds both against each other.
const foldersAsLines = fixed<Lines>(`
  WITH RECURSIVE ${placesOf('SELECT value FROM json_each(?)')}
  SELECT count(*) AS n, group_concat(json_object(
    'type', 'folder', 'id', f.id, 'vaultId', ?, 'parentId', iif(above.parent_no IS NULL, NULL, above.id), 'name', f.name,
    'path', place.path, 'color', f.color, 'icon', f.icon, 'fileCount', f.file_count, 'folderCount', f.folder_count,
    'createdAt', ${time('f.created_at')}, 'updatedAt', ${time('f.updated_at')}, 'deletedAt', ${time('f.deleted_at')}
  ), char(10)) AS lines
  FROM json_each(?) listed CROSS JOIN folder f ON f.no = listed.value
  JOIN folder above ON above.no = f.parent_no
  JOIN place ON place.no = f.no
  WHERE f.vault_no = ? AND (f.deleted_at IS NOT NULL) = ?`)

const filesAsLines = fixed<Lines>(`
  WITH RECURSIVE ${placesOf('SELECT DISTINCT folder_no FROM json_each(?) listed CROSS JOIN file ON file.no = listed.value')}
  SELECT count(*) AS n, group_concat(json_object(
    'type', 'file', 'id', f.id, 'vaultId', ?, 'folderId', iif(d.parent_no IS NULL, NULL, d.id), 'name', f.name,
    'path', place.path || '/' || f.name, 'size', f.size, 'mimeType', f.mime_type, 'kind', f.kind,
    'extension', f.extension, 'sha256', lower(hex(f.sha256)), 'version', f.version, 'width', f.width, 'height', f.height,
    'duration', f.duration, 'thumbnail', f.thumbnail, 'tags', json(f.tags), 'metadata', json(f.metadata),
    'favorite', json(iif(favorite.user_no IS NULL, 'false', 'true')), 'package', f.package, 'ownerId', owner.id,
    'createdAt', ${time('f.created_at')}, 'updatedAt', ${time('f.updated_at')}, 'deletedAt', ${time('f.deleted_at')}
  ), char(10)) AS lines
  FROM json_each(?) listed CROSS JOIN file f ON f.no = listed.value
  JOIN folder d ON d.no = f.folder_no
  JOIN place ON place.no = f.folder_no
  JOIN user owner ON owner.no = f.owner_no
  LEFT JOIN favorite ON favorite.file_no = f.no AND favorite.user_no = ?
  WHERE f.vault_no = ? AND (f.deleted_at IS NOT NULL) = ?`)
