/** Asks for a new name; the ending of a file is left unselected, as it is seldom meant. */
import { useEffect, useRef, useState } from 'react'
import { Button } from '../kit/Button.tsx'
import { Dialog } from '../kit/Dialog.tsx'
import { TextField } from '../kit/Field.tsx'
import { type Entry, entryName, useRename } from './queries.ts'

export function Rename({ entry, onClose }: { entry: Entry; onClose: () => void }) {
  const before = entryName(entry)
  const [name, setName] = useState(before)
  const input = useRef<HTMLInputElement>(null)
  const rename = useRename()
  useEffect(() => {
    const dot = entry.type === 'file' ? before.lastIndexOf('.') : -1
    input.current?.setSelectionRange(0, dot > 0 ? dot : before.length)
  }, [before, entry.type])
  const submit = () => (name === before ? onClose() : rename.mutate({ entry, name }, { onSuccess: onClose }))
  return (
    <Dialog
      title="Rename"
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isDisabled={name.trim() === '' || rename.isPending} onPress={submit}>
            Rename
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
        <TextField
          label="New name"
          value={name}
          onChange={setName}
          autoFocus
          inputRef={input}
          error={rename.error?.message}
        />
      </form>
    </Dialog>
  )
}
