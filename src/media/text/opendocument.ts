/** OpenDocument: texts, sheets and slides alike are paragraphs in one part. */
import { MediaError } from '../job.ts'
import { openArchive } from './archive.ts'
import { Gathering } from './gathering.ts'
import { parse } from './office.ts'

/** The paragraphs of a document, in order, with notes and comments where they stand. */
export async function readOpenDocument(path: string): Promise<string> {
  using archive = await openArchive(path)
  if (!archive.names.includes('content.xml')) throw new MediaError('damaged', 'This is no OpenDocument.')
  const gathered = new Gathering()
  let paragraphs = 0
  let deleted = 0
  await parse(archive, 'content.xml', gathered, {
    open(name, attributes) {
      if (name === 'text:p' || name === 'text:h') paragraphs++
      else if (name === 'text:s' || name === 'text:tab') gathered.space()
      else if (name === 'text:line-break') gathered.newLine()
      else if (name === 'text:tracked-changes') deleted++
      else if (name === 'table:table' || name === 'draw:page') {
        gathered.add(attributes['table:name'] ?? attributes['draw:name'] ?? '')
        gathered.newLine()
      }
    },
    text(text) {
      if (paragraphs > 0 && deleted === 0) gathered.add(text)
    },
    close(name) {
      if (name === 'text:p' || name === 'text:h') {
        paragraphs--
        gathered.newLine()
      } else if (name === 'text:tracked-changes') deleted--
    },
  })
  return gathered.toString()
}
