/** What somebody sees who opens a link: the door where it asks for something, then the file or the folder. */
import { useParams } from '@tanstack/react-router'
import { Link2Off } from 'lucide-react'
import { ApiProblem } from '../../../src/api/client.ts'
import { EmptyState, FailedState } from '../kit/states.tsx'
import { useGuestShare } from '../sharing/queries.ts'
import { Frame } from './Frame.tsx'
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
