/** Folders and files behind a link, as tiles with their pictures. */
import { Folder } from 'lucide-react'
import type { ReactNode } from 'react'
import { formatBytes, formatCount } from '../kit/format.ts'
import { kindLooks } from '../kit/kinds.ts'
import type { GuestFile, GuestFolder, GuestShare } from '../sharing/queries.ts'
import { knownKind, pictureOf } from './shown.ts'

export function Tiles({
  share,
  files,
  folders,
  onFolder,
  onFile,
}: {
  share: GuestShare
  files: GuestFile[]
  folders: GuestFolder[]
  onFolder: (path: string) => void
  onFile: (path: string) => void
}) {
  return (
    <ul className="grid grid-cols-[repeat(auto-fill,minmax(9.5rem,1fr))] gap-3">
      {folders.map(({ path, name, fileCount, folderCount }) => (
        <Tile
          key={path}
          name={name}
          about={[
            ...(folderCount > 0 ? [formatCount(folderCount, 'folder')] : []),
            ...(fileCount > 0 || folderCount === 0 ? [formatCount(fileCount, 'file')] : []),
          ].join(', ')}
          onPress={() => onFolder(path)}
        >
          <Folder size={44} strokeWidth={1.25} className="text-soft" aria-hidden />
        </Tile>
      ))}
      {files.map((file) => (
        <Tile key={file.path} name={file.name} about={formatBytes(file.size)} onPress={() => onFile(file.path)}>
          <Picture share={share} file={file} />
        </Tile>
      ))}
    </ul>
  )
}

function Tile({
  name,
  about,
  onPress,
  children,
}: {
  name: string
  about: string
  onPress: () => void
  children: ReactNode
}) {
  return (
    <li>
      <button
        type="button"
        onClick={onPress}
        className="flex w-full flex-col overflow-hidden rounded-lg border border-line bg-card text-left hover:border-faint"
      >
        <span className="flex h-28 items-center justify-center bg-block">{children}</span>
        <span className="flex flex-col px-3 py-2">
          <bdi className="truncate" title={name}>
            {name}
          </bdi>
          <span className="truncate text-sm text-faint">{about}</span>
        </span>
      </button>
    </li>
  )
}

function Picture({ share, file }: { share: GuestShare; file: GuestFile }) {
  const address = pictureOf(share, file, 'medium')
  if (address) return <img src={address} alt="" loading="lazy" decoding="async" className="size-full object-cover" />
  const { icon: Icon, color } = kindLooks[knownKind(file.kind)]
  return <Icon size={44} strokeWidth={1.25} className={color} aria-hidden />
}
