/** A file as the engine reads it from the index. */
import type { Connection } from '../../index/connection.ts'
import { foldedWords } from '../words.ts'

export interface Row {
  no: number
  folder_no: number
  name: string
  name_key: string
  name_sort: string
  extension: string
  kind: string
  size: number
  updated_at: number
  created_at: number
  tags: string
  metadata: string
}

export const columns =
  'no, folder_no, name, name_key, name_sort, extension, kind, size, updated_at, created_at, tags, metadata'

/** What a row says beside its columns. */
export interface Facts {
  tags: string[]
  /** `key NUL value`, each once. */
  fields: string[]
  nameWords: string[]
  otherWords: string[]
}

/** Between key and value of a field; neither can hold it. */
export const separator = '\u0000'

/** Tags, fields and words of a row, as the index's triggers derive them for SQL. */
export function factsOf(row: Row): Facts {
  const tags = row.tags === '[]' ? [] : (JSON.parse(row.tags) as string[])
  const fields = new Set<string>()
  const otherWords = tags.flatMap(foldedWords)
  if (row.metadata !== '{}')
    for (const [key, value] of Object.entries(JSON.parse(row.metadata) as Record<string, unknown>)) {
      for (const one of [value].flat()) fields.add(`${key}${separator}${String(one)}`)
      // SQL sees true as 1, and a list as its JSON.
      otherWords.push(...foldedWords(typeof value === 'boolean' ? String(Number(value)) : [value].flat().join(' ')))
    }
  return { tags: [...new Set(tags)], fields: [...fields], nameWords: foldedWords(row.name), otherWords }
}

/** The living files of a vault, by number. */
export function livingRows(db: Connection, vaultNo: number): IterableIterator<Row> {
  return db
    .prepare(`SELECT ${columns} FROM file WHERE vault_no = ? AND deleted_at IS NULL ORDER BY no`)
    .iterate(vaultNo) as IterableIterator<Row>
}
