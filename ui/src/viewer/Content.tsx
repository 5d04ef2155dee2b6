/** The content of a file as far as a browser can show it. */
import { Download } from 'lucide-react'
import { lazy, Suspense } from 'react'
import { Button } from '../kit/Button.tsx'
import { kindLooks } from '../kit/kinds.ts'
import { ImageView } from './ImageView.tsx'
import { Note } from './Note.tsx'
import type { Shown } from './shown.ts'
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

export function Content({ file, autoPlay = true }: { file: Shown; autoPlay?: boolean }) {
  const { address, download } = file
  if (pictures.has(file.mimeType)) return <ImageView file={file} />
  if (file.kind === 'video')
    return (
      // biome-ignore lint/a11y/useMediaCaption: these are people's own recordings; there are no captions to be had
      <video src={address} controls autoPlay={autoPlay} className="m-auto max-h-full max-w-full" />
    )
  if (file.kind === 'audio')
    return (
      <Note>
        {/* biome-ignore lint/a11y/useMediaCaption: these are people's own recordings; there are no captions to be had */}
        <audio src={address} controls autoPlay={autoPlay} className="w-96 max-w-full" />
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
      {download !== undefined && (
        <Button look="primary" icon={Download} onPress={() => location.assign(download)}>
          Download
        </Button>
      )}
    </Note>
  )
}
