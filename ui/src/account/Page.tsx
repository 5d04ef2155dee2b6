/** The frame of the pages beside the files: a way back, a side navigation, sections. */
import { Link, useLocation } from '@tanstack/react-router'
import { ArrowLeft } from 'lucide-react'
import type { ReactNode } from 'react'
import { classes } from '../kit/classes.ts'

export interface PageProps {
  title: string
  /** Neighbours, where there are some. */
  places?: readonly (readonly [path: string, name: string])[]
  children: ReactNode
}

export function Page({ title, places = [], children }: PageProps) {
  const { pathname } = useLocation()
  return (
    <div className="h-full overflow-auto">
      <div className="mx-auto flex max-w-5xl flex-col gap-6 p-4 md:p-8">
        <header className="flex flex-wrap items-center gap-x-6 gap-y-3">
          <Link to={'/files' as never} className="flex items-center gap-2 rounded text-soft hover:text-text">
            <ArrowLeft size={16} aria-hidden /> Files
          </Link>
          <h1 className="text-xl font-semibold">{title}</h1>
          {places.length > 0 && (
            <nav aria-label={title} className="-mx-2 flex max-w-full gap-1 overflow-x-auto px-2">
              {places.map(([path, name]) => (
                <Link
                  key={path}
                  to={path as never}
                  aria-current={pathname === path ? 'page' : undefined}
                  className={classes(
                    'rounded-md px-3 py-1.5 whitespace-nowrap',
                    pathname === path ? 'bg-selected font-medium text-accent-strong' : 'text-soft hover:bg-hover',
                  )}
                >
                  {name}
                </Link>
              ))}
            </nav>
          )}
        </header>
        <main className="flex flex-col gap-6">{children}</main>
      </div>
    </div>
  )
}

export function Section({
  title,
  about,
  action,
  children,
}: {
  title: string
  about?: string
  action?: ReactNode
  children: ReactNode
}) {
  return (
    <section aria-label={title} className="rounded-xl border border-line bg-card">
      <div className="flex items-start gap-4 border-b border-line px-5 py-4">
        <div className="flex-1">
          <h2 className="text-lg font-semibold">{title}</h2>
          {about && <p className="mt-0.5 text-soft">{about}</p>}
        </div>
        {action}
      </div>
      <div className="p-5">{children}</div>
    </section>
  )
}
