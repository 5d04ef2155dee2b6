/** The left column: the vault, its shelves, its folders, and what it takes. A drawer where there is little room. */
import { useLocation } from '@tanstack/react-router'
import { Clock, Files, type LucideIcon, Star, Trash2, X } from 'lucide-react'
import { useEffect } from 'react'
import { type Shelf, usePlace } from '../files/place.ts'
import { useVault } from '../files/queries.ts'
import { Bar } from '../kit/Bar.tsx'
import { IconButton } from '../kit/Button.tsx'
import { classes } from '../kit/classes.ts'
import { formatBytes, formatCount, formatNumber } from '../kit/format.ts'
import { FolderTree } from './FolderTree.tsx'
import { VaultMenu } from './VaultMenu.tsx'

const shelves: { shelf: Shelf; name: string; icon: LucideIcon }[] = [
  { shelf: 'files', name: 'All files', icon: Files },
  { shelf: 'favourites', name: 'Favourites', icon: Star },
  { shelf: 'recent', name: 'Recent', icon: Clock },
  { shelf: 'trash', name: 'Trash', icon: Trash2 },
]

export function Column({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { vault } = useVault()
  const { place, go } = usePlace()
  const { pathname, href } = useLocation()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the drawer closes when one has gone somewhere
  useEffect(onClose, [href])
  const counts: Partial<Record<Shelf, number>> = vault ? { files: vault.fileCount, trash: vault.trashCount } : {}
  return (
    <>
      {open && (
        <button
          type="button"
          aria-label="Close the folders"
          onClick={onClose}
          className="fixed inset-0 z-20 bg-black/35 md:hidden"
        />
      )}
      <aside
        aria-label="Vault"
        className={classes(
          'z-30 flex w-59 shrink-0 flex-col border-r border-line bg-side max-md:fixed max-md:inset-y-0 max-md:w-72 max-md:shadow-float max-md:transition-transform',
          !open && 'max-md:invisible max-md:-translate-x-full',
        )}
      >
        <div className="flex h-16 shrink-0 items-center gap-3 px-4">
          <VaultMenu />
          <span className="md:hidden">
            <IconButton icon={X} label="Close" onPress={onClose} />
          </span>
        </div>
        <nav aria-label="Shelves" className="px-2.5">
          {shelves.map(({ shelf, name, icon: Icon }) => {
            const here = pathname === `/${shelf}` && place.folder === undefined
            return (
              <button
                key={shelf}
                type="button"
                aria-current={here ? 'page' : undefined}
                onClick={() => go(shelf)}
                className={classes(
                  'flex h-8 w-full items-center gap-2.5 rounded-md px-2',
                  here ? 'bg-selected font-medium' : 'hover:bg-hover',
                )}
              >
                <Icon size={16} strokeWidth={1.75} className={here ? 'text-accent' : 'text-soft'} aria-hidden />
                <span className="flex-1 text-left">{name}</span>
                {counts[shelf] ? <span className="text-sm text-faint">{formatNumber(counts[shelf] ?? 0)}</span> : null}
              </button>
            )
          })}
        </nav>
        <h2 className="px-4.5 pt-5 pb-1.5 text-sm font-medium text-faint">Folders</h2>
        <div className="min-h-0 flex-1 overflow-auto px-2.5 pb-4">{vault && <FolderTree vaultId={vault.id} />}</div>
        {vault && (
          <div className="border-t border-line px-4.5 py-4">
            <div className="mb-2 flex items-baseline justify-between">
              <span className="font-semibold">{formatBytes(vault.usedBytes)}</span>
              <span className="text-sm text-faint">of {formatBytes(vault.quotaBytes)}</span>
            </div>
            <Bar
              label="Space used"
              value={vault.quotaBytes === 0 ? 1 : vault.usedBytes / vault.quotaBytes}
              tone={vault.usedBytes > vault.quotaBytes * 0.95 ? 'danger' : 'accent'}
            />
            {vault.trashBytes > 0 && (
              <div className="mt-2 text-sm text-faint">
                {formatBytes(vault.trashBytes)} in the trash, {formatCount(vault.trashCount, 'file')}
              </div>
            )}
          </div>
        )}
      </aside>
    </>
  )
}
