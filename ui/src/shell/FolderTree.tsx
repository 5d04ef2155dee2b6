/** The folders, each asked for when its parent is opened; files and folders can be dropped on them. */
import { ChevronRight, Folder as Closed, FolderOpen } from 'lucide-react'
import { useState } from 'react'
import { useDropEntries } from '../files/dragging.ts'
import { usePlace } from '../files/place.ts'
import { type Folder, useFolder, useFolderList } from '../files/queries.ts'
import { classes } from '../kit/classes.ts'

export function FolderTree({ vaultId }: { vaultId: string }) {
  const { place } = usePlace()
  const { data: here } = useFolder(place.folder)
  return <Level vaultId={vaultId} parent="root" depth={0} herePath={here?.path ?? ''} />
}

function Level({
  vaultId,
  parent,
  depth,
  herePath,
}: {
  vaultId: string
  parent: string
  depth: number
  herePath: string
}) {
  const { data } = useFolderList(vaultId, parent)
  if (data?.length === 0 && depth === 0) return <p className="px-2 text-sm text-faint">No folders yet.</p>
  return (
    <ul>
      {data?.map((folder) => (
        <Branch key={folder.id} folder={folder} depth={depth} herePath={herePath} />
      ))}
    </ul>
  )
}

function Branch({ folder, depth, herePath }: { folder: Folder; depth: number; herePath: string }) {
  const { place, go } = usePlace()
  const [chosen, setChosen] = useState<boolean>()
  const { over, handlers } = useDropEntries(folder.id)
  const here = place.folder === folder.id
  const onTheWay = herePath.startsWith(`${folder.path}/`)
  const open = chosen ?? onTheWay
  const Icon = open && folder.folderCount > 0 ? FolderOpen : Closed
  return (
    <li>
      <div
        {...handlers}
        className={classes(
          'flex h-8 items-center rounded-md',
          here ? 'bg-selected font-medium' : 'hover:bg-hover',
          over && 'ring-2 ring-accent',
        )}
        style={{ paddingLeft: depth * 14 }}
      >
        <button
          type="button"
          aria-label={`${open ? 'Close' : 'Open'} ${folder.name}`}
          aria-expanded={open}
          onClick={() => setChosen(!open)}
          className={classes(
            'flex size-6 shrink-0 items-center justify-center rounded text-faint',
            folder.folderCount === 0 && 'invisible',
          )}
        >
          <ChevronRight
            size={14}
            className={classes('transition-transform duration-100', open && 'rotate-90')}
            aria-hidden
          />
        </button>
        <button
          type="button"
          aria-current={here ? 'page' : undefined}
          onClick={() => go('files', folder.id)}
          onDoubleClick={() => setChosen(!open)}
          className="flex min-w-0 flex-1 items-center gap-2 self-stretch rounded-md pr-2 text-left"
        >
          <Icon size={16} strokeWidth={1.75} className="shrink-0 text-soft" aria-hidden />
          <bdi className="truncate">{folder.name}</bdi>
        </button>
      </div>
      {open && folder.folderCount > 0 && (
        <Level vaultId={folder.vaultId} parent={folder.id} depth={depth + 1} herePath={herePath} />
      )}
    </li>
  )
}
