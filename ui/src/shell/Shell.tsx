/** The frame around every list: the left column, the top bar, the transfers, and dropping files from the desktop. */
import { Outlet, useLocation } from '@tanstack/react-router'
import { useState } from 'react'
import { usePlace } from '../files/place.ts'
import { useFolder, useVault } from '../files/queries.ts'
import { Tray } from '../uploads/Tray.tsx'
import { Column } from './Column.tsx'
import { DropTarget } from './DropTarget.tsx'
import { Offline } from './Offline.tsx'
import { TopBar } from './TopBar.tsx'

export function Shell() {
  const { vault } = useVault()
  const { place } = usePlace()
  const { pathname } = useLocation()
  const { data: folder } = useFolder(place.folder)
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
        <DropTarget target={target} name={target.folderId ? (folder?.name ?? 'this folder') : (vault?.name ?? '')} />
      )}
      <Tray />
    </div>
  )
}
