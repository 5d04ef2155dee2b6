/** Adds tags to several files at once. */
import { useState } from 'react'
import { Button } from '../kit/Button.tsx'
import { Dialog } from '../kit/Dialog.tsx'
import { TextField } from '../kit/Field.tsx'
import { formatCount } from '../kit/format.ts'
import { type File, useSetTags } from './queries.ts'

export function AddTags({ files, onClose }: { files: File[]; onClose: () => void }) {
  const [text, setText] = useState('')
  const set = useSetTags()
  const added = text
    .split(',')
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
  const submit = () =>
    set.mutate({ files, tags: (file) => [...new Set([...file.tags, ...added])] }, { onSuccess: onClose })
  return (
    <Dialog
      title={`Tag ${formatCount(files.length, 'file')}`}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isDisabled={added.length === 0 || set.isPending} onPress={submit}>
            Add
          </Button>
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (added.length > 0) submit()
        }}
      >
        <TextField
          label="Tags"
          hint="Several with commas between them."
          value={text}
          onChange={setText}
          autoFocus
          error={set.error?.message}
        />
      </form>
    </Dialog>
  )
}
