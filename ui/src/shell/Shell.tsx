/** The frame around every list: the left column, the top bar, the transfers, and dropping files from the desktop. */
import { Outlet, useLocation } from '@tanstack/react-router'
import { useState } from 'react'
import { usePlace } from '../files/place.ts'
import { useFolder, useVault } from '../files/queries.ts'
import { DropTarget } from '../uploads/DropTarget.tsx'
import { Tray } from '../uploads/Tray.tsx'
import { useUploads } from '../uploads/uploads.ts'
import { Column } from './Column.tsx'
import { Offline } from './Offline.tsx'
import { TopBar } from './TopBar.tsx'
import { useLive } from './useLive.ts'

export function Shell() {
  const { vault } = useVault()
  useLive(vault?.id)
  const { place } = usePlace()
  const { pathname } = useLocation()
  const { data: folder } = useFolder(place.folder)
  const { add } = useUploads()
  const [drawer, setDrawer] = useState(false)
  const target = vault && { vaultId: vault.id, folderId: pathname === '/files' ? (place.folder ?? null) : null }
  return (
    <div className="flex h-full">
      <Column open={drawer} onClose={() => setDrawer(false)} />
      <div className="flex min-w-0 flex-1 flex-col">
        <Offline />
        <TopBar target={target} onMenu={() => setDrawer(true)} />
        <Outlet />
      </div>
      {target && (
        <DropTarget
          name={target.folderId ? (folder?.name ?? 'this folder') : (vault?.name ?? '')}
          onDrop={(entries) => add(entries, target)}
        />
      )}
      <Tray />
    </div>
  )
}
