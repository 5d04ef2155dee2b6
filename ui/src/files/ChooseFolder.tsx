/** Choosing a folder to move or copy to. */
import { ChevronRight, Folder as FolderIcon, HardDrive } from 'lucide-react'
import { useState } from 'react'
import { Button } from '../kit/Button.tsx'
import { classes } from '../kit/classes.ts'
import { Dialog } from '../kit/Dialog.tsx'
import { type Folder, useFolderList } from './queries.ts'

export interface ChooseFolderProps {
  vaultId: string
  title: string
  act: string
  /** Folders that cannot be chosen, nor anything in them: those that are being moved. */
  without: string[]
  onChoose: (to: string | null, name: string) => void
  onClose: () => void
}

export function ChooseFolder({ vaultId, title, act, without, onChoose, onClose }: ChooseFolderProps) {
  const [chosen, setChosen] = useState<{ id: string | null; name: string }>({ id: null, name: 'All files' })
  return (
    <Dialog
      title={title}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            look="primary"
            onPress={() => {
              onChoose(chosen.id, chosen.name)
              onClose()
            }}
          >
            {act} {chosen.name}
          </Button>
        </>
      }
    >
      <div className="h-72 overflow-auto rounded-md border border-line p-1.5 text-text">
        <Row
          depth={0}
          on={chosen.id === null}
          onChoose={() => setChosen({ id: null, name: 'All files' })}
          icon={HardDrive}
          name="All files"
        />
        <Level
          {...{ vaultId, without }}
          parent="root"
          depth={1}
          chosen={chosen.id}
          onChoose={({ id, name }) => setChosen({ id, name })}
        />
      </div>
    </Dialog>
  )
}

interface LevelProps {
  vaultId: string
  parent: string
  depth: number
  without: string[]
  chosen: string | null
  onChoose: (folder: Folder) => void
}

function Level({ parent, depth, ...rest }: LevelProps) {
  const { data } = useFolderList(rest.vaultId, parent)
  return (data ?? [])
    .filter(({ id }) => !rest.without.includes(id))
    .map((folder) => <Branch key={folder.id} folder={folder} depth={depth} {...rest} />)
}

function Branch({ folder, depth, ...rest }: Omit<LevelProps, 'parent'> & { folder: Folder }) {
  const [open, setOpen] = useState(false)
  return (
    <>
      <Row
        depth={depth}
        on={rest.chosen === folder.id}
        open={folder.folderCount > 0 ? open : undefined}
        onOpen={() => setOpen(!open)}
        onChoose={() => rest.onChoose(folder)}
        icon={FolderIcon}
        name={folder.name}
      />
      {open && <Level parent={folder.id} depth={depth + 1} {...rest} />}
    </>
  )
}

interface RowProps {
  depth: number
  on: boolean
  open?: boolean | undefined
  onOpen?: () => void
  onChoose: () => void
  icon: typeof FolderIcon
  name: string
}

function Row({ depth, on, open, onOpen, onChoose, icon: Icon, name }: RowProps) {
  return (
    <div
      className={classes('flex h-8 items-center rounded-md', on ? 'bg-selected font-medium' : 'hover:bg-hover')}
      style={{ paddingLeft: depth * 16 }}
    >
      <button
        type="button"
        aria-label={`Open ${name}`}
        aria-expanded={open ?? false}
        onClick={onOpen}
        className={classes('p-1.5 text-faint', open === undefined && 'invisible')}
      >
        <ChevronRight
          size={14}
          className={classes('transition-transform duration-100', open && 'rotate-90')}
          aria-hidden
        />
      </button>
      <button
        type="button"
        aria-pressed={on}
        onClick={onChoose}
        className="flex min-w-0 flex-1 items-center gap-2 self-stretch rounded-md text-left"
      >
        <Icon size={16} strokeWidth={1.75} className="shrink-0 text-soft" aria-hidden />
        <bdi className="truncate">{name}</bdi>
      </button>
    </div>
  )
}
