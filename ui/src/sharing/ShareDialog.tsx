/** Links to one file or folder: those that there are, and making another. */
import { Plus } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../kit/Button.tsx'
import { Dialog } from '../kit/Dialog.tsx'
import { FailedState } from '../kit/states.tsx'
import { type Share, type Shared, useShares } from './queries.ts'
import { ShareForm } from './ShareForm.tsx'
import { ShareRow } from './ShareRow.tsx'

export function ShareDialog({ shared, name, onClose }: { shared: Shared; name: string; onClose: () => void }) {
  const { data, error, refetch } = useShares(shared)
  const [form, setForm] = useState<'new' | Share>()
  const isFolder = 'folderId' in shared
  if (form || data?.length === 0)
    return (
      <ShareForm
        shared={shared}
        name={name}
        isFolder={isFolder}
        share={form === 'new' ? undefined : form}
        onDone={() => setForm(undefined)}
        onClose={data?.length === 0 ? onClose : () => setForm(undefined)}
      />
    )
  return (
    <Dialog
      wide
      title={`Links to "${name}"`}
      onClose={onClose}
      actions={
        <>
          <Button icon={Plus} onPress={() => setForm('new')}>
            Another link
          </Button>
          <Button look="primary" onPress={onClose}>
            Done
          </Button>
        </>
      }
    >
      {error && <FailedState error={error} onRetry={() => void refetch()} />}
      <ul className="flex flex-col gap-3">
        {data?.map((share) => (
          <ShareRow key={share.id} share={share} onChange={() => setForm(share)} />
        ))}
      </ul>
    </Dialog>
  )
}
