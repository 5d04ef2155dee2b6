/** The journal of a vault: every change is one row with the next `seq`, in the transaction of the change. */
import type { Transaction } from '../index/open.ts'
import { fixed } from '../index/query.ts'
import type { Actor } from './access.ts'
import type { Core } from './core.ts'
import { type Act, writeEvent } from './events.ts'
import { planReceipt } from './receipts.ts'

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
  /** What the access log calls it, where the kind alone does not say. */
  act?: Act
  /** For the access log: what the subject is called, and how many bytes came. */
  name?: string
  bytes?: number
}

const nextSeq = fixed<{ seq: number }>('UPDATE vault SET seq = seq + 1 WHERE no = ? RETURNING seq')
const insertChange = fixed(
  'INSERT INTO change (vault_no, seq, kind, subject_id, at, user_no) VALUES (?, ?, ?, ?, ?, ?)',
)

const actOf: Record<ChangeKind, Act> = {
  file_created: 'upload',
  file_updated: 'change',
  file_deleted: 'delete',
  file_restored: 'restore',
  file_removed: 'remove',
  folder_created: 'create',
  folder_updated: 'change',
  folder_deleted: 'delete',
  folder_restored: 'restore',
  folder_removed: 'remove',
  vault_updated: 'vault',
}

/**
 * Records a change of somebody, or of the machine (null), and in the same transaction the line of the access log; listeners
 * are woken once it is durable. Answers its `seq`.
 */
export function record(core: Core, tx: Transaction, actor: Actor | null, change: Change): number {
  const { vaultNo, kind, subjectId } = change
  const next = tx.get(nextSeq(vaultNo))
  if (!next) throw new Error(`There is no vault ${vaultNo}.`)
  tx.run(
    insertChange(vaultNo, next.seq, kind, subjectId, core.now(), actor === null || actor.no === 0 ? null : actor.no),
  )
  if (actor) writeEvent(tx, core.now(), actor, { ...change, act: change.act ?? actOf[kind] })
  if (actor?.by.kind === 'link') planReceipt(core, tx, actor.by.shareNo)
  tx.onCommit(() => core.news.tell())
  return next.seq
}
