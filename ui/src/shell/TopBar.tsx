/** Search, how the list looks, making new things, and the person. */
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import {
  FolderPlus,
  LayoutGrid,
  LogOut,
  Menu,
  Monitor,
  Moon,
  Plus,
  Settings2,
  ShieldCheck,
  Sun,
  TableProperties,
  Upload,
  UploadCloud,
  UserRound,
} from 'lucide-react'
import { useRef, useState } from 'react'
import { Button as AriaButton } from 'react-aria-components/Button'
import { NewFolder } from '../files/NewFolder.tsx'
import { usePlace } from '../files/place.ts'
import { useMe, useSignOut } from '../files/queries.ts'
import { Avatar } from '../kit/Avatar.tsx'
import { Button, IconButton } from '../kit/Button.tsx'
import { type Actions, MenuButton } from '../kit/Menu.tsx'
import { chooseTheme, chosenTheme, type Theme } from '../kit/theme.ts'
import { SearchField } from '../search/SearchField.tsx'
import { readPicker } from '../uploads/drop.ts'
import { useUploads } from '../uploads/uploads.ts'

export interface Target {
  vaultId: string
  folderId: string | null
}

export function TopBar({ target, onMenu }: { target: Target | undefined; onMenu: () => void }) {
  const { place, change } = usePlace()
  const { add } = useUploads()
  const files = useRef<HTMLInputElement>(null)
  const folder = useRef<HTMLInputElement>(null)
  const [naming, setNaming] = useState(false)
  const take = (input: HTMLInputElement) => {
    if (target && input.files) add(readPicker(input.files), target)
    input.value = '' // so that the same files can be chosen again
  }
  const news: Actions = [
    { id: 'folder', label: 'New folder', icon: FolderPlus, act: () => setNaming(true) },
    'line',
    { id: 'files', label: 'Upload files', icon: Upload, act: () => files.current?.click() },
    { id: 'tree', label: 'Upload a folder', icon: UploadCloud, act: () => folder.current?.click() },
  ]
  return (
    <header className="flex h-13 shrink-0 items-center gap-2 border-b border-line px-3 md:px-4">
      <span className="md:hidden">
        <IconButton icon={Menu} label="Folders" onPress={onMenu} />
      </span>
      <SearchField />
      <span className="flex-1" />
      <fieldset className="hidden items-center rounded-md border border-line sm:flex" aria-label="View">
        <IconButton
          icon={TableProperties}
          label="Table"
          on={place.view !== 'grid'}
          onPress={() => change({ view: undefined })}
        />
        <IconButton
          icon={LayoutGrid}
          label="Grid"
          on={place.view === 'grid'}
          onPress={() => change({ view: 'grid' })}
        />
      </fieldset>
      <MenuButton actions={news} label="New">
        <Button icon={Plus}>New</Button>
      </MenuButton>
      <span className="hidden sm:block">
        <Button look="primary" icon={Upload} onPress={() => files.current?.click()}>
          Upload
        </Button>
      </span>
      <PersonMenu />
      <input
        ref={files}
        type="file"
        multiple
        hidden
        aria-label="Files to upload"
        onChange={(event) => take(event.currentTarget)}
      />
      <input
        ref={folder}
        type="file"
        hidden
        aria-label="Folder to upload"
        onChange={(event) => take(event.currentTarget)}
        {...{ webkitdirectory: '' }}
      />
      {naming && target && <NewFolder target={target} onClose={() => setNaming(false)} />}
    </header>
  )
}

function PersonMenu() {
  const { data: me } = useMe()
  const navigate = useNavigate()
  const queries = useQueryClient()
  const signOut = useSignOut()
  const [theme, setTheme] = useState(chosenTheme)
  const choose = (next: Theme) => {
    chooseTheme(next)
    setTheme(next)
  }
  if (!me) return <span className="size-8" />
  const mark = (one: Theme) => (theme === one ? '✓' : '')
  const actions: Actions = [
    { id: 'account', label: 'Your account', icon: UserRound, act: () => void navigate({ to: '/account' } as never) },
    ...(me.admin
      ? ([
          { id: 'admin', label: 'Overview', icon: ShieldCheck, act: () => void navigate({ to: '/admin' } as never) },
          {
            id: 'users',
            label: 'Users and settings',
            icon: Settings2,
            act: () => void navigate({ to: '/admin/users' } as never),
          },
        ] as Actions)
      : []),
    'line',
    { id: 'light', label: 'Light', icon: Sun, keys: mark('light'), act: () => choose('light') },
    { id: 'dark', label: 'Dark', icon: Moon, keys: mark('dark'), act: () => choose('dark') },
    { id: 'system', label: 'As the system', icon: Monitor, keys: mark('system'), act: () => choose('system') },
    'line',
    {
      id: 'out',
      label: 'Sign out',
      icon: LogOut,
      act: () => {
        queries.clear()
        signOut.mutate()
      },
    },
  ]
  return (
    <MenuButton actions={actions} label={me.name}>
      <AriaButton aria-label={`${me.name}: account and settings`} className="rounded-full">
        <Avatar name={me.name} size={30} />
      </AriaButton>
    </MenuButton>
  )
}
