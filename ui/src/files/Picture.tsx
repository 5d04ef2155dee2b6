/** The picture of an entry: its thumbnail, or the icon of its kind. */
import { Folder } from 'lucide-react'
import { classes } from '../kit/classes.ts'
import { kindLooks } from '../kit/kinds.ts'
import { downloadAddress, type Entry, type File, pictureAddress } from './queries.ts'

const folderColors: Record<string, string> = {
  red: 'text-pdf',
  orange: 'text-slides',
  yellow: 'text-archive',
  green: 'text-sheet',
  blue: 'text-document',
  purple: 'text-video',
  pink: 'text-audio',
}

const largestDrawing = 512 * 1024

/** Where the picture of a file is. A drawing is its own: inside an <img> nothing of it runs. */
function addressOf(file: File, size: 'small' | 'medium' | 'large'): string | undefined {
  if (file.thumbnail === 'ready') return pictureAddress(file, size)
  return file.mimeType === 'image/svg+xml' && file.size <= largestDrawing ? downloadAddress(file.id, true) : undefined
}

/** 26 pixels, for a row. */
export function Picture({ entry }: { entry: Entry }) {
  if (entry.type === 'folder')
    return (
      <Box
        icon={
          <Folder
            size={15}
            strokeWidth={1.75}
            className={folderColors[entry.folder.color ?? ''] ?? 'text-soft'}
            aria-hidden
          />
        }
      />
    )
  const { file } = entry
  const { icon: Icon, color } = kindLooks[file.kind]
  const address = addressOf(file, 'small')
  if (address)
    return (
      <img
        src={address}
        alt=""
        loading="lazy"
        decoding="async"
        className="size-[26px] shrink-0 rounded-[5px] bg-block object-cover"
      />
    )
  return (
    <Box
      icon={<Icon size={15} strokeWidth={1.75} className={color} aria-hidden />}
      breathe={file.thumbnail === 'pending'}
    />
  )
}

function Box({ icon, breathe }: { icon: React.ReactNode; breathe?: boolean }) {
  return (
    <span
      className={classes(
        'flex size-[26px] shrink-0 items-center justify-center rounded-[5px] bg-block',
        breathe && 'breathe',
      )}
    >
      {icon}
    </span>
  )
}

/** As large as its place, for the grid and the details. */
export function LargePicture({ entry, size = 'medium' }: { entry: Entry; size?: 'medium' | 'large' }) {
  const address = entry.type === 'file' ? addressOf(entry.file, size) : undefined
  if (address) return <img src={address} alt="" loading="lazy" decoding="async" className="size-full object-contain" />
  const Icon = entry.type === 'folder' ? Folder : kindLooks[entry.file.kind].icon
  const color =
    entry.type === 'folder' ? (folderColors[entry.folder.color ?? ''] ?? 'text-soft') : kindLooks[entry.file.kind].color
  return (
    <span
      className={classes(
        'flex size-full items-center justify-center',
        entry.type === 'file' && entry.file.thumbnail === 'pending' && 'breathe',
      )}
    >
      <Icon size={44} strokeWidth={1.25} className={color} aria-hidden />
    </span>
  )
}
