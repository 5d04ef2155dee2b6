/** Icon and quiet colour of each kind of file. */
import {
  Archive,
  Braces,
  File,
  FileImage,
  FileText,
  Film,
  type LucideIcon,
  Music,
  Presentation,
  Sheet,
  Type,
} from 'lucide-react'
import type { Kind } from '../../../src/api/files.ts'

export const kindLooks: Record<Kind, { icon: LucideIcon; color: string; name: string }> = {
  image: { icon: FileImage, color: 'text-image', name: 'Images' },
  video: { icon: Film, color: 'text-video', name: 'Videos' },
  audio: { icon: Music, color: 'text-audio', name: 'Audio' },
  pdf: { icon: FileText, color: 'text-pdf', name: 'PDF' },
  document: { icon: FileText, color: 'text-document', name: 'Documents' },
  sheet: { icon: Sheet, color: 'text-sheet', name: 'Sheets' },
  slides: { icon: Presentation, color: 'text-slides', name: 'Slides' },
  text: { icon: FileText, color: 'text-document', name: 'Text' },
  code: { icon: Braces, color: 'text-document', name: 'Code' },
  archive: { icon: Archive, color: 'text-archive', name: 'Archives' },
  font: { icon: Type, color: 'text-soft', name: 'Fonts' },
  other: { icon: File, color: 'text-soft', name: 'Others' },
}

/** The name of a kind as the server says it, which may be one that this page does not know yet. */
export function kindName(kind: string): string {
  return (kindLooks as Record<string, { name: string }>)[kind]?.name ?? kind
}
