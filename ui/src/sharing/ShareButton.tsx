/** Opens the links of one file or folder. */
import { Link2 } from 'lucide-react'
import { useState } from 'react'
import { IconButton } from '../kit/Button.tsx'
import type { Shared } from './queries.ts'
import { ShareDialog } from './ShareDialog.tsx'

export function ShareButton({ shared, name }: { shared: Shared; name: string }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <IconButton icon={Link2} label="Share by a link" onPress={() => setOpen(true)} />
      {open && <ShareDialog shared={shared} name={name} onClose={() => setOpen(false)} />}
    </>
  )
}
