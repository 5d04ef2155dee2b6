/** What somebody sees who opens a link: the door where it asks for something, then the file or the folder. */
import { useParams } from '@tanstack/react-router'
import { HardDrive, Link2Off } from 'lucide-react'
import type { ReactNode } from 'react'
import { ApiProblem } from '../../../src/api/client.ts'
import { EmptyState, FailedState } from '../kit/states.tsx'
import { type GuestShare, useBrand, useGuestShare } from '../sharing/queries.ts'
import { SharedFile } from './SharedFile.tsx'
import { SharedFolder } from './SharedFolder.tsx'
import { Unlock } from './Unlock.tsx'

export function GuestPage() {
  const { code = '' } = useParams({ strict: false }) as { code?: string }
  const { data, error, refetch } = useGuestShare(code)
  const problem = error instanceof ApiProblem ? error : undefined
  if (problem?.status === 401 && !data) return <Unlock code={code} asked={problem.errors.map(({ path }) => path)} />
  if (problem?.status === 404)
    return (
      <Frame>
        <main className="flex flex-1">
          <EmptyState heading="h1" icon={Link2Off} title="This link leads nowhere">
            It was mistyped, has expired, or was taken back. Ask whoever sent it for a new one.
          </EmptyState>
        </main>
      </Frame>
    )
  if (error && !data)
    return (
      <Frame>
        <main className="flex flex-1">
          <FailedState error={error} onRetry={() => void refetch()} />
        </main>
      </Frame>
    )
  return (
    <Frame {...(data ? { share: data } : {})}>
      {data && (data.isFolder ? <SharedFolder share={data} /> : <SharedFile share={data} />)}
    </Frame>
  )
}

/** The team's name and logo above whatever is shown. */
function Frame({ share, children }: { share?: GuestShare; children: ReactNode }) {
  return (
    <div className="flex h-full flex-col">
      <header className="flex h-14 shrink-0 items-center gap-3 border-b border-line px-4 md:px-6">
        <BrandMark />
        <span className="flex-1" />
        {share?.email && <span className="truncate text-sm text-faint">{share.email}</span>}
      </header>
      {children}
    </div>
  )
}

export function BrandMark() {
  const { data: brand } = useBrand()
  return (
    <span className="flex min-w-0 items-center gap-2.5">
      {brand?.logo ? (
        <img src={brand.logo} alt="" className="h-8 max-w-40 object-contain" />
      ) : (
        <span className="flex size-7 shrink-0 items-center justify-center rounded-lg bg-accent text-on-accent">
          <HardDrive size={16} strokeWidth={1.75} aria-hidden />
        </span>
      )}
      <span className="truncate text-[14px] font-semibold">{brand?.name ?? ' '}</span>
    </span>
  )
}
