/** Files and folders dropped from the desktop, anywhere on the page. */
import { UploadCloud } from 'lucide-react'
import { useEffect, useState } from 'react'
import type { Entry } from '../../../src/transfer/transfers.ts'
import { readDrop } from './drop.ts'

export function DropTarget({ name, onDrop }: { name: string; onDrop: (entries: Entry[]) => void }) {
  const [over, setOver] = useState(false)
  useEffect(() => {
    const carries = (event: DragEvent) => event.dataTransfer?.types.includes('Files') ?? false
    let depth = 0 // every element that is crossed enters and leaves
    const enter = (event: DragEvent) => {
      if (!carries(event)) return
      depth++
      setOver(true)
    }
    const leave = (event: DragEvent) => {
      if (carries(event) && --depth <= 0) setOver(false)
    }
    const hover = (event: DragEvent) => {
      if (carries(event)) event.preventDefault()
    }
    const drop = (event: DragEvent) => {
      if (!event.dataTransfer || !carries(event)) return
      event.preventDefault()
      depth = 0
      setOver(false)
      void readDrop(event.dataTransfer).then(onDrop)
    }
    addEventListener('dragenter', enter)
    addEventListener('dragleave', leave)
    addEventListener('dragover', hover)
    addEventListener('drop', drop)
    return () => {
      removeEventListener('dragenter', enter)
      removeEventListener('dragleave', leave)
      removeEventListener('dragover', hover)
      removeEventListener('drop', drop)
    }
  }, [onDrop])
  if (!over) return null
  return (
    <div className="pointer-events-none fixed inset-3 z-50 flex items-center justify-center rounded-xl border-2 border-dashed border-accent bg-bg/85">
      <div className="flex items-center gap-3 text-lg font-medium text-accent">
        <UploadCloud size={24} strokeWidth={1.75} aria-hidden />
        Drop to upload to {name}
      </div>
    </div>
  )
}
