/** What is known of the selected entry, and what of it can be changed in place. */
import { Info, Star, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { FileActivity } from '../activity/FileActivity.tsx'
import { IconButton } from '../kit/Button.tsx'
import { formatBytes, formatCount, formatDuration, formatMoment, formatNumber } from '../kit/format.ts'
import { useTold } from '../kit/Toast.tsx'
import { ShareButton } from '../sharing/ShareButton.tsx'
import { Metadata } from './Metadata.tsx'
import { useOwnerName } from './Owner.tsx'
import { LargePicture } from './Picture.tsx'
import { type Entry, entryName, type File, useSetFavorite } from './queries.ts'
import { Tags } from './Tags.tsx'
import { Versions } from './Versions.tsx'

export function Details({
  entry,
  count,
  onOpen,
  onClose,
}: {
  entry: Entry | undefined
  count: number
  onOpen: (entry: Entry) => void
  onClose: () => void
}) {
  return (
    <aside aria-label="Details" className="hidden w-80 shrink-0 flex-col overflow-auto border-l border-line md:flex">
      {entry ? (
        <div className="flex flex-col gap-4 p-4">
          <button
            type="button"
            aria-label={`Open ${entryName(entry)}`}
            onClick={() => onOpen(entry)}
            className="h-44 overflow-hidden rounded-lg bg-block"
          >
            <LargePicture entry={entry} />
          </button>
          <div className="flex items-start gap-2">
            <div className="min-w-0 flex-1">
              <h2 className="text-lg font-semibold wrap-anywhere">
                <bdi>{entryName(entry)}</bdi>
              </h2>
              <bdi className="block truncate text-sm text-faint">{whereIs(entry)}</bdi>
            </div>
            {!isInTrash(entry) && (
              <ShareButton
                shared={entry.type === 'file' ? { fileId: entry.file.id } : { folderId: entry.folder.id }}
                name={entryName(entry)}
              />
            )}
            {entry.type === 'file' && <Favorite file={entry.file} />}
            <IconButton icon={X} label="Close the details" onPress={onClose} />
          </div>
          {entry.type === 'file' && entry.file.deletedAt === null && (
            <>
              <Section title="Tags">
                <Tags key={entry.file.id} file={entry.file} />
              </Section>
              <Section title="Metadata">
                <Metadata key={entry.file.id} file={entry.file} />
              </Section>
              {entry.file.version > 1 && (
                <Section title="Versions">
                  <Versions key={entry.file.id} file={entry.file} />
                </Section>
              )}
            </>
          )}
          <Section title="Facts">
            <Facts entry={entry} />
          </Section>
          {entry.type === 'file' && (
            <Section title="Activity">
              <FileActivity key={entry.file.id} fileId={entry.file.id} />
            </Section>
          )}
        </div>
      ) : (
        <div className="m-auto flex flex-col items-center gap-2 p-8 text-center text-faint">
          <Info size={22} strokeWidth={1.5} aria-hidden />
          {count > 1 ? `${formatCount(count, 'item')} selected` : 'Select a file to see what is known of it.'}
        </div>
      )}
    </aside>
  )
}

function Favorite({ file }: { file: File }) {
  const { mutateAsync } = useSetFavorite()
  const told = useTold()
  return (
    <IconButton
      icon={Star}
      label={file.favorite ? 'Not a favourite any more' : 'Favourite'}
      on={file.favorite}
      fill={file.favorite}
      onPress={() => told(mutateAsync({ files: [file], favorite: !file.favorite }))}
    />
  )
}

function Section({ title, children }: { title: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="border-t border-line pt-3">
      <h3 className="mb-2 text-sm font-medium text-faint">{title}</h3>
      {children}
    </section>
  )
}

function Facts({ entry }: { entry: Entry }) {
  const owner = useOwnerName(entry.type === 'file' ? entry.file : undefined)
  const facts: [string, string | null][] =
    entry.type === 'folder'
      ? [
          [
            'Holds',
            `${formatCount(entry.folder.fileCount, 'file')}, ${formatCount(entry.folder.folderCount, 'folder')}`,
          ],
          ['Made', formatMoment(entry.folder.createdAt)],
          ['Changed', formatMoment(entry.folder.updatedAt)],
        ]
      : [
          ['Size', `${formatBytes(entry.file.size)} (${formatNumber(entry.file.size)} bytes)`],
          ['Type', entry.file.mimeType],
          [
            'Pixels',
            entry.file.width && entry.file.height
              ? `${formatNumber(entry.file.width)} × ${formatNumber(entry.file.height)}`
              : null,
          ],
          ['Length', entry.file.duration === null ? null : formatDuration(entry.file.duration)],
          ['Package', entry.file.package],
          ['Added', formatMoment(entry.file.createdAt)],
          ['Changed', formatMoment(entry.file.updatedAt)],
          ['Owner', owner ?? null],
          ['Version', String(entry.file.version)],
          ['SHA-256', entry.file.sha256],
        ]
  return (
    <dl className="grid grid-cols-[5.5rem_minmax(0,1fr)] gap-y-1.5">
      {facts.map(
        ([name, value]) =>
          value !== null && (
            <div key={name} className="contents">
              <dt className="text-faint">{name}</dt>
              <dd className="truncate select-text" title={value}>
                {value}
              </dd>
            </div>
          ),
      )}
    </dl>
  )
}

function whereIs(entry: Entry): string {
  const { path } = entry.type === 'file' ? entry.file : entry.folder
  return path.split('/').slice(1, -1).join(' / ') || 'All files'
}

function isInTrash(entry: Entry): boolean {
  return (entry.type === 'file' ? entry.file : entry.folder).deletedAt !== null
}
