/** Asks for the name of a new folder, here. */
import { useState } from 'react'
import { Button } from '../kit/Button.tsx'
import { Dialog } from '../kit/Dialog.tsx'
import { TextField } from '../kit/Field.tsx'
import { useCreateFolder } from './queries.ts'

export function NewFolder({
  target,
  onClose,
}: {
  target: { vaultId: string; folderId: string | null }
  onClose: () => void
}) {
  const [name, setName] = useState('')
  const create = useCreateFolder()
  const submit = () =>
    create.mutate({ vaultId: target.vaultId, parentId: target.folderId, name }, { onSuccess: onClose })
  return (
    <Dialog
      title="New folder"
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isDisabled={name.trim() === '' || create.isPending} onPress={submit}>
            Create
          </Button>
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (name.trim() !== '') submit()
        }}
      >
        <TextField label="Name" value={name} onChange={setName} autoFocus error={create.error?.message} />
      </form>
    </Dialog>
  )
}
