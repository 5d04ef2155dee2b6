/** Pages and XML files to text. */
import { decode, readBeginning } from './decoding.ts'
import { Gathering, mostText } from './gathering.ts'
import { parseTags, type Tags } from './tags.ts'

const unseen = new Set(['script', 'style', 'template', 'noscript', 'svg', 'math', 'object', 'iframe'])
const inline = new Set(
  'a abbr b bdi bdo big cite code data dfn em font i ins kbd mark q s samp small span strike strong sub sup time tt u var wbr'.split(
    ' ',
  ),
)
/** Of a page much is neither words nor tags that matter. */
const mostBytes = mostText * 8

/** What a reader of the page sees, with its title. */
export async function readHtml(path: string): Promise<string> {
  const bytes = await readBeginning(path, mostBytes)
  const head = bytes.subarray(0, 1024).toString('latin1')
  return htmlText(decode(bytes, /<meta[^>]*charset\s*=\s*["']?\s*([\w-]+)/i.exec(head)?.[1]))
}

/** The same of a page that was read already. */
export function htmlText(page: string): string {
  const gathered = new Gathering()
  let hidden = 0
  const parser = parseTags('html', {
    open(name) {
      if (unseen.has(name)) hidden++
      if (!inline.has(name)) gathered.newLine()
    },
    text(text) {
      if (hidden === 0) gathered.add(text)
    },
    close(name) {
      if (unseen.has(name)) hidden = Math.max(0, hidden - 1)
      if (!inline.has(name)) gathered.newLine()
    },
  })
  feed(parser, page, gathered)
  return gathered.toString()
}

/** Everything between the tags of an XML document. */
export async function readXml(path: string): Promise<string> {
  const bytes = await readBeginning(path, mostBytes)
  const declared = /^<\?xml[^>]*encoding\s*=\s*["']([\w-]+)/.exec(bytes.subarray(0, 200).toString('latin1'))?.[1]
  const gathered = new Gathering()
  const parser = parseTags('xml', {
    open: () => gathered.space(),
    text: (text) => gathered.add(text),
    close: () => gathered.space(),
  })
  feed(parser, decode(bytes, declared), gathered)
  return gathered.toString()
}

const pieceLength = 64 * 1024

function feed(tags: Tags, text: string, gathered: Gathering): void {
  for (let at = 0; at < text.length && !gathered.isFull; at += pieceLength)
    if (!tags.write(text.slice(at, at + pieceLength))) return
  tags.end()
}
