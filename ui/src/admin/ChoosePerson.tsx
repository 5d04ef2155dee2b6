/** Asks for one of the users. */
import { type ReactNode, useState } from 'react'
import { Wrong } from '../account/Door.tsx'
import { Button } from '../kit/Button.tsx'
import { Dialog } from '../kit/Dialog.tsx'
import { PersonSelect } from './PersonSelect.tsx'

export function ChoosePerson({
  title,
  act,
  children,
  onChoose,
  onClose,
}: {
  title: string
  act: string
  children: ReactNode
  onChoose: (userId: string) => Promise<unknown>
  onClose: () => void
}) {
  const [userId, setUserId] = useState('')
  const [problem, setProblem] = useState<string>()
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            look="primary"
            isDisabled={userId === ''}
            onPress={() =>
              void onChoose(userId).then(onClose, (error: unknown) =>
                setProblem(error instanceof Error ? error.message : String(error)),
              )
            }
          >
            {act}
          </Button>
        </>
      }
    >
      <PersonSelect label="Who" value={userId} onChange={setUserId} />
      <p>{children}</p>
      <Wrong>{problem}</Wrong>
    </Dialog>
  )
}
