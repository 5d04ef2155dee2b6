/** Receipts: the maker of a link is told, a minute later and in one letter, what was fetched or dropped through it. */
import type { Transaction } from '../index/open.ts'
import { fixed, q } from '../index/query.ts'
import { enqueue } from '../index/queue.ts'
import type { Core } from './core.ts'
import { currentSettings } from './settings.ts'

const laterMs = 60_000
const mostLines = 200

const wish = fixed<{ id: string }>('SELECT id FROM share WHERE no = ? AND notify = 1')
const waiting = fixed<{ no: number }>(
  `SELECT no FROM job WHERE name = 'receipt' AND payload = ? AND dead_at IS NULL AND attempts = 0`,
)

/** Plans a receipt in the transaction of what it tells, where one is wished for and none waits. */
export function planReceipt(core: Core, tx: Transaction, shareNo: number): void {
  const share = tx.get(wish(shareNo))
  if (!share) return
  const payload = { shareId: share.id }
  if (!tx.get(waiting(JSON.stringify(payload))))
    enqueue(tx, { name: 'receipt', payload, priority: 6, runAt: core.now() + laterMs })
}

interface Wished {
  no: number
  told_no: number
  email: string
  name: string | null
}
const wishedBy = fixed<Wished>(`
  SELECT s.no, s.told_no, u.email, coalesce(file.name, folder.name) AS name
  FROM share s JOIN user u ON u.no = s.user_no AND u.disabled_at IS NULL
  LEFT JOIN file ON file.no = s.file_no LEFT JOIN folder ON folder.no = s.folder_no
  WHERE s.id = ? AND s.notify = 1`)

interface Line {
  no: number
  at: number
  act: 'download' | 'upload'
  who: string
  name: string
  address: string
  bytes: number | null
}
const linesOf = fixed<Line>(`
  SELECT no, at, act, who, name, address, bytes FROM event
  WHERE share_id = ? AND no > ? AND act IN ('download', 'upload') ORDER BY no LIMIT ${mostLines}`)

/** Tells what happened since the last receipt, by mail and to the address in the settings. Told twice rather than never. */
export async function sendReceipt(core: Core, shareId: string, signal: AbortSignal): Promise<void> {
  await core.events.flush()
  const share = core.index.read.get(wishedBy(shareId))
  if (!share) return
  const lines = core.index.read.all(linesOf(shareId, share.told_no))
  const last = lines.at(-1)
  if (!last) return
  const name = share.name ?? 'a link'
  await core.mail?.send({ to: share.email, subject: `Through your link to "${name}"`, text: letter(name, lines) })
  const { receiptWebhook } = currentSettings(core)
  if (receiptWebhook !== '')
    await post(receiptWebhook, { shareId, name, maker: share.email, events: lines.map(told) }, signal)
  await core.index.write((tx) => tx.run(q.updateTable('share').set({ told_no: last.no }).where('no', '=', share.no)))
}

function letter(name: string, lines: Line[]): string {
  const acts = { download: 'downloaded', upload: 'put in' }
  const rows = lines.map(
    ({ at, act, who, name: what, address, bytes }) =>
      `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')} UTC  ${who || 'somebody'} (${address}) ${acts[act]} "${what}"${bytes === null ? '' : `, ${bytes} bytes`}`,
  )
  return `What was done through your link to "${name}":\n\n${rows.join('\n')}\n\nYou get this because you wished to be told. It can be turned off where the link is changed.\n`
}

function told({ at, act, who, name, address, bytes }: Line): object {
  return { at: new Date(at).toISOString(), act, who, name, address, bytes }
}

async function post(url: string, body: object, signal: AbortSignal): Promise<void> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    redirect: 'error',
    signal: AbortSignal.any([signal, AbortSignal.timeout(10_000)]),
  })
  await answer.body?.cancel()
  if (!answer.ok) throw new Error(`${new URL(url).origin} answered ${answer.status} to a receipt.`)
}
