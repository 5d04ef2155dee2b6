/**
 * What the server asks of its decoding child: one job is one file. Also the sizes of thumbnails and the one error that
 * says why a file has none, or no text. Loaded by both processes, so it must stay free of packages.
 */

/** Pixels at the longer side of each thumbnail. */
export const longerSide = { small: 128, medium: 512, large: 1600 } as const
export type Size = keyof typeof longerSide

export interface MediaFacts {
  /** Pixels as shown: rotation applied, and the stretched pixels of a video counted as square ones. */
  width: number | null
  height: number | null
  /** Seconds. */
  duration: number | null
  /** Whether all three thumbnails were written. A recording without a picture has none. */
  thumbnails: boolean
}

/** How a file is read, decided by its MIME type alone and never by a guess of the decoder. */
export type Format =
  /** A picture, and the only loader of libvips that may see it. */
  | { reader: 'image'; loader: string }
  /** A video or a sound, and the demuxer that ffmpeg is made to use. */
  | { reader: 'recording'; demuxer: string }

/** What reads the text of a document, as `Format` does for pictures. */
export type TextReader = 'plain' | 'html' | 'xml' | 'pdf' | 'docx' | 'xlsx' | 'pptx' | 'opendocument' | 'mail'

export type Job = PictureJob | TextJob

/** Thumbnails and facts are wanted. */
export interface PictureJob {
  wanted: 'thumbnails'
  source: string
  format: Format
  /** Files to write; the server moves them to where they belong. */
  thumbnails: Record<Size, string>
  /** A file to keep a frame of a video in, for as long as the job runs. */
  frame: string
  ffmpeg: string
  ffprobe: string
}

/** Text is wanted. */
export interface TextJob {
  wanted: 'text'
  source: string
  reader: TextReader
}

/** What a document says. */
export interface DocumentText {
  /** Compressed by zstd: at most a million characters. */
  text: Buffer
  /** Its words for an index, between blanks; each as often as it counts there. Empty: there is no text. */
  words: string
}

export const mediaReasons = [
  /** Not a format that is read here, whatever it calls itself. */
  'unsupported',
  /** The format is known, the content is broken. */
  'damaged',
  'timeout',
  /** More pixels or more memory than we are willing to spend. */
  'too-large',
  /** Nothing is wrong with the file as far as we know: ffmpeg is missing, the child was killed, the server is stopping. */
  'unavailable',
] as const
export type MediaReason = (typeof mediaReasons)[number]

/** Why a file got no facts, or no text. All reasons but `unavailable` and `timeout` are final: the same bytes will fail again. */
export class MediaError extends Error {
  readonly reason: MediaReason

  constructor(reason: MediaReason, message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'MediaError'
    this.reason = reason
  }
}
