/**
 * Walking what lies in a vault by pages, in an order that nothing but creation adds to: folders by row number, each with
 * its files. Pages see what is committed when each is read; what changes meanwhile is in the journal after the walk began.
 */
import { fixed } from '../index/query.ts'
import type { Core } from './core.ts'

/** Row numbers on one page; `next` is where to go on, and absent at the end. */
export interface Walked {
  folders: number[]
  files: number[]
  next?: number[]
}

interface Counted {
  no: number
  file_count: number
}

const inVault = fixed<Counted>(
  'SELECT no, file_count FROM folder WHERE vault_no = ? AND deleted_at IS NULL AND no >= ? ORDER BY no LIMIT ?',
)
const below = fixed<Counted>(`
  WITH RECURSIVE down (no, file_count) AS (
    SELECT no, file_count FROM folder WHERE no = ? AND deleted_at IS NULL
    UNION ALL SELECT f.no, f.file_count FROM down CROSS JOIN folder f ON f.parent_no = down.no WHERE f.deleted_at IS NULL
  ) SELECT no, file_count FROM down WHERE no >= ? ORDER BY no LIMIT ?`)
const filesOfAll = fixed<{ no: number }>(
  `SELECT f.no FROM json_each(?) d CROSS JOIN file f INDEXED BY file_f_created
   ON f.folder_no = d.value AND f.deleted_at IS NULL`,
)
const filesOfOne = fixed<{ no: number; created_at: number }>(`
  SELECT no, created_at FROM file INDEXED BY file_f_created WHERE folder_no = ? AND deleted_at IS NULL
  AND (created_at, no) > (?, ?) ORDER BY created_at, no LIMIT ?`)

/** Living folders and files: of a whole vault, or of one folder with all below it. `from` is empty or the `next` before. */
export async function walkLiving(
  core: Core,
  { vaultNo, folderNo }: { vaultNo: number; folderNo?: number },
  [at = 0, createdAt, fileNo]: readonly number[],
  most: number,
): Promise<Walked> {
  const folders = await core.index.readAway(
    folderNo === undefined ? inVault(vaultNo, at, most) : below(folderNo, at, most),
  )
  const walked: Walked = { folders: [], files: [] }
  const whole: number[] = []
  let room = most
  for (const folder of folders) {
    if (room <= 0) {
      walked.next = [folder.no]
      break
    }
    const isBegun = createdAt !== undefined && folder.no === at
    if (!isBegun) walked.folders.push(folder.no)
    if (!isBegun && folder.file_count < room) {
      whole.push(folder.no)
      room -= folder.file_count + 1
      continue
    }
    const after = isBegun ? [createdAt, fileNo ?? 0] : [-1, 0]
    const files = await core.index.readAway(filesOfOne(folder.no, ...after, room))
    const last = files.at(-1)
    walked.files.push(...files.map(({ no }) => no))
    if (last && files.length === room) {
      walked.next = [folder.no, last.created_at, last.no]
      break
    }
    room -= files.length + 1
  }
  const last = folders.at(-1)
  if (!walked.next && last && folders.length === most) walked.next = [last.no + 1]
  if (whole.length > 0)
    for (const { no } of await core.index.readAway(filesOfAll(JSON.stringify(whole)))) walked.files.push(no)
  return walked
}

const foldersTrashedWith = fixed<{ no: number }>(
  'SELECT no FROM folder WHERE trashed_with = ? AND no > ? ORDER BY no LIMIT ?',
)
const filesTrashedWith = fixed<{ no: number }>(
  'SELECT no FROM file WHERE trashed_with = ? AND no > ? ORDER BY no LIMIT ?',
)

/** What went to the trash with a folder, itself included. */
export async function walkTrashedWith(
  core: Core,
  folderNo: number,
  [phase = 0, after = 0]: readonly number[],
  most: number,
): Promise<Walked> {
  const query = phase === 0 ? foldersTrashedWith : filesTrashedWith
  const nos = (await core.index.readAway(query(folderNo, after, most))).map(({ no }) => no)
  const last = nos.at(-1)
  const isMore = last !== undefined && nos.length === most
  const next = isMore ? [phase, last] : phase === 0 ? [1, 0] : undefined
  return { folders: phase === 0 ? nos : [], files: phase === 0 ? [] : nos, ...(next ? { next } : {}) }
}

interface Trashed {
  no: number
  deleted_at: number
}
const foldersInTrash = fixed<Trashed>(`
  SELECT no, deleted_at FROM folder INDEXED BY folder_by_vault WHERE vault_no = ? AND deleted_at IS NOT NULL
  AND (deleted_at, no) > (?, ?) ORDER BY deleted_at, no LIMIT ?`)
const filesInTrash = fixed<Trashed>(`
  SELECT no, deleted_at FROM file INDEXED BY file_trash WHERE vault_no = ? AND deleted_at IS NOT NULL
  AND (deleted_at, no) > (?, ?) ORDER BY deleted_at, no LIMIT ?`)

/** Everything in the trash of a vault. */
export async function walkTrash(
  core: Core,
  vaultNo: number,
  [phase = 0, deletedAt = 0, no = 0]: readonly number[],
  most: number,
): Promise<Walked> {
  const query = phase === 0 ? foldersInTrash : filesInTrash
  const rows = await core.index.readAway(query(vaultNo, deletedAt, no, most))
  const nos = rows.map((row) => row.no)
  const last = rows.at(-1)
  const isMore = last !== undefined && rows.length === most
  const next = isMore ? [phase, last.deleted_at, last.no] : phase === 0 ? [1, 0, 0] : undefined
  return { folders: phase === 0 ? nos : [], files: phase === 0 ? [] : nos, ...(next ? { next } : {}) }
}
