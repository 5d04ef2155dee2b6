/** What was made public here, for whoever comes by. */
import { File, Folder, Telescope } from 'lucide-react'
import { formatTime } from '../kit/format.ts'
import { EmptyState, FailedState, SkeletonRows } from '../kit/states.tsx'
import { usePublic } from '../sharing/queries.ts'
import { Frame } from './Frame.tsx'

export function PublicPage() {
  const { data, error, refetch } = usePublic()
  return (
    <Frame>
      <main className="mx-auto flex w-full max-w-3xl flex-1 flex-col gap-4 p-4 md:p-6">
        <h1 className="text-lg font-semibold">Public</h1>
        {error ? (
          <FailedState error={error} onRetry={() => void refetch()} />
        ) : !data ? (
          <SkeletonRows rows={4} />
        ) : data.length === 0 ? (
          <EmptyState icon={Telescope} title="Nothing is public here">
            What somebody shares with everybody comes here.
          </EmptyState>
        ) : (
          <ul className="rounded-lg border border-line bg-card">
            {data.map(({ shortCode, name, isFolder, updatedAt }) => {
              const Icon = isFolder ? Folder : File
              return (
                <li key={shortCode} className="row-line border-b last:border-0">
                  <a href={`/s/${shortCode}`} className="flex h-12 items-center gap-3 px-4 hover:bg-hover">
                    <Icon size={18} strokeWidth={1.75} className="shrink-0 text-soft" aria-hidden />
                    <bdi className="min-w-0 flex-1 truncate">{name}</bdi>
                    <span className="text-sm text-faint">{formatTime(updatedAt)}</span>
                  </a>
                </li>
              )
            })}
          </ul>
        )}
      </main>
    </Frame>
  )
}
