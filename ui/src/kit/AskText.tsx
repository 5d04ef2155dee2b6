/** Asks for one line of text; Enter answers. What the server says against it stands below the field. */
import { type Ref, useState } from 'react'
import { Button } from './Button.tsx'
import { Dialog } from './Dialog.tsx'
import { TextField } from './Field.tsx'

export interface AskTextProps {
  title: string
  label: string
  hint?: string
  /** What the button says: the act, not "OK". */
  act: string
  initial?: string
  /** While the answer is on its way nothing more can be sent. */
  busy: boolean
  error: string | undefined
  inputRef?: Ref<HTMLInputElement>
  onSubmit: (text: string) => void
  onClose: () => void
}

export function AskText({
  title,
  label,
  hint,
  act,
  initial = '',
  busy,
  error,
  inputRef,
  onSubmit,
  onClose,
}: AskTextProps) {
  const [text, setText] = useState(initial)
  const ready = text.trim() !== '' && !busy
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isDisabled={!ready} onPress={() => onSubmit(text)}>
            {act}
          </Button>
        </>
      }
    >
      <form
        onSubmit={(event) => {
          event.preventDefault()
          if (ready) onSubmit(text)
        }}
      >
        <TextField
          label={label}
          hint={hint}
          value={text}
          onChange={setText}
          autoFocus
          inputRef={inputRef ?? null}
          error={error}
        />
      </form>
    </Dialog>
  )
}
