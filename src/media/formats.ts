/**
 * Which MIME types are read, and by what. The type was found by content when the file was stored; here it chooses the
 * one decoder that sees the bytes, so that a playlist named `.mp4` is read as MP4 and fails, and a TIFF named `.png`
 * never reaches the TIFF loader. A type that is not listed is not read.
 *
 * SVG is left out on purpose: it is a program that draws, with filters and references that cost what they like.
 */
import type { Format } from './job.ts'

/** libvips has one loader for files and another for buffers; we only ever open files. */
const loaders = {
  Jpeg: ['image/jpeg'],
  Png: ['image/png', 'image/apng'],
  Webp: ['image/webp'],
  Nsgif: ['image/gif'],
  Tiff: ['image/tiff'],
  Heif: ['image/avif', 'image/heif'], // those compressed with AV1; there is no decoder for the HEIC of a phone
}

const demuxers = {
  mov: ['video/mp4', 'video/x-m4v', 'video/quicktime', 'video/3gpp', 'video/3gpp2', 'audio/mp4', 'audio/x-m4a'],
  matroska: ['video/webm', 'audio/webm', 'video/matroska', 'video/x-matroska', 'audio/matroska', 'audio/x-matroska'],
  avi: ['video/vnd.avi', 'video/x-msvideo'],
  mpegts: ['video/mp2t'],
  mpeg: ['video/mpeg', 'video/mp1s', 'video/mp2p'],
  flv: ['video/x-flv'],
  asf: ['application/vnd.ms-asf', 'video/x-ms-asf', 'video/x-ms-wmv', 'audio/x-ms-asf', 'audio/x-ms-wma'],
  ogg: ['application/ogg', 'video/ogg', 'audio/ogg', 'audio/opus'],
  mp3: ['audio/mpeg'],
  aac: ['audio/aac'],
  flac: ['audio/flac', 'audio/x-flac'],
  wav: ['audio/wav', 'audio/x-wav', 'audio/vnd.wave'],
  aiff: ['audio/aiff', 'audio/x-aiff'],
  caf: ['audio/x-caf'],
  amr: ['audio/amr'],
  ape: ['audio/ape'],
  wv: ['audio/wavpack'],
}

const formats = new Map<string, Format>()
for (const [name, types] of Object.entries(loaders)) {
  for (const type of types) formats.set(type, { reader: 'image', loader: `VipsForeignLoad${name}File` })
}
for (const [demuxer, types] of Object.entries(demuxers)) {
  for (const type of types) formats.set(type, { reader: 'recording', demuxer })
}

/** How files of this type are read, or null when they are not. Parameters (`; codecs=opus`) do not matter. */
export function formatOf(mimeType: string): Format | null {
  const essence = mimeType.split(';', 1)[0] ?? ''
  return formats.get(essence.trim().toLowerCase()) ?? null
}
