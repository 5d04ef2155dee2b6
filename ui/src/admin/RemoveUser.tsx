/** Removing somebody: what becomes of their files is asked first. */
import { useState } from 'react'
import { Wrong } from '../account/Door.tsx'
import { Button } from '../kit/Button.tsx'
import { Choice } from '../kit/Choice.tsx'
import { Dialog } from '../kit/Dialog.tsx'
import { formatCount } from '../kit/format.ts'
import { PersonSelect } from './PersonSelect.tsx'
import { type User, useRemoveUser } from './queries.ts'

export function RemoveUser({ user, onClose }: { user: User; onClose: () => void }) {
  const remove = useRemoveUser()
  const [fate, setFate] = useState<'handOver' | 'keep'>('handOver')
  const [heir, setHeir] = useState('')
  const hasFiles = user.fileCount > 0 || user.usedBytes > 0
  return (
    <Dialog
      title={`Remove ${user.name}?`}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            look="danger"
            isDisabled={remove.isPending || (hasFiles && fate === 'handOver' && heir === '')}
            onPress={() =>
              remove.mutate(
                {
                  id: user.id,
                  ...(hasFiles ? (fate === 'keep' ? { keep: true } : { handOver: heir }) : {}),
                },
                { onSuccess: onClose },
              )
            }
          >
            Remove
          </Button>
        </>
      }
    >
      <p>Their account, sessions, tokens and links go. {hasFiles ? 'What they put into team vaults stays.' : ''}</p>
      {hasFiles && (
        <>
          <Choice
            label={`Their vault holds ${formatCount(user.fileCount, 'file')}`}
            value={fate}
            options={[
              { value: 'handOver', label: 'Hand it over', about: 'It becomes a team vault that this person manages.' },
              { value: 'keep', label: 'Keep it', about: 'Nobody sees it until you give it to somebody, under Vaults.' },
            ]}
            onChange={setFate}
          />
          {fate === 'handOver' && <PersonSelect label="To" value={heir} without={user.id} onChange={setHeir} />}
        </>
      )}
      <Wrong>{remove.error?.message}</Wrong>
    </Dialog>
  )
}
