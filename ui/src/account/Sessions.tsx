/** Where one is signed in, and ending it. */
import { Monitor } from 'lucide-react'
import type { Session } from '../../../src/api/auth.ts'
import { Button } from '../kit/Button.tsx'
import { formatMoment } from '../kit/format.ts'
import { FailedState, SkeletonRows } from '../kit/states.tsx'
import { useTold } from '../kit/Toast.tsx'
import { Section } from './Page.tsx'
import { useRemoveSession, useSessions } from './queries.ts'

export function Sessions() {
  const { data, error, refetch } = useSessions()
  const { mutateAsync } = useRemoveSession()
  const told = useTold()
  return (
    <Section title="Sessions" about="Browsers that are signed in as you.">
      {error && <FailedState error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows rows={2} />}
      <ul className="flex flex-col gap-3">
        {data?.map((session) => (
          <li key={session.id} className="flex items-center gap-3">
            <Monitor size={18} strokeWidth={1.75} className="shrink-0 text-soft" aria-hidden />
            <div className="min-w-0 flex-1">
              <div className="truncate font-medium">{browserOf(session)}</div>
              <div className="truncate text-sm text-faint">
                {session.address} · last seen {formatMoment(session.lastSeenAt)}
              </div>
            </div>
            {session.current ? (
              <span className="text-sm text-good">this one</span>
            ) : (
              <Button onPress={() => told(mutateAsync(session.id))}>Sign out</Button>
            )}
          </li>
        ))}
      </ul>
    </Section>
  )
}

function browserOf({ userAgent }: Session): string {
  const browser = /Edg\//.test(userAgent)
    ? 'Edge'
    : /Firefox\//.test(userAgent)
      ? 'Firefox'
      : /Chrome\//.test(userAgent)
        ? 'Chrome'
        : /Safari\//.test(userAgent)
          ? 'Safari'
          : undefined
  const system = /Windows/.test(userAgent)
    ? 'Windows'
    : /Android/.test(userAgent)
      ? 'Android'
      : /iPhone|iPad/.test(userAgent)
        ? 'iOS'
        : /Mac OS/.test(userAgent)
          ? 'macOS'
          : /Linux/.test(userAgent)
            ? 'Linux'
            : undefined
  return browser ? `${browser}${system ? ` on ${system}` : ''}` : userAgent || 'Unknown program'
}
