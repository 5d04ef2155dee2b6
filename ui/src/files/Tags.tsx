/** The tags of a file: a field that takes them one by one; Backspace in it takes the last away. */
import { X } from 'lucide-react'
import { useState } from 'react'
import { useTold } from '../kit/Toast.tsx'
import { type File, useSetTags } from './queries.ts'

export function Tags({ file }: { file: File }) {
  const [text, setText] = useState('')
  const { mutateAsync, isPending, variables } = useSetTags()
  const told = useTold()
  const tags = isPending ? variables.tags(file) : file.tags
  const set = (next: string[]) => told(mutateAsync({ files: [file], tags: () => next }))
  const add = () => {
    const tag = text.trim()
    setText('')
    if (tag !== '' && !tags.includes(tag)) set([...tags, tag])
  }
  return (
    <div className="flex flex-wrap gap-1.5">
      {tags.map((tag) => (
        <span key={tag} className="flex h-6 items-center gap-1 rounded bg-block pl-2">
          {tag}
          <button
            type="button"
            aria-label={`Remove the tag ${tag}`}
            onClick={() => set(tags.filter((one) => one !== tag))}
            className="rounded p-1 text-faint hover:text-text"
          >
            <X size={12} aria-hidden />
          </button>
        </span>
      ))}
      <input
        aria-label="Add a tag"
        placeholder="Add a tag"
        value={text}
        onChange={(event) => setText(event.target.value)}
        onBlur={add}
        onKeyDown={(event) => {
          if (event.key === 'Enter' || event.key === ',') {
            event.preventDefault()
            add()
          } else if (event.key === 'Backspace' && text === '' && tags.length > 0) set(tags.slice(0, -1))
        }}
        className="h-6 min-w-20 flex-1 rounded bg-transparent px-1 outline-none placeholder:text-faint focus:bg-hover"
      />
    </div>
  )
}
