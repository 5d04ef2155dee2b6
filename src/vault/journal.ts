/** The journal of a vault: every change is one row with the next `seq`, in the transaction of the change. */
import type { Transaction } from '../index/open.ts'
import { fixed } from '../index/query.ts'
import type { Core } from './core.ts'

export type ChangeKind =
  | 'file_created'
  | 'file_updated'
  | 'file_deleted'
  | 'file_restored'
  | 'file_removed'
  | 'folder_created'
  | 'folder_updated'
  | 'folder_deleted'
  | 'folder_restored'
  | 'folder_removed'
  | 'vault_updated'

export interface Change {
  vaultNo: number
  kind: ChangeKind
  /** The id of the file, folder or vault. */
  subjectId: string
  userNo: number | null
}

const nextSeq = fixed<{ seq: number }>('UPDATE vault SET seq = seq + 1 WHERE no = ? RETURNING seq')
const insertChange = fixed(
  'INSERT INTO change (vault_no, seq, kind, subject_id, at, user_no) VALUES (?, ?, ?, ?, ?, ?)',
)

/** Records a change; listeners are woken once it is durable. Answers its `seq`. */
export function record(core: Core, tx: Transaction, { vaultNo, kind, subjectId, userNo }: Change): number {
  const next = tx.get(nextSeq(vaultNo))
  if (!next) throw new Error(`There is no vault ${vaultNo}.`)
  tx.run(insertChange(vaultNo, next.seq, kind, subjectId, core.now(), userNo))
  tx.onCommit(() => core.news.tell())
  return next.seq
}
