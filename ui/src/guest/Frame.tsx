/** What stands around everything that guests see. */
import { HardDrive } from 'lucide-react'
import type { ReactNode } from 'react'
import { type GuestShare, useBrand } from '../sharing/queries.ts'

/** The team's name and logo above whatever is shown. */
export function Frame({ share, children }: { share?: GuestShare; children: ReactNode }) {
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

function BrandMark() {
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
