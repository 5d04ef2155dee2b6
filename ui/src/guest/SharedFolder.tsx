/** A shared folder: its folders and files, a search in it, all of it as an archive, and putting files in where one may. */
import { useNavigate, useSearch } from '@tanstack/react-router'
import { ChevronRight, Download, FolderOpen, SearchX, Upload } from 'lucide-react'
import { useCallback, useDeferredValue, useRef, useState } from 'react'
import { Button } from '../kit/Button.tsx'
import { inputLook } from '../kit/Field.tsx'
import { formatCount } from '../kit/format.ts'
import { EmptyState, FailedState, SkeletonRows } from '../kit/states.tsx'
import { type GuestFile, type GuestShare, useGuestFiles, useGuestSearch } from '../sharing/queries.ts'
import { DropTarget } from '../uploads/DropTarget.tsx'
import { readPicker } from '../uploads/drop.ts'
import { Viewer } from '../viewer/Viewer.tsx'
import { Limits } from './Limits.tsx'
import { downloadOf, shownFile } from './shown.ts'
import { Tiles } from './Tiles.tsx'
import { Sent, useGuestUploads } from './uploads.tsx'

export function SharedFolder({ share }: { share: GuestShare }) {
  const { path = '/', open } = useSearch({ strict: false }) as { path?: string; open?: string }
  const navigate = useNavigate()
  const go = useCallback(
    (search: { path?: string; open?: string }, replace = false) => void navigate({ to: '.', search, replace } as never),
    [navigate],
  )
  const [text, setText] = useState('')
  const q = useDeferredValue(text.trim())
  const list = useGuestFiles(share.shortCode, path, q === '')
  const found = useGuestSearch(share.shortCode, q)
  const uploads = useGuestUploads(share, path)
  const picker = useRef<HTMLInputElement>(null)
  const searching = q !== ''
  const files: GuestFile[] = searching
    ? (found.data?.files ?? [])
    : (list.data?.pages.flatMap((one) => one.files) ?? [])
  const folders = searching ? [] : (list.data?.pages[0]?.folders ?? [])
  const index = files.findIndex((file) => file.path === open)
  const shown = files[index]
  const error = searching ? found.error : list.error
  const loading = searching ? !found.data : !list.data
  const archive = downloadOf(share, path === '/' ? undefined : path)
  const step = useCallback(
    (by: 1 | -1) => {
      const next = files[index + by]
      if (next) go({ path, open: next.path }, true)
    },
    [files, index, go, path],
  )
  return (
    <main className="flex min-h-0 flex-1 flex-col overflow-auto">
      <div className="mx-auto flex w-full max-w-6xl flex-1 flex-col gap-4 p-4 md:p-6">
        <div className="flex flex-wrap items-center gap-x-4 gap-y-3">
          <div className="min-w-0 flex-1 basis-60">
            <Way share={share} path={path} onGo={(to) => go(to === '/' ? {} : { path: to })} />
            <p className="text-sm text-faint">
              {searching
                ? found.data && formatCount(found.data.total, 'file found', 'files found')
                : list.data && `${formatCount(folders.length, 'folder')}, ${countOf(files.length, list.hasNextPage)}`}
              <Limits share={share} />
            </p>
          </div>
          <input
            type="search"
            aria-label="Search in this folder"
            placeholder="Search"
            value={text}
            onChange={(event) => setText(event.target.value)}
            className={`${inputLook} min-w-40 flex-1 sm:max-w-60`}
          />
          {share.permission === 'edit' && (
            <Button icon={Upload} onPress={() => picker.current?.click()}>
              Put in files
            </Button>
          )}
          {archive !== undefined && (
            <Button
              look="primary"
              icon={Download}
              isDisabled={share.downloadsLeft === 0}
              onPress={() => location.assign(archive)}
            >
              Download all
            </Button>
          )}
        </div>
        <Sent uploads={uploads.list} />
        {error ? (
          <FailedState error={error} onRetry={() => void (searching ? found : list).refetch()} />
        ) : loading ? (
          <SkeletonRows rows={6} />
        ) : files.length + folders.length === 0 ? (
          <EmptyState
            icon={searching ? SearchX : FolderOpen}
            title={searching ? 'Nothing found' : 'This folder is empty'}
          >
            {searching
              ? 'The names of files are searched, in this folder and those below it.'
              : share.permission === 'edit'
                ? 'Drop files anywhere onto this page to put them here.'
                : 'Nothing was put here yet.'}
          </EmptyState>
        ) : (
          <Tiles
            share={share}
            files={files}
            folders={folders}
            onFolder={(to) => go({ path: to })}
            onFile={(to) => go({ path, open: to })}
          />
        )}
        {!searching && list.hasNextPage && (
          <div className="flex justify-center">
            <Button isDisabled={list.isFetchingNextPage} onPress={() => void list.fetchNextPage()}>
              Show more
            </Button>
          </div>
        )}
      </div>
      {share.permission === 'edit' && (
        <>
          <input
            ref={picker}
            type="file"
            multiple
            hidden
            aria-label="Files to put in"
            onChange={({ currentTarget }) => {
              if (currentTarget.files) uploads.add(readPicker(currentTarget.files))
              currentTarget.value = '' // so that the same files can be chosen again
            }}
          />
          <DropTarget name={nameOf(share, path)} onDrop={uploads.add} />
        </>
      )}
      {shown && (
        <Viewer
          file={shownFile(share, shown)}
          index={index}
          count={files.length}
          onStep={step}
          onClose={() => go(path === '/' ? {} : { path })}
        />
      )}
    </main>
  )
}

/** The folders on the way from the shared one. */
function Way({ share, path, onGo }: { share: GuestShare; path: string; onGo: (path: string) => void }) {
  const names = path.split('/').filter((name) => name !== '')
  const steps = [{ name: share.name, to: '/' }].concat(
    names.map((name, i) => ({ name, to: `/${names.slice(0, i + 1).join('/')}` })),
  )
  return (
    <h1 className="flex flex-wrap items-center gap-1 text-lg font-semibold">
      {steps.map(({ name, to }, i) => (
        <span key={to} className="flex min-w-0 items-center gap-1">
          {i > 0 && <ChevronRight size={16} className="text-faint" aria-hidden />}
          {i === steps.length - 1 ? (
            <bdi className="truncate">{name}</bdi>
          ) : (
            <button type="button" onClick={() => onGo(to)} className="truncate rounded text-soft hover:text-text">
              <bdi>{name}</bdi>
            </button>
          )}
        </span>
      ))}
    </h1>
  )
}

function nameOf(share: GuestShare, path: string): string {
  return path.split('/').filter(Boolean).at(-1) ?? share.name
}

function countOf(count: number, more: boolean): string {
  return more ? `more than ${formatCount(count, 'file')}` : formatCount(count, 'file')
}
