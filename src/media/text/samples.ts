/** For tests: small documents of every kind, written by hand. Imported by tests alone. */
import { crc32, deflateRawSync } from 'node:zlib'

interface Part {
  name: string
  content: string | Buffer
  /** What the archive says of the inflated size, where that is a lie. */
  claimed?: number
}

/** A zip archive of deflated parts. */
export function zipOf(parts: Part[]): Buffer {
  const bodies: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, content, claimed } of parts) {
    const data = Buffer.from(content)
    const packed = deflateRawSync(data)
    const facts = Buffer.alloc(22)
    facts.writeUInt16LE(20, 0)
    facts.writeUInt16LE(8, 4)
    facts.writeUInt32LE(crc32(data), 10)
    facts.writeUInt32LE(packed.length, 14)
    facts.writeUInt32LE(claimed ?? data.length, 18)
    const title = Buffer.from(name)
    const lengths = Buffer.alloc(4)
    lengths.writeUInt16LE(title.length)
    const body = Buffer.concat([Buffer.from('PK\x03\x04'), facts, lengths, title, packed])
    const where = Buffer.alloc(14)
    where.writeUInt32LE(offset, 10)
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02\x14\x00'), facts, lengths, where, title]))
    bodies.push(body)
    offset += body.length
  }
  const listed = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 'latin1')
  end.writeUInt16LE(parts.length, 8)
  end.writeUInt16LE(parts.length, 10)
  end.writeUInt32LE(listed.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...bodies, listed, end])
}

const types = { name: '[Content_Types].xml', content: '<?xml version="1.0"?><Types/>' }

/** A Word document with these paragraphs; each is cut into runs in the middle of words. */
export function docxOf(...paragraphs: string[]): Buffer {
  const run = (text: string) => `<w:r><w:t xml:space="preserve">${text}</w:t></w:r>`
  const body = paragraphs.map((text) => `<w:p>${run(text.slice(0, 3))}${run(text.slice(3))}</w:p>`).join('')
  const deleted = '<w:p><w:del><w:r><w:delText>struckout</w:delText></w:r></w:del></w:p>'
  return zipOf([
    types,
    { name: 'word/document.xml', content: `<w:document><w:body>${body}${deleted}</w:body></w:document>` },
    { name: 'word/footnotes.xml', content: `<w:footnotes><w:p>${run('afootnote')}</w:p></w:footnotes>` },
  ])
}

/** A workbook with one sheet: shared texts, then a number and a text of its own. */
export function xlsxOf(...texts: string[]): Buffer {
  const cells = texts.map((_, i) => `<c r="A${i + 1}" t="s"><v>${i}</v></c>`).join('')
  return zipOf([
    types,
    { name: 'xl/workbook.xml', content: '<workbook><sheets><sheet name="Budget &amp; plan"/></sheets></workbook>' },
    {
      name: 'xl/sharedStrings.xml',
      content: `<sst>${texts.map((text) => `<si><t>${text}</t></si>`).join('')}</sst>`,
    },
    {
      name: 'xl/worksheets/sheet1.xml',
      content: `<worksheet><sheetData><row>${cells}<c><v>4711.25</v></c><c t="inlineStr"><is><t>inlined</t></is></c></row></sheetData></worksheet>`,
    },
  ])
}

/** Slides with a text each; the tenth comes behind the second. */
export function pptxOf(...slides: string[]): Buffer {
  const parts = slides.map((text, i) => ({
    name: `ppt/slides/slide${i + 1}.xml`,
    content: `<p:sld><p:txBody><a:p><a:r><a:t>${text}</a:t></a:r></a:p></p:txBody></p:sld>`,
  }))
  return zipOf([types, ...parts.toReversed()])
}

/** An OpenDocument text. */
export function odtOf(...paragraphs: string[]): Buffer {
  const body = paragraphs.map((text) => `<text:p>${text}<text:s/><text:span>spanned</text:span></text:p>`).join('')
  return zipOf([
    { name: 'mimetype', content: 'application/vnd.oasis.opendocument.text' },
    {
      name: 'content.xml',
      content: `<office:document-content><office:automatic-styles><style:x>nostyle</style:x></office:automatic-styles><office:body>${body}</office:body></office:document-content>`,
    },
  ])
}

/** A PDF with one line of Latin letters on each page. */
export function pdfOf(...pages: string[]): Buffer {
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    `<</Type/Pages/Count ${pages.length}/Kids[${pages.map((_, i) => `${4 + 2 * i} 0 R`).join(' ')}]>>`,
    '<</Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding>>',
    ...pages.flatMap((text, i) => {
      const drawn = `BT /F1 12 Tf 72 700 Td (${text}) Tj ET`
      return [
        `<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</Font<</F1 3 0 R>>>>/Contents ${5 + 2 * i} 0 R>>`,
        `<</Length ${drawn.length}>>\nstream\n${drawn}\nendstream`,
      ]
    }),
  ]
  let text = '%PDF-1.4\n'
  const offsets = objects.map((object, i) => {
    const offset = text.length
    text += `${i + 1} 0 obj\n${object}\nendobj\n`
    return `${String(offset).padStart(10, '0')} 00000 n \n`
  })
  const start = text.length
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join('')}`
  text += `trailer\n<</Size ${objects.length + 1}/Root 1 0 R>>\nstartxref\n${start}\n%%EOF\n`
  return Buffer.from(text, 'latin1')
}

/** A message in two forms, with an attachment. */
export function emlOf(subject: string, text: string): string {
  return [
    'From: Ada Lovelace <ada@example.org>',
    'To: Charles <charles@example.org>',
    `Subject: =?UTF-8?B?${Buffer.from(subject).toString('base64')}?=`,
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary="edge"',
    '',
    '--edge',
    'Content-Type: text/plain; charset=utf-8',
    'Content-Transfer-Encoding: quoted-printable',
    '',
    [...Buffer.from(text)].map((byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(''),
    '--edge',
    'Content-Type: application/octet-stream; name="engine.bin"',
    'Content-Disposition: attachment; filename="engine.bin"',
    'Content-Transfer-Encoding: base64',
    '',
    'AAECAwQ=',
    '--edge--',
    '',
  ].join('\r\n')
}
