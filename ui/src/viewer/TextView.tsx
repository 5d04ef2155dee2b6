/** The beginning of a text, as it is. */
import { useQuery } from '@tanstack/react-query'
import { formatBytes } from '../kit/format.ts'
import { Note } from './Note.tsx'
import type { Shown } from './shown.ts'

const mostBytes = 256 * 1024

export function TextView({ file }: { file: Shown }) {
  const { data, error } = useQuery({
    queryKey: ['text', file.key],
    queryFn: async ({ signal }) => {
      if (file.size === 0) return ''
      const response = await fetch(file.address, {
        signal,
        headers: { range: `bytes=0-${mostBytes - 1}` },
      })
      if (!response.ok) throw new Error('The text could not be read. Close this and try again.')
      return response.text()
    },
  })
  if (error) return <Note>{error.message}</Note>
  if (data === '') return <Note>This file is empty.</Note>
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keys can scroll it
    <div tabIndex={0} className="min-w-0 flex-1 overflow-auto outline-none">
      <pre className="mx-auto my-4 max-w-5xl rounded-lg border border-line bg-card p-6 font-mono text-[12.5px] leading-relaxed wrap-anywhere whitespace-pre-wrap select-text">
        {data}
      </pre>
      {file.size > mostBytes && (
        <p className="pb-6 text-center text-faint">
          This is the first {formatBytes(mostBytes)} of {formatBytes(file.size)}. Download it to see the rest.
        </p>
      )}
    </div>
  )
}
