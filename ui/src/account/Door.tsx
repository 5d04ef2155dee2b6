/** The quiet page around signing in and setting up. */
import { HardDrive } from 'lucide-react'
import type { ReactNode } from 'react'

export function Door({ title, intro, children }: { title: string; intro: string; children: ReactNode }) {
  return (
    <main className="flex h-full overflow-auto bg-side p-4">
      <div className="m-auto w-full max-w-95">
        <div className="mb-6 flex flex-col items-center gap-3 text-center">
          <span className="flex size-12 items-center justify-center rounded-2xl bg-accent text-on-accent">
            <HardDrive size={24} strokeWidth={1.75} aria-hidden />
          </span>
          <h1 className="text-xl font-semibold">{title}</h1>
          <p className="max-w-80 text-soft">{intro}</p>
        </div>
        <div className="rounded-xl border border-line bg-card p-6 shadow-float">{children}</div>
      </div>
    </main>
  )
}

/** What went wrong with the whole form. */
export function Wrong({ children }: { children: ReactNode }) {
  if (!children) return null
  return (
    <p role="alert" className="rounded-md bg-danger-soft px-3 py-2 text-danger">
      {children}
    </p>
  )
}
