/** What was dropped or chosen, as files with the folders they lie in. */
import type { Entry } from '../../../src/transfer/transfers.ts'

/** Walks what was dropped, whole folders with all below them. Must be called within the event. */
export async function readDrop(data: DataTransfer): Promise<Entry[]> {
  // The list of items is emptied when the event is over: every entry is taken before the first is awaited.
  const roots = [...data.items]
    .map((item) => item.webkitGetAsEntry?.())
    .filter((one) => one !== null && one !== undefined)
  if (roots.length === 0) return [...data.files].map((file) => ({ file, name: file.name, path: '' }))
  const found: Entry[] = []
  for (const root of roots) await walk(root, '', found)
  return found
}

/** What a file input holds; that of a whole folder says where each file lies. */
export function readPicker(files: FileList): Entry[] {
  return [...files].map((file) => ({
    file,
    name: file.name,
    path: file.webkitRelativePath.split('/').slice(0, -1).join('/'),
  }))
}

async function walk(entry: FileSystemEntry, path: string, found: Entry[]): Promise<void> {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject)).catch(() => undefined)
    if (file) found.push({ file, name: file.name, path })
  } else if (isDirectory(entry)) {
    const below = path === '' ? entry.name : `${path}/${entry.name}`
    const reader = entry.createReader()
    for (;;) {
      // Browsers hand a folder out in pieces; an empty piece is its end.
      const piece = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      ).catch(() => [])
      if (piece.length === 0) return
      for (const one of piece) await walk(one, below, found)
    }
  }
}

function isFile(entry: FileSystemEntry): entry is FileSystemFileEntry {
  return entry.isFile
}

function isDirectory(entry: FileSystemEntry): entry is FileSystemDirectoryEntry {
  return entry.isDirectory
}
