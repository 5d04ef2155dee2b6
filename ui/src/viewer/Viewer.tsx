/** A file over the whole page; the arrow keys go on to the next one of the list. */
import { ChevronLeft, ChevronRight, Download, X } from 'lucide-react'
import { useEffect } from 'react'
import { Dialog } from 'react-aria-components/Dialog'
import { Modal, ModalOverlay } from 'react-aria-components/Modal'
import { IconButton } from '../kit/Button.tsx'
import { formatBytes } from '../kit/format.ts'
import { Content } from './Content.tsx'
import { Note } from './Note.tsx'
import type { Shown } from './shown.ts'

export interface ViewerProps {
  /** Undefined: it is on its way, or `problem` says why there is nothing. */
  file: Shown | undefined
  problem?: string | undefined
  /** Where it stands in the list, from 0; negative: in none. */
  index: number
  count: number
  /** Goes so many files on. */
  onStep: (by: 1 | -1) => void
  onClose: () => void
}

export function Viewer({ file, problem, index, count, onStep, onClose }: ViewerProps) {
  const [before, after] = [index > 0, index >= 0 && index < count - 1]
  useEffect(() => {
    const step = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLElement && event.target.closest('video, audio, input')) return
      if (event.key === 'ArrowLeft' && before) onStep(-1)
      if (event.key === 'ArrowRight' && after) onStep(1)
    }
    addEventListener('keydown', step)
    return () => removeEventListener('keydown', step)
  }, [before, after, onStep])
  return (
    <ModalOverlay isOpen isDismissable onOpenChange={(open) => !open && onClose()} className="fixed inset-0 z-40 bg-bg">
      <Modal className="h-full">
        <Dialog aria-label={file?.name ?? 'File'} className="flex h-full flex-col outline-none">
          <header className="flex h-13 shrink-0 items-center gap-2 border-b border-line px-4">
            <div className="flex min-w-0 flex-1 items-baseline gap-3">
              <bdi className="truncate text-[14px] font-semibold">{file?.name}</bdi>
              {file && <span className="shrink-0 text-sm text-faint">{formatBytes(file.size)}</span>}
            </div>
            {index >= 0 && count > 1 && (
              <span className="hidden text-sm text-faint sm:block">
                {index + 1} of {count}
              </span>
            )}
            <IconButton icon={ChevronLeft} label="The file before" isDisabled={!before} onPress={() => onStep(-1)} />
            <IconButton icon={ChevronRight} label="The next file" isDisabled={!after} onPress={() => onStep(1)} />
            {file?.download !== undefined && (
              <a
                href={file.download}
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
            {file ? <Content key={file.key} file={file} /> : <Note>{problem ?? ' '}</Note>}
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  )
}
