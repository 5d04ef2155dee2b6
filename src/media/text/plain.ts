/** Plain text, Markdown, source code, tables of values: what is written is what is found. */
import { MediaError } from '../job.ts'
import { decode, readBeginning } from './decoding.ts'
import { Gathering, mostText } from './gathering.ts'

/** The beginning of a text file. Bytes that are no text in any encoding are `damaged`. */
export async function readPlain(path: string): Promise<string> {
  const text = decode(await readBeginning(path, mostText * 4))
  if (text.includes('\0')) throw new MediaError('damaged', 'This is no text.')
  const gathered = new Gathering()
  gathered.add(text)
  return gathered.toString()
}
