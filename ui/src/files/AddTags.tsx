/** Adds tags to several files at once. */
import { AskText } from '../kit/AskText.tsx'
import { formatCount } from '../kit/format.ts'
import { type File, useSetTags } from './queries.ts'

export function AddTags({ files, onClose }: { files: File[]; onClose: () => void }) {
  const { mutate, isPending, error } = useSetTags()
  const add = (text: string) => {
    const added = text
      .split(',')
      .map((tag) => tag.trim())
      .filter((tag) => tag !== '')
    mutate({ files, tags: (file) => [...new Set([...file.tags, ...added])] }, { onSuccess: onClose })
  }
  return (
    <AskText
      title={`Tag ${formatCount(files.length, 'file')}`}
      label="Tags"
      hint="Several with commas between them."
      act="Add"
      busy={isPending}
      error={error?.message}
      onSubmit={add}
      onClose={onClose}
    />
  )
}
