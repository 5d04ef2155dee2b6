/** One link: its address, what it asks for, how often it was used, and what can be done about it. */
import { Copy, EllipsisVertical, Link2, PenLine, RefreshCw, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { Button as AriaButton } from 'react-aria-components/Button'
import { Button } from '../kit/Button.tsx'
import { useCopyText } from '../kit/copy.ts'
import { Question } from '../kit/Dialog.tsx'
import { formatCount, formatTime } from '../kit/format.ts'
import { type Actions, MenuButton } from '../kit/Menu.tsx'
import { useToast, useTold } from '../kit/Toast.tsx'
import { type Share, useChangeShare, useRemoveShare } from './queries.ts'
import { conditionsOf } from './words.ts'

export function ShareRow({ share, onChange, named }: { share: Share; onChange?: () => void; named?: boolean }) {
  const copy = useCopyText()
  const told = useTold()
  const show = useToast()
  const { mutateAsync: change } = useChangeShare()
  const { mutateAsync: remove } = useRemoveShare()
  const [revoking, setRevoking] = useState(false)
  const actions: Actions = [
    ...(onChange ? [{ id: 'change', label: 'Change it', icon: PenLine, act: onChange }] : []),
    {
      id: 'renew',
      label: 'New address',
      icon: RefreshCw,
      act: () =>
        told(
          change({ id: share.id, newCode: true }).then(() =>
            show({ text: 'The link has a new address; the old one leads nowhere.' }),
          ),
        ),
    },
    'line',
    { id: 'revoke', label: 'Take it back', icon: Trash2, danger: true, act: () => setRevoking(true) },
  ]
  const used = [
    share.viewCount > 0 ? `seen ${formatCount(share.viewCount, 'time')}` : 'not seen yet',
    ...(share.maxDownloads !== null
      ? [`${share.downloadCount} of ${formatCount(share.maxDownloads, 'download')}`]
      : share.downloadCount > 0
        ? [formatCount(share.downloadCount, 'download')]
        : []),
    ...(share.lastAccessedAt ? [`last ${formatTime(share.lastAccessedAt)}`] : []),
  ]
  return (
    <li className="flex flex-col gap-2 rounded-lg border border-line p-3">
      {named && <bdi className="truncate font-medium text-text">{share.name}</bdi>}
      <div className="flex items-center gap-2">
        <Link2 size={16} className="shrink-0 text-faint" aria-hidden />
        <code className="min-w-0 flex-1 truncate font-mono text-sm text-text select-all">{share.url}</code>
        <Button icon={Copy} onPress={() => copy(share.url)}>
          Copy
        </Button>
        <MenuButton actions={actions} label="This link">
          <AriaButton
            aria-label="More about this link"
            className="inline-flex size-8 shrink-0 items-center justify-center rounded-md text-soft hover:bg-hover"
          >
            <EllipsisVertical size={16} aria-hidden />
          </AriaButton>
        </MenuButton>
      </div>
      <p className="text-sm text-soft">{conditionsOf(share).join(' · ')}</p>
      <p className="text-sm text-faint">{used.join(' · ')}</p>
      {revoking && (
        <Question
          title="Take this link back?"
          act="Take it back"
          danger
          onAct={() => told(remove(share.id).then(() => show({ text: 'The link leads nowhere any more.' })))}
          onClose={() => setRevoking(false)}
        >
          Whoever has it cannot open it from now on, and downloads that are under way end.
        </Question>
      )}
    </li>
  )
}
