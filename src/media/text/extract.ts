/** The text of a document. Runs in the decoding child only; what reads a kind of document is loaded by the first of its kind. */
import type { TextReader } from '../job.ts'

/** At most a million characters of text, its lines and words apart as in the document. Throws a `MediaError`. */
export async function extractText(path: string, reader: TextReader): Promise<string> {
  switch (reader) {
    case 'plain':
      return (await import('./plain.ts')).readPlain(path)
    case 'html':
      return (await import('./markup.ts')).readHtml(path)
    case 'xml':
      return (await import('./markup.ts')).readXml(path)
    case 'pdf':
      return (await import('./pdf.ts')).readPdf(path)
    case 'docx':
      return (await import('./office.ts')).readDocument(path)
    case 'xlsx':
      return (await import('./office.ts')).readSheets(path)
    case 'pptx':
      return (await import('./office.ts')).readSlides(path)
    case 'opendocument':
      return (await import('./opendocument.ts')).readOpenDocument(path)
    case 'mail':
      return (await import('./mail.ts')).readMail(path)
  }
}
