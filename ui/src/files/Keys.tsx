/** The keys, for those who ask. */
import { Fragment } from 'react'
import { Button } from '../kit/Button.tsx'
import { Dialog } from '../kit/Dialog.tsx'

const keys: [string, string][] = [
  ['/  or  Ctrl K', 'Search'],
  ['-word  ext:pdf  tag:"to pay"  size:>10mb', 'Leave out and filter, in the search field'],
  ['↑ ↓ ← →', 'Walk the list; with Shift, select'],
  ['Home, End, Page Up, Page Down', 'Walk further'],
  ['Enter', 'Open'],
  ['Space', 'Look at a file'],
  ['← →  in a preview', 'The file before, the file after'],
  ['Ctrl A', 'Select everything'],
  ['F2', 'Rename'],
  ['F', 'Favourite'],
  ['Delete', 'Put in the trash'],
  ['Shift F10', 'Menu of actions'],
  ['Escape', 'Select nothing, close'],
]

export function Keys({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title="Keys" onClose={onClose} actions={<Button onPress={onClose}>Close</Button>}>
      <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2">
        {keys.map(([key, does]) => (
          <Fragment key={key}>
            <dt className="font-medium text-text">{key}</dt>
            <dd>{does}</dd>
          </Fragment>
        ))}
      </dl>
    </Dialog>
  )
}
