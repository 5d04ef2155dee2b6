/** Office Open XML: the words of documents, sheets and slides, in the order in which people meet them. */
import { type Archive, openArchive } from './archive.ts'
import { Gathering } from './gathering.ts'
import { parseTags, type TagEvents } from './tags.ts'

/** A document of Word: body, notes, comments, headers and footers. What was deleted is not there. */
export async function readDocument(path: string): Promise<string> {
  using archive = await openArchive(path)
  const gathered = new Gathering()
  const parts = [
    'word/document.xml',
    ...numbered(archive, /^word\/(?:footnotes|endnotes|comments)()\.xml$/),
    ...numbered(archive, /^word\/(?:header|footer)(\d*)\.xml$/),
  ]
  for (const part of parts) await readWriting(archive, part, gathered, 'w')
  return gathered.toString()
}

/** Slides, and what the speaker notes to them. */
export async function readSlides(path: string): Promise<string> {
  using archive = await openArchive(path)
  const gathered = new Gathering()
  const parts = [
    ...numbered(archive, /^ppt\/slides\/slide(\d+)\.xml$/),
    ...numbered(archive, /^ppt\/notesSlides\/notesSlide(\d+)\.xml$/),
  ]
  for (const part of parts) await readWriting(archive, part, gathered, 'a')
  return gathered.toString()
}

/** A workbook: the names of its sheets, its texts once each, then values that are no text. */
export async function readSheets(path: string): Promise<string> {
  using archive = await openArchive(path)
  const gathered = new Gathering()
  await parse(archive, 'xl/workbook.xml', gathered, {
    open(name, attributes) {
      if (name === 'sheet') addLine(gathered, attributes.name ?? '')
    },
  })
  await readStrings(archive, 'xl/sharedStrings.xml', gathered)
  for (const part of numbered(archive, /^xl\/worksheets\/sheet(\d+)\.xml$/)) await readCells(archive, part, gathered)
  for (const part of numbered(archive, /^xl\/comments(\d*)\.xml$/)) await readStrings(archive, part, gathered)
  return gathered.toString()
}

/** Runs of text (`w:t`, `a:t`) in paragraphs. */
async function readWriting(archive: Archive, part: string, gathered: Gathering, prefix: 'w' | 'a'): Promise<void> {
  let inText = 0
  await parse(archive, part, gathered, {
    open(name) {
      if (name === `${prefix}:t`) inText++
      else if (name === `${prefix}:tab`) gathered.space()
      else if (name === `${prefix}:br` || name === `${prefix}:cr`) gathered.newLine()
    },
    text(text) {
      if (inText > 0) gathered.add(text)
    },
    close(name) {
      if (name === `${prefix}:t`) inText--
      else if (name === `${prefix}:p`) gathered.newLine()
    },
  })
}

/** Texts (`t`) of items that stand for cells or comments. */
async function readStrings(archive: Archive, part: string, gathered: Gathering): Promise<void> {
  let inText = 0
  let inReading = 0 // how Japanese words are pronounced
  await parse(archive, part, gathered, {
    open(name) {
      if (name === 't') inText++
      else if (name === 'rPh') inReading++
    },
    text(text) {
      if (inText > 0 && inReading === 0) gathered.add(text)
    },
    close(name) {
      if (name === 't') inText--
      else if (name === 'rPh') inReading--
      else if (name === 'si' || name === 'comment') gathered.newLine()
    },
  })
}

/** Cells whose value stands in the sheet itself: numbers, results of formulas, inline texts. */
async function readCells(archive: Archive, part: string, gathered: Gathering): Promise<void> {
  let isShared = false
  let isValue = false
  await parse(archive, part, gathered, {
    open(name, attributes) {
      if (name === 'c') isShared = attributes.t === 's'
      else if (name === 'v' || name === 't') isValue = !isShared
    },
    text(text) {
      if (isValue) gathered.add(text)
    },
    close(name) {
      if (name === 'v' || name === 't') isValue = false
      else if (name === 'c') gathered.space()
      else if (name === 'row') gathered.newLine()
    },
  })
}

/** Walks one part of an archive until it ends or enough is gathered. */
export async function parse(archive: Archive, part: string, gathered: Gathering, events: TagEvents): Promise<void> {
  const tags = parseTags('xml', events)
  await archive.read(part, (piece) => tags.write(piece) && !gathered.isFull)
  gathered.newLine()
}

function addLine(gathered: Gathering, text: string): void {
  gathered.add(text)
  gathered.newLine()
}

/** Parts whose name fits, by the number in it. */
function numbered({ names }: Archive, pattern: RegExp): string[] {
  return names
    .flatMap((name) => {
      const found = pattern.exec(name)
      return found ? [{ name, number: Number(found[1]) }] : []
    })
    .sort((a, b) => a.number - b.number)
    .map(({ name }) => name)
}
