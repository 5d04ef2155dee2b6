/** Asks for the name of a new folder, here. */
import { AskText } from '../kit/AskText.tsx'
import { useCreateFolder } from './queries.ts'

export function NewFolder({
  target,
  onClose,
}: {
  target: { vaultId: string; folderId: string | null }
  onClose: () => void
}) {
  const { mutate, isPending, error } = useCreateFolder()
  return (
    <AskText
      title="New folder"
      label="Name"
      act="Create"
      busy={isPending}
      error={error?.message}
      onSubmit={(name) => mutate({ vaultId: target.vaultId, parentId: target.folderId, name }, { onSuccess: onClose })}
      onClose={onClose}
    />
  )
}
