/**
 * PDF, read by pdf.js: parts of the file are read as its tables name them, so that a scan of gigabytes costs what its few
 * words cost. Nothing is drawn and no script of the document is run.
 */
import { type FileHandle, open } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import {
  getDocument,
  PDFDataRangeTransport,
  type PDFDocumentProxy,
  VerbosityLevel,
} from 'pdfjs-dist/legacy/build/pdf.mjs'
import { MediaError } from '../job.ts'
import { Gathering } from './gathering.ts'

const mostPages = 500
const mostBytes = 2 ** 31 - 1
const rangeLength = 256 * 1024

/** The text of the first 500 pages. One that is damaged, or locked by a password, is `damaged`. */
export async function readPdf(path: string): Promise<string> {
  await using file = await open(path, 'r')
  const { size } = await file.stat()
  if (size > mostBytes) throw new MediaError('too-large', 'PDF files of 2 GiB and more are not read.')
  const range = new Ranges(file, size)
  const loading = getDocument({
    range,
    rangeChunkSize: rangeLength,
    disableAutoFetch: true,
    disableStream: true,
    verbosity: VerbosityLevel.ERRORS,
    useSystemFonts: false,
    disableFontFace: true,
    cMapUrl: packed('cmaps/'),
    standardFontDataUrl: packed('standard_fonts/'),
  })
  try {
    const document = await Promise.race([loading.promise, range.failed])
    return await Promise.race([readPages(document), range.failed])
  } catch (cause) {
    if (cause instanceof MediaError) throw cause
    throw new MediaError('damaged', cause instanceof Error ? cause.message : String(cause), { cause })
  } finally {
    await loading.destroy().catch(() => {})
    await range.settled()
  }
}

async function readPages(document: PDFDocumentProxy): Promise<string> {
  const gathered = new Gathering()
  let lastFault: unknown
  let read = 0
  for (let number = 1; number <= Math.min(document.numPages, mostPages) && !gathered.isFull; number++) {
    try {
      const page = await document.getPage(number)
      const { items } = await page.getTextContent()
      for (const item of items) {
        if (!('str' in item)) continue
        gathered.add(item.str)
        if (item.hasEOL) gathered.newLine()
      }
      page.cleanup()
      read++
    } catch (error) {
      lastFault = error // one page may be broken and the others whole
    }
    gathered.newLine()
  }
  if (read === 0 && lastFault !== undefined) throw lastFault
  return gathered.toString()
}

/** Hands pdf.js the ranges it asks for. */
class Ranges extends PDFDataRangeTransport {
  readonly failed: Promise<never>
  readonly #file: FileHandle
  readonly #size: number
  readonly #fail: (error: unknown) => void
  readonly #reading = new Set<Promise<void>>()

  constructor(file: FileHandle, size: number) {
    super(size, null)
    this.#file = file
    this.#size = size
    const { promise, reject } = Promise.withResolvers<never>()
    promise.catch(() => {})
    this.failed = promise
    this.#fail = reject
  }

  override requestDataRange(begin: number, end: number): void {
    const reading = this.#read(begin, Math.min(end, this.#size))
      .catch(this.#fail)
      .finally(() => this.#reading.delete(reading))
    this.#reading.add(reading)
  }

  /** Waits until nothing is read any more. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#reading)
  }

  async #read(begin: number, end: number): Promise<void> {
    const bytes = new Uint8Array(end - begin)
    let filled = 0
    while (filled < bytes.length) {
      const { bytesRead } = await this.#file.read(bytes, filled, bytes.length - filled, begin + filled)
      if (bytesRead === 0) throw new Error('The file ended early.')
      filled += bytesRead
    }
    this.onDataRange(begin, bytes)
  }
}

function packed(folder: string): string {
  return fileURLToPath(new URL(folder, import.meta.resolve('pdfjs-dist/package.json')))
}
