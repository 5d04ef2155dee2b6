/** A few words where there is nothing else to show. */
import type { ReactNode } from 'react'

export function Note({ children }: { children: ReactNode }) {
  return <div className="m-auto flex max-w-md flex-col items-center gap-4 p-8 text-center text-soft">{children}</div>
}
