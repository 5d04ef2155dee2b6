/** A shelf or folder: its list, what is selected in it, and what can be done with that. */
import { FolderOpen, PanelRight, SearchX, Star, Trash2, Upload } from 'lucide-react'
import { type KeyboardEvent, useCallback, useEffect, useState } from 'react'
import { Button, IconButton } from '../kit/Button.tsx'
import { Question } from '../kit/Dialog.tsx'
import { formatBytes, formatCount } from '../kit/format.ts'
import { ContextMenu, type Point } from '../kit/Menu.tsx'
import { EmptyState, FailedState, SkeletonRows } from '../kit/states.tsx'
import { useTold } from '../kit/Toast.tsx'
import { Chips } from '../search/Chips.tsx'
import { Crumbs } from './Crumbs.tsx'
import { Details } from './Details.tsx'
import { FileViewer } from './FileViewer.tsx'
import { Grid } from './Grid.tsx'
import { Keys } from './Keys.tsx'
import type { ListProps } from './list.ts'
import { type Shelf, usePlace } from './place.ts'
import { type Entry, entryId, useEmptyTrash, useVault } from './queries.ts'
import { SelectionBar } from './SelectionBar.tsx'
import { useSelection } from './selection.ts'
import { Table } from './Table.tsx'
import { useActions } from './useActions.tsx'
import { useEntries } from './useEntries.ts'

const names: Record<Shelf, string> = { files: 'All files', favourites: 'Favourites', recent: 'Recent', trash: 'Trash' }

export function FilesPage({ shelf }: { shelf: Shelf }) {
  const { vault } = useVault()
  const { place, go, change } = usePlace()
  const list = useEntries(shelf)
  const selection = useSelection(list.entries)
  const [menu, setMenu] = useState<Point>()
  const [keysShown, setKeysShown] = useState(false)
  const [detailsShown, setDetailsShown] = useState(() => matchMedia('(min-width: 1100px)').matches)
  const [columns, setColumns] = useState(1)
  const grid = place.view === 'grid'
  const open = useCallback(
    (entry: Entry) => {
      if (shelf === 'trash') return
      if (entry.type === 'folder') go('files', entry.folder.id)
      else change({ open: entry.file.id })
    },
    [shelf, go, change],
  )
  const actions = useActions(shelf, vault?.id ?? '', selection.selected, open, selection.clear)
  const { clear } = selection
  // biome-ignore lint/correctness/useExhaustiveDependencies: another list, another selection
  useEffect(clear, [place.vault, place.folder, place.q])
  useEffect(() => {
    const help = (event: globalThis.KeyboardEvent) => {
      if (event.key === '?' && !(event.target instanceof HTMLElement && event.target.closest('input, textarea')))
        setKeysShown(true)
    }
    addEventListener('keydown', help)
    return () => removeEventListener('keydown', help)
  }, [])

  const onKeys = (event: KeyboardEvent) => {
    const step: Record<string, number> = grid
      ? { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns }
      : { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }
    const { length } = list.entries
    const to =
      event.key === 'Home'
        ? 0
        : event.key === 'End'
          ? length - 1
          : step[event.key] === undefined
            ? undefined
            : selection.cursor < 0
              ? 0
              : selection.cursor + (step[event.key] ?? 0)
    const focused = list.entries[selection.cursor]
    if (to !== undefined && length > 0) selection.to(Math.max(0, Math.min(length - 1, to)), { range: event.shiftKey })
    else if (event.key === 'Enter' && focused) open(focused)
    else if (event.key === ' ' && focused?.type === 'file') open(focused)
    else if (event.key === 'F2') actions.rename()
    else if (event.key === 'Delete' || (event.key === 'Backspace' && event.metaKey)) actions.trash()
    else if (event.key.toLowerCase() === 'a' && (event.ctrlKey || event.metaKey)) selection.all()
    else if (event.key === 'f' && !event.ctrlKey && !event.metaKey) actions.favorite()
    else if (event.key === 'Escape') selection.clear()
    else if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) setMenu(rowPoint(focused))
    else return
    event.preventDefault()
  }

  const shared: ListProps = {
    list,
    shelf,
    selection,
    label: list.searching ? 'Found files' : names[shelf],
    onKeys,
    onOpen: open,
    onMenu: setMenu,
  }
  const shownFiles = list.entries.flatMap((entry) => (entry.type === 'file' ? [entry.file] : []))
  const single = selection.selected.length === 1 ? selection.selected[0] : undefined
  return (
    <div className="flex min-h-0 flex-1">
      <main className="flex min-w-0 flex-1 flex-col">
        {list.searching ? (
          <Chips answer={list.answer?.pages[0]} waiting={list.waiting} />
        ) : (
          <div className="flex h-11 shrink-0 items-center gap-2 px-4">
            {shelf === 'files' ? <Crumbs /> : <h1 className="text-[14px] font-semibold">{names[shelf]}</h1>}
            <span className="flex-1" />
            {shelf === 'trash' && vault && vault.trashCount > 0 && (
              <EmptyTrash vaultId={vault.id} count={vault.trashCount} bytes={vault.trashBytes} />
            )}
            <span className="hidden md:block">
              <IconButton
                icon={PanelRight}
                label="Details"
                on={detailsShown}
                onPress={() => setDetailsShown(!detailsShown)}
              />
            </span>
          </div>
        )}
        {list.error ? (
          <FailedState error={list.error} onRetry={list.retry} />
        ) : list.loading ? (
          <SkeletonRows />
        ) : list.entries.length === 0 ? (
          <Nothing shelf={shelf} searching={list.searching} inFolder={place.folder !== undefined} />
        ) : grid ? (
          <Grid {...shared} onColumns={setColumns} />
        ) : (
          <Table {...shared} />
        )}
        <SelectionBar selected={selection.selected} actions={actions.bar} onClear={selection.clear} />
      </main>
      {detailsShown && !list.loading && list.entries.length > 0 && (
        <Details
          entry={single}
          count={selection.selected.length}
          onOpen={open}
          onClose={() => setDetailsShown(false)}
        />
      )}
      {menu && selection.selected.length > 0 && (
        <ContextMenu at={menu} actions={actions.menu} label="Actions" onClose={() => setMenu(undefined)} />
      )}
      {actions.dialog}
      {keysShown && <Keys onClose={() => setKeysShown(false)} />}
      {place.open !== undefined && (
        <FileViewer
          id={place.open}
          files={shownFiles}
          onGo={(id) => change({ open: id }, true)}
          onClose={() => change({ open: undefined })}
        />
      )}
    </div>
  )
}

function rowPoint(entry: Entry | undefined): Point | undefined {
  const box = entry && document.getElementById(`row-${entryId(entry)}`)?.getBoundingClientRect()
  return box ? { x: box.left + 60, y: box.top + box.height / 2 } : undefined
}

function EmptyTrash({ vaultId, count, bytes }: { vaultId: string; count: number; bytes: number }) {
  const [asking, setAsking] = useState(false)
  const { mutateAsync: empty } = useEmptyTrash()
  const told = useTold()
  return (
    <>
      <Button icon={Trash2} onPress={() => setAsking(true)}>
        Empty the trash
      </Button>
      {asking && (
        <Question
          title="Empty the trash?"
          act="Remove for good"
          danger
          onAct={() => told(empty(vaultId))}
          onClose={() => setAsking(false)}
        >
          {formatCount(count, 'file')}, {formatBytes(bytes)}. This cannot be undone.
        </Question>
      )}
    </>
  )
}

function Nothing({ shelf, searching, inFolder }: { shelf: Shelf; searching: boolean; inFolder: boolean }) {
  if (searching)
    return (
      <EmptyState icon={SearchX} title="Nothing found">
        Try fewer or shorter words. Names, tags, folders and metadata are searched.
      </EmptyState>
    )
  if (shelf === 'trash')
    return (
      <EmptyState icon={Trash2} title="The trash is empty">
        What you throw away waits here until you empty the trash.
      </EmptyState>
    )
  if (shelf === 'favourites')
    return (
      <EmptyState icon={Star} title="No favourites yet">
        Select a file and press F, or choose Favourite from its menu.
      </EmptyState>
    )
  if (shelf === 'recent')
    return (
      <EmptyState icon={FolderOpen} title="Nothing yet">
        What was changed last comes here by itself.
      </EmptyState>
    )
  return (
    <div className="m-4 flex flex-1 rounded-xl border-2 border-dashed border-line">
      <EmptyState
        icon={Upload}
        title={inFolder ? 'This folder is empty' : 'Drop your first files here'}
        action={
          <Button
            look="primary"
            icon={Upload}
            onPress={() => document.querySelector<HTMLInputElement>('input[type=file]')?.click()}
          >
            Choose files
          </Button>
        }
      >
        Drag files or whole folders from your desktop anywhere onto this page.
      </EmptyState>
    </div>
  )
}
