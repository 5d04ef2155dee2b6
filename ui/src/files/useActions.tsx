/** What can be done with the selected entries: the same for the context menu, the bar and the keys. */
import {
  Copy,
  Download,
  Eye,
  FolderInput,
  FolderOpen,
  Link2,
  PenLine,
  RotateCcw,
  Star,
  Tag,
  Trash2,
  X,
} from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { Question } from '../kit/Dialog.tsx'
import { formatCount } from '../kit/format.ts'
import type { Action, Actions } from '../kit/Menu.tsx'
import { useToast, useTold } from '../kit/Toast.tsx'
import { ShareDialog } from '../sharing/ShareDialog.tsx'
import { AddTags } from './AddTags.tsx'
import { ChooseFolder } from './ChooseFolder.tsx'
import { useMoveEntries } from './dragging.ts'
import type { Shelf } from './place.ts'
import {
  downloadAddress,
  type Entry,
  entryId,
  entryName,
  type File,
  folderDownloadAddress,
  useCopy,
  useRemoveForGood,
  useRestore,
  useSelection,
  useSetFavorite,
  useTrash,
} from './queries.ts'
import { Rename } from './Rename.tsx'

type Asked = 'share' | 'rename' | 'move' | 'copy' | 'tag' | 'remove'

export interface EntryActions {
  menu: Actions
  /** The ones for the bar. */
  bar: Action[]
  rename(): void
  share(): void
  trash(): void
  favorite(): void
  /** The dialog that is open, if one is. */
  dialog: ReactNode
}

export function useActions(
  shelf: Shelf,
  vaultId: string,
  selected: Entry[],
  open: (entry: Entry) => void,
  clear: () => void,
): EntryActions {
  const [asked, setAsked] = useState<Asked>()
  const show = useToast()
  const told = useTold()
  const moveEntries = useMoveEntries()
  const { mutateAsync: trash } = useTrash()
  const { mutateAsync: restore } = useRestore()
  const { mutateAsync: removeForGood } = useRemoveForGood()
  const { mutateAsync: copy } = useCopy()
  const { mutateAsync: select } = useSelection()
  const { mutateAsync: setFavorite } = useSetFavorite()

  const files = selected.flatMap((entry): File[] => (entry.type === 'file' ? [entry.file] : []))
  const one = selected.length === 1 ? selected[0] : undefined
  const what = one ? `"${entryName(one)}"` : formatCount(selected.length, 'item')
  const marked = files.length > 0 && files.every(({ favorite }) => favorite)

  const throwAway = () => {
    if (selected.length === 0) return
    if (shelf === 'trash') return setAsked('remove')
    clear()
    told(
      trash(selected).then(() =>
        show({ text: `${what} ${one ? 'is' : 'are'} in the trash.`, undo: () => told(restore(selected)) }),
      ),
    )
  }
  const favorite = () => {
    if (files.length > 0) told(setFavorite({ files, favorite: !marked }))
  }
  const download = () => {
    if (one) save(one.type === 'file' ? downloadAddress(one.file.id) : folderDownloadAddress(one.folder.id))
    else if (selected.length > 0) told(select(selected).then(save))
  }

  const act: Record<string, Action> = {
    open: {
      id: 'open',
      label: one?.type === 'folder' ? 'Open' : 'Look at it',
      icon: one?.type === 'folder' ? FolderOpen : Eye,
      keys: '↵',
      act: () => one && open(one),
    },
    download: { id: 'download', label: 'Download', icon: Download, act: download },
    share: { id: 'share', label: 'Share by a link', icon: Link2, disabled: !one, act: () => setAsked('share') },
    favorite: {
      id: 'favorite',
      label: marked ? 'Not a favourite any more' : 'Favourite',
      icon: Star,
      disabled: files.length === 0,
      act: favorite,
    },
    tag: { id: 'tag', label: 'Add tags', icon: Tag, disabled: files.length === 0, act: () => setAsked('tag') },
    rename: { id: 'rename', label: 'Rename', icon: PenLine, keys: 'F2', disabled: !one, act: () => setAsked('rename') },
    move: { id: 'move', label: 'Move', icon: FolderInput, act: () => setAsked('move') },
    copy: { id: 'copy', label: 'Copy', icon: Copy, disabled: files.length === 0, act: () => setAsked('copy') },
    trash: { id: 'trash', label: 'Put in the trash', icon: Trash2, keys: 'Del', danger: true, act: throwAway },
    restore: {
      id: 'restore',
      label: 'Restore',
      icon: RotateCcw,
      act: () => {
        clear()
        told(restore(selected).then(() => show({ text: `${what} ${one ? 'is' : 'are'} back.` })))
      },
    },
    remove: {
      id: 'remove',
      label: 'Remove for good',
      icon: X,
      keys: 'Del',
      danger: true,
      act: () => setAsked('remove'),
    },
  }
  const pick = (...names: string[]) =>
    names.map((name) => (name === 'line' ? ('line' as const) : (act[name] as Action)))
  const close = () => setAsked(undefined)

  return {
    menu:
      shelf === 'trash'
        ? pick('restore', 'line', 'remove')
        : pick(
            ...(one ? ['open'] : []),
            'download',
            'share',
            'line',
            'favorite',
            'tag',
            'line',
            'rename',
            'move',
            'copy',
            'line',
            'trash',
          ),
    bar: (shelf === 'trash'
      ? pick('restore', 'remove')
      : pick('download', 'favorite', 'tag', 'move', 'copy', 'trash')) as Action[],
    share: () => one && shelf !== 'trash' && setAsked('share'),
    rename: () => one && shelf !== 'trash' && setAsked('rename'),
    trash: throwAway,
    favorite,
    dialog: (
      <>
        {asked === 'share' && one && (
          <ShareDialog
            shared={one.type === 'file' ? { fileId: one.file.id } : { folderId: one.folder.id }}
            name={entryName(one)}
            onClose={close}
          />
        )}
        {asked === 'rename' && one && <Rename entry={one} onClose={close} />}
        {asked === 'tag' && <AddTags files={files} onClose={close} />}
        {asked === 'move' && (
          <ChooseFolder
            vaultId={vaultId}
            title={`Move ${what}`}
            act="Move to"
            without={selected.filter(({ type }) => type === 'folder').map(entryId)}
            onChoose={(to, name) => moveEntries(selected, to, name)}
            onClose={close}
          />
        )}
        {asked === 'copy' && (
          <ChooseFolder
            vaultId={vaultId}
            title={`Copy ${what}`}
            act="Copy to"
            without={[]}
            onChoose={(to, name) =>
              told(
                copy({ files, to }).then(() =>
                  show({ text: `Copied ${formatCount(files.length, 'file')} to ${name}.` }),
                ),
              )
            }
            onClose={close}
          />
        )}
        {asked === 'remove' && (
          <Question
            title={`Remove ${what} for good?`}
            act="Remove for good"
            danger
            onAct={() => told(removeForGood(selected).then(clear))}
            onClose={close}
          >
            This cannot be undone.
          </Question>
        )}
      </>
    ),
  }
}

function save(address: string): void {
  const link = document.createElement('a')
  link.href = address
  link.download = ''
  link.click()
}
