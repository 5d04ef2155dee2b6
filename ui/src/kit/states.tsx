/** What a list shows when it has nothing to show: empty, loading, failed. */
import { CloudOff, type LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from './Button.tsx'

export function EmptyState({
  heading: Heading = 'h2',
  icon: Icon,
  title,
  children,
  action,
}: {
  /** `h1` where it is all there is. */
  heading?: 'h1' | 'h2'
  icon: LucideIcon
  title: string
  children?: ReactNode
  action?: ReactNode
}) {
  return (
    <div className="appear m-auto flex max-w-sm flex-col items-center gap-2 p-8 text-center">
      <div className="mb-2 flex size-14 items-center justify-center rounded-2xl bg-block text-soft">
        <Icon size={26} strokeWidth={1.5} aria-hidden />
      </div>
      <Heading className="text-lg font-semibold">{title}</Heading>
      {children && <div className="text-soft">{children}</div>}
      {action && <div className="mt-3 flex gap-2">{action}</div>}
    </div>
  )
}

export function FailedState({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  return (
    <EmptyState icon={CloudOff} title="This could not be loaded" action={<Button onPress={onRetry}>Try again</Button>}>
      {error instanceof Error ? error.message : 'Something went wrong.'}
    </EmptyState>
  )
}

/** Rows that are on their way. */
export function SkeletonRows({ rows = 12 }: { rows?: number }) {
  return (
    <div role="status" aria-label="Loading">
      {Array.from({ length: rows }, (_, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: they are all the same
        <div key={i} className="row-line flex h-9 items-center gap-3 border-b px-4">
          <div className="breathe size-[26px] rounded bg-block" />
          <div className="breathe h-3 rounded bg-block" style={{ width: `${22 + ((i * 37) % 30)}%` }} />
        </div>
      ))}
    </div>
  )
}
