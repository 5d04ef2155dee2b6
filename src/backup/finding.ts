/** What an audit finds. Nothing here changes anything: a finding is a sentence, and the decision stays with people. */

/** One version of a file whose bytes are in question. */
export interface NamedVersion {
  vaultId: string
  fileId: string
  /** From the top of its vault; what lies in the trash says so. */
  path: string
  version: number
}

export type FindingKind =
  /** A version has no object, or a difference lacks its file or its base. */
  | 'missing'
  /** The bytes are not those that were stored: size or SHA-256 differ, or the disk cannot read them. */
  | 'damaged'
  /** Bytes that no row names. */
  | 'orphan'
  /** What an upload left in `incoming` or `uploads`. */
  | 'leftover'
  /** A kept total differs from what it counts. */
  | 'count'
  /** The journal of a vault has a gap. */
  | 'journal'
  /** Rows that are derived from others differ from them: tags, fields, words. */
  | 'derived'
  /** A row refers to what is not there, or two rows contradict each other. */
  | 'reference'
  /** The database file itself is damaged. */
  | 'structure'

export interface Finding {
  kind: FindingKind
  /** One line for people. */
  message: string
  vaultId?: string
  objectId?: string
  /** For `missing` and `damaged`: every version that is made of these bytes. */
  versions?: NamedVersion[]
}
