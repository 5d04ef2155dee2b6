/** A file over the whole page; the arrow keys go on to the next one of the list. */
import { useQuery } from '@tanstack/react-query'
import { ChevronLeft, ChevronRight, Download, X } from 'lucide-react'
import { lazy, type ReactNode, Suspense, useEffect } from 'react'
import { Dialog } from 'react-aria-components/Dialog'
import { Modal, ModalOverlay } from 'react-aria-components/Modal'
import { getFile } from '../../../src/api/files.ts'
import { call } from '../call.ts'
import { Button, IconButton } from '../kit/Button.tsx'
import { formatBytes } from '../kit/format.ts'
import { kindLooks } from '../kit/kinds.ts'
import { ImageView } from './ImageView.tsx'
import { downloadAddress, type File, keys } from './queries.ts'
import { TextView } from './TextView.tsx'

const PdfView = lazy(async () => ({ default: (await import('./PdfView.tsx')).PdfView }))

const pictures = new Set([
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'image/avif',
  'image/bmp',
  'image/svg+xml',
])

export function Viewer({
  id,
  files,
  onGo,
  onClose,
}: {
  id: string
  files: File[]
  onGo: (id: string) => void
  onClose: () => void
}) {
  const listed = files.find((file) => file.id === id)
  const { data, error } = useQuery({
    queryKey: keys.file(id),
    queryFn: ({ signal }) => call(getFile, { params: { id } }, { signal }),
    enabled: !listed,
  })
  const file = listed ?? data
  const index = files.findIndex((one) => one.id === id)
  const [before, after] = [files[index - 1], index >= 0 ? files[index + 1] : undefined]
  useEffect(() => {
    const step = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLElement && event.target.closest('video, audio, input')) return
      if (event.key === 'ArrowLeft' && before) onGo(before.id)
      if (event.key === 'ArrowRight' && after) onGo(after.id)
    }
    addEventListener('keydown', step)
    return () => removeEventListener('keydown', step)
  }, [before, after, onGo])
  return (
    <ModalOverlay isOpen isDismissable onOpenChange={(open) => !open && onClose()} className="fixed inset-0 z-40 bg-bg">
      <Modal className="h-full">
        <Dialog aria-label={file?.name ?? 'File'} className="flex h-full flex-col outline-none">
          <header className="flex h-13 shrink-0 items-center gap-2 border-b border-line px-4">
            <div className="flex min-w-0 flex-1 items-baseline gap-3">
              <bdi className="truncate text-[14px] font-semibold">{file?.name}</bdi>
              {file && <span className="shrink-0 text-sm text-faint">{formatBytes(file.size)}</span>}
            </div>
            {index >= 0 && files.length > 1 && (
              <span className="hidden text-sm text-faint sm:block">
                {index + 1} of {files.length}
              </span>
            )}
            <IconButton
              icon={ChevronLeft}
              label="The file before"
              isDisabled={!before}
              onPress={() => before && onGo(before.id)}
            />
            <IconButton
              icon={ChevronRight}
              label="The next file"
              isDisabled={!after}
              onPress={() => after && onGo(after.id)}
            />
            {file && (
              <a
                href={downloadAddress(file.id)}
                download
                className="flex size-8 items-center justify-center rounded-md text-soft hover:bg-hover hover:text-text"
                aria-label="Download"
              >
                <Download size={16} strokeWidth={1.75} aria-hidden />
              </a>
            )}
            <IconButton icon={X} label="Close" onPress={onClose} />
          </header>
          <div className="relative flex min-h-0 flex-1 bg-side">
            {file ? <Content key={file.id} file={file} /> : <Note>{error ? error.message : ' '}</Note>}
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}

function Content({ file }: { file: File }) {
  const address = downloadAddress(file.id, true)
  if (pictures.has(file.mimeType)) return <ImageView file={file} />
  // biome-ignore lint/a11y/useMediaCaption: these are people's own recordings; there are no captions to be had
  if (file.kind === 'video') return <video src={address} controls autoPlay className="m-auto max-h-full max-w-full" />
  if (file.kind === 'audio')
    return (
      <Note>
        {/* biome-ignore lint/a11y/useMediaCaption: these are people's own recordings; there are no captions to be had */}
        <audio src={address} controls autoPlay className="w-96 max-w-full" />
      </Note>
    )
  if (file.kind === 'pdf')
    return (
      <Suspense fallback={<Note> </Note>}>
        <PdfView file={file} />
      </Suspense>
    )
  if (file.mimeType.startsWith('text/') || file.kind === 'code' || file.kind === 'text') return <TextView file={file} />
  const { icon: Icon, color } = kindLooks[file.kind]
  return (
    <Note>
      <Icon size={56} strokeWidth={1.25} className={color} aria-hidden />
      <p>{file.mimeType} cannot be shown here.</p>
      <Button look="primary" icon={Download} onPress={() => location.assign(downloadAddress(file.id))}>
        Download
      </Button>
    </Note>
  )
}

export function Note({ children }: { children: ReactNode }) {
  return <div className="m-auto flex max-w-md flex-col items-center gap-4 p-8 text-center text-soft">{children}</div>
}
