/** The frame of administrators' pages; everybody else is told so. */
import { Lock } from 'lucide-react'
import type { ReactNode } from 'react'
import { Page } from '../account/Page.tsx'
import { useMe } from '../files/queries.ts'
import { EmptyState } from '../kit/states.tsx'

const places = [
  ['/admin', 'Overview'],
  ['/admin/users', 'Users'],
  ['/admin/vaults', 'Vaults'],
  ['/admin/log', 'Access log'],
  ['/admin/jobs', 'Work'],
  ['/admin/settings', 'Settings'],
] as const

export function AdminPage({ children }: { children: ReactNode }) {
  const { data: me } = useMe()
  if (!me) return null
  if (!me.admin)
    return (
      <Page title="Administration">
        <EmptyState icon={Lock} title="For administrators">
          Your account may not see this. Ask an administrator if you need something changed.
        </EmptyState>
      </Page>
    )
  return (
    <Page title="Administration" places={places}>
      {children}
    </Page>
  )
}
