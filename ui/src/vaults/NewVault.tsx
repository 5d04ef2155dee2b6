/** Makes a team vault. */
import { AskText } from '../kit/AskText.tsx'
import { useCreateVault } from './queries.ts'

export function NewVault({ onClose, onMade }: { onClose: () => void; onMade: (id: string) => void }) {
  const { mutate, isPending, error } = useCreateVault()
  return (
    <AskText
      title="New team vault"
      label="Name"
      hint="You manage it, and say who else is a member."
      act="Make it"
      busy={isPending}
      error={error?.message}
      onSubmit={(name) =>
        mutate(name, {
          onSuccess: ({ id }) => {
            onClose()
            onMade(id)
          },
        })
      }
      onClose={onClose}
    />
  )
}
