/** All links that one has made. */
import { Section } from '../account/Page.tsx'
import { FailedState, SkeletonRows } from '../kit/states.tsx'
import { useShares } from './queries.ts'
import { ShareRow } from './ShareRow.tsx'

export function Links() {
  const { data, error, refetch } = useShares()
  return (
    <Section title="Links" about="What you have shared with people who have no account here.">
      {error && <FailedState error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows rows={2} />}
      {data?.length === 0 && (
        <p className="text-faint">None yet. Choose "Share by a link" in the menu of a file or folder.</p>
      )}
      {data && data.length > 0 && (
        <ul className="grid gap-3">
          {data.map((share) => (
            <ShareRow key={share.id} share={share} named />
          ))}
        </ul>
      )}
    </Section>
  )
}
