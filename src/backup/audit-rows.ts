/**
 * The part of the audit that asks the index alone: does it hold together, and are its totals what they count? Each check
 * is one statement and so sees one moment, also beside a server that goes on writing.
 */
import { type RawBuilder, sql } from 'kysely'
import { Reading } from '../index/reading.ts'
import type { Core } from '../vault/core.ts'
import type { Finding, FindingKind } from './finding.ts'

interface Check {
  kind: FindingKind
  /** What a row means; `subject` is put behind it. */
  means: string
  rows: RawBuilder<{ subject: string; vaultId: string | null }>
}

/** More of one kind say no more than these. */
const mostOfOne = 100

/** Every disagreement in the index. */
export async function* auditRows(core: Core, signal: AbortSignal): AsyncGenerator<Finding> {
  // On a connection of its own: these are long, and FTS5 on one that read words before calls what was written since damaged.
  await using reading = new Reading(core.volume.indexPath)
  for (const { kind, means, rows } of checks) {
    signal.throwIfAborted()
    const found = await reading.all(sql<{ subject: string; vaultId: string | null }>`
      SELECT subject, vaultId FROM (${rows}) LIMIT ${mostOfOne}`)
    for (const { subject, vaultId } of found)
      yield { kind, message: `${means}: ${subject}`, ...(vaultId === null ? {} : { vaultId }) }
  }
}

const checks: Check[] = [
  {
    kind: 'structure',
    means: 'The database is damaged',
    rows: rows(sql`SELECT quick_check AS subject, NULL AS vaultId FROM pragma_quick_check WHERE quick_check <> 'ok'`),
  },
  {
    kind: 'reference',
    means: 'A row refers to one that is not there',
    rows: rows(
      sql`SELECT "table" || ' ' || coalesce(rowid, '') || ' → ' || parent AS subject, NULL AS vaultId FROM pragma_foreign_key_check`,
    ),
  },
  {
    kind: 'reference',
    means: 'A vault has no top, or several',
    rows: rows(sql`SELECT v.id AS subject, v.id AS vaultId FROM vault v
      WHERE (SELECT count(*) FROM folder f WHERE f.vault_no = v.no AND f.parent_no IS NULL) <> 1`),
  },
  {
    kind: 'reference',
    means: 'A file or folder lies in a folder of another vault, or lives in one that is in the trash',
    rows: rows(sql`
      SELECT 'file ' || f.id AS subject, v.id AS vaultId FROM file f JOIN folder d ON d.no = f.folder_no JOIN vault v ON v.no = f.vault_no
      WHERE f.vault_no <> d.vault_no OR (f.deleted_at IS NULL AND d.deleted_at IS NOT NULL)
      UNION ALL
      SELECT 'folder ' || c.id, v.id FROM folder c JOIN folder d ON d.no = c.parent_no JOIN vault v ON v.no = c.vault_no
      WHERE c.vault_no <> d.vault_no OR (c.deleted_at IS NULL AND d.deleted_at IS NOT NULL)`),
  },
  {
    kind: 'reference',
    means: 'A file differs from its newest version',
    rows: rows(sql`SELECT f.id AS subject, v.id AS vaultId FROM file f JOIN vault v ON v.no = f.vault_no
      LEFT JOIN version n ON n.file_no = f.no AND n.number = f.version
      WHERE n.no IS NULL OR n.size <> f.size OR n.sha256 <> f.sha256 OR n.vault_no <> f.vault_no`),
  },
  {
    kind: 'reference',
    means: 'A version is not of the vault of its file',
    rows: rows(sql`SELECT f.id || ' version ' || n.number AS subject, v.id AS vaultId FROM version n
      JOIN file f ON f.no = n.file_no JOIN vault v ON v.no = n.vault_no WHERE n.vault_no <> f.vault_no`),
  },
  {
    kind: 'reference',
    means: 'A packed object is named by no version and by no difference',
    rows: rows(sql`SELECT p.object_id AS subject, NULL AS vaultId FROM packed p
      WHERE NOT EXISTS (SELECT 1 FROM version n WHERE n.object_id = p.object_id)
        AND NOT EXISTS (SELECT 1 FROM packed o WHERE o.base_id = p.object_id)
        AND NOT EXISTS (SELECT 1 FROM garbage g WHERE g.object_id = p.object_id)`),
  },
  {
    kind: 'count',
    means: 'The totals of a vault are not what they count',
    rows: rows(sql`
      SELECT v.id || ' (' || concat_ws(', ',
          iif(used_bytes <> used, 'used_bytes ' || used_bytes || ' for ' || used, NULL),
          iif(file_count <> files, 'file_count ' || file_count || ' for ' || files, NULL),
          iif(trash_bytes <> trashed, 'trash_bytes ' || trash_bytes || ' for ' || trashed, NULL),
          iif(trash_count <> trash, 'trash_count ' || trash_count || ' for ' || trash, NULL),
          iif(reserved_bytes <> reserved, 'reserved_bytes ' || reserved_bytes || ' for ' || reserved, NULL)) || ')' AS subject,
        v.id AS vaultId
      FROM (SELECT vault.*,
          (SELECT coalesce(sum(stored_bytes), 0) FROM version WHERE vault_no = vault.no) AS used,
          (SELECT count(*) FROM file WHERE vault_no = vault.no AND deleted_at IS NULL) AS files,
          (SELECT coalesce(sum(stored_bytes), 0) FROM file WHERE vault_no = vault.no AND deleted_at IS NOT NULL) AS trashed,
          (SELECT count(*) FROM file WHERE vault_no = vault.no AND deleted_at IS NOT NULL) AS trash,
          (SELECT coalesce(sum(size), 0) FROM upload WHERE vault_no = vault.no AND file_id IS NULL) AS reserved
        FROM vault) v
      WHERE used_bytes <> used OR file_count <> files OR trash_bytes <> trashed OR trash_count <> trash OR reserved_bytes <> reserved`),
  },
  {
    kind: 'count',
    means: 'The stored bytes of a file are not those of its versions',
    rows: rows(sql`SELECT f.id AS subject, v.id AS vaultId FROM file f JOIN vault v ON v.no = f.vault_no
      WHERE f.stored_bytes <> (SELECT coalesce(sum(stored_bytes), 0) FROM version WHERE file_no = f.no)`),
  },
  {
    kind: 'count',
    means: 'The counts of a folder are not what lies in it',
    rows: rows(sql`SELECT d.id AS subject, v.id AS vaultId FROM folder d JOIN vault v ON v.no = d.vault_no
      WHERE d.file_count <> (SELECT count(*) FROM file WHERE folder_no = d.no AND deleted_at IS NULL)
         OR d.folder_count <> (SELECT count(*) FROM folder c WHERE c.parent_no = d.no AND c.deleted_at IS NULL)`),
  },
  {
    kind: 'journal',
    means: 'The journal of a vault has a gap',
    rows: rows(sql`SELECT v.id || ' (' || n || ' rows, ' || first || ' to ' || last || ', newest change ' || v.seq || ')' AS subject, v.id AS vaultId
      FROM (SELECT vault.id, vault.seq, count(c.no) AS n, coalesce(min(c.seq), 0) AS first, coalesce(max(c.seq), 0) AS last
            FROM vault LEFT JOIN change c ON c.vault_no = vault.no GROUP BY vault.no) v
      WHERE (n > 0 AND (n <> last - first + 1 OR v.seq <> last))`),
  },
  derived('A file has other tags in its row than in the filter', 'file', [
    sql`SELECT f.no, t.value AS a, '' AS b FROM file f JOIN json_each(f.tags) t`,
    sql`SELECT file_no, tag, '' FROM file_tag`,
  ]),
  derived('A file has other metadata in its row than in the filter', 'file', [
    sql`SELECT f.no, field.key AS a,
        CASE field.type WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(coalesce(item.value, field.value) AS TEXT) END AS b
      FROM file f JOIN json_each(f.metadata) field LEFT JOIN json_each(iif(field.type = 'array', field.value, '[]')) item
      WHERE field.type <> 'array' OR item.value IS NOT NULL`,
    sql`SELECT file_no, key, value FROM file_field`,
  ]),
  derived('A file lives and cannot be found by its words, or the other way round', 'file', [
    sql`SELECT no, '' AS a, '' AS b FROM file WHERE deleted_at IS NULL`,
    sql`SELECT rowid, '', '' FROM file_fts`,
  ]),
  derived('A folder lives and cannot be found by its words, or the other way round', 'folder', [
    sql`SELECT no, '' AS a, '' AS b FROM folder WHERE deleted_at IS NULL`,
    sql`SELECT rowid, '', '' FROM folder_fts`,
  ]),
]

/** Two sets that have to be the same. */
function derived(
  means: string,
  table: 'file' | 'folder',
  [truth, copy]: [RawBuilder<unknown>, RawBuilder<unknown>],
): Check {
  return {
    kind: 'derived',
    means,
    rows: rows(sql`SELECT coalesce(s.id, 'row ' || d.no) AS subject, v.id AS vaultId
      FROM (SELECT DISTINCT no FROM (SELECT * FROM (SELECT * FROM (${truth}) EXCEPT SELECT * FROM (${copy}))
            UNION ALL SELECT * FROM (SELECT * FROM (${copy}) EXCEPT SELECT * FROM (${truth})))) d
      LEFT JOIN ${sql.table(table)} s ON s.no = d.no LEFT JOIN vault v ON v.no = s.vault_no`),
  }
}

function rows(query: RawBuilder<unknown>): Check['rows'] {
  return query as Check['rows']
}
