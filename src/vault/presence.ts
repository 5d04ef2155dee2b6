/**
 * Whether the bytes are there that the index names. A volume that was restored only in part, or an index from another day, looks
 * right by its marker; removing what no row names, and acknowledging more, would then finish what went wrong.
 */
import { access } from 'node:fs/promises'
import { sql } from 'kysely'
import type { Index } from '../index/open.ts'
import { Problem } from '../problem.ts'
import type { Volume } from '../volume/volume.ts'

/** So many are looked at, by chance: enough to see one in a hundred missing, and done in some 20 ms. */
const looked = 1000
const mostMissing = { share: 0.01, count: 2 }

/** What is wrong, if more than one in a hundred of the versions that are looked at have no bytes. */
export async function missingBytes(volume: Volume, index: Index): Promise<Problem | undefined> {
  const rows = await index.readAway(
    sql<{ objectId: string; vaultId: string }>`
      SELECT DISTINCT v.object_id AS objectId, vault.id AS vaultId
      FROM version v JOIN file ON file.no = v.file_no JOIN vault ON vault.no = file.vault_no
      WHERE v.no IN (SELECT no FROM version WHERE (SELECT count(*) FROM (SELECT 1 FROM version LIMIT ${looked + 1})) <= ${looked}
        UNION SELECT 1 + abs(random() % (SELECT max(no) FROM version)) FROM (SELECT 1 FROM version LIMIT ${looked}))`,
  )
  const { layout } = volume
  const found = await Promise.all(
    rows.map(async (object) => (await isThere(layout.object(object))) || isThere(layout.delta(object))),
  )
  const missing = found.filter((there) => !there).length
  if (missing <= Math.max(mostMissing.count, rows.length * mostMissing.share)) return undefined
  return new Problem(
    'storage-unavailable',
    `Of ${rows.length} stored versions that were looked at, ${missing} have no bytes in ${volume.directory}. Nothing is written, and nothing is cleaned up. Bring back what is missing ("filevault verify --repair-from DIR"), or mount the right volume, and start again; to go on without it, set volume.accept_missing.`,
  )
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}
