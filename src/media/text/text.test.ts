/** What documents say: read in the child, bounded, in whatever shape they come. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { zstdDecompressSync } from 'node:zlib'
import { children, openStudio, refused, type Studio } from '../samples.ts'
import { mostText } from './gathering.ts'
import { docxOf, emlOf, odtOf, pdfOf, pptxOf, xlsxOf, zipOf } from './samples.ts'

const docx = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
const xlsx = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
const pptx = 'application/vnd.openxmlformats-officedocument.presentationml.presentation'
const odt = 'application/vnd.oasis.opendocument.text'

async function read(studio: Studio, content: string | Buffer, mimeType: string) {
  const source = await studio.save('document', content)
  const { text, words } = await studio.media.readText({ source, mimeType })
  return { text: zstdDecompressSync(text).toString(), words }
}

test('every kind of document says what stands in it', async () => {
  await using studio = await openStudio()
  const said = async (content: string | Buffer, mimeType: string) => (await read(studio, content, mimeType)).text
  assert.equal(await said('One  two\r\n\r\nthree\n', 'text/plain'), 'One two\nthree')
  assert.equal(await said('# Title\n- item', 'text/markdown'), '# Title\n- item')
  assert.equal(await said('let  x = 1', 'text/typescript'), 'let x = 1')
  assert.equal(
    await said(
      '<title>Head</title><style>p{}</style><p>Half<b>way</b> there &amp; back<script>no()</script><p>end',
      'text/html',
    ),
    'Head\nHalfway there & back\nend',
  )
  assert.equal(await said('<a x="unseen">one<b>two</b></a>', 'application/xml'), 'one two')
  assert.equal(await said(docxOf('Alpha beta', 'Größe R&amp;D'), docx), 'Alpha beta\nGröße R&D\nafootnote')
  assert.equal(
    await said(xlsxOf('Revenue', 'Müller &amp; Söhne'), xlsx),
    'Budget & plan\nRevenue\nMüller & Söhne\n4711.25 inlined',
  )
  assert.equal(
    await said(pptxOf(...Array.from({ length: 10 }, (_, i) => `slide${i + 1}`)), pptx),
    Array.from({ length: 10 }, (_, i) => `slide${i + 1}`).join('\n'),
  )
  assert.equal(await said(odtOf('Gamma', 'delta'), odt), 'Gamma spanned\ndelta spanned')
  assert.equal(await said(pdfOf('Hello portable', 'second page'), 'application/pdf'), 'Hello portable\nsecond page')
  assert.equal(
    await said(emlOf('Über Maschinen', 'Dear Charles, café?'), 'message/rfc822'),
    'Über Maschinen\nAda Lovelace ada@example.org\nCharles charles@example.org\nDear Charles, café?\nengine.bin',
  )
  assert.equal((await children()).length, 1)
})

test('text is read in the encoding that it is in', async () => {
  await using studio = await openStudio()
  const said = async (content: Buffer, mimeType = 'text/plain') => (await read(studio, content, mimeType)).text
  assert.equal(await said(Buffer.from('\ufeffGröße')), 'Größe')
  assert.equal(await said(Buffer.from('\ufeffGröße', 'utf16le')), 'Größe')
  assert.equal(await said(Buffer.from('\ufeffGröße', 'utf16le').swap16()), 'Größe')
  assert.equal(await said(Buffer.from('Gr\xf6\xdfe \x80', 'latin1')), 'Größe €')
  assert.equal(
    await said(Buffer.from('<meta charset="windows-1251"><p>\xcf\xf0\xe8\xe2\xe5\xf2', 'latin1'), 'text/html'),
    'Привет',
  )
})

test('words are few: each at most eight times, without case, data left out', async () => {
  await using studio = await openStudio()
  const { words } = await read(studio, `${'Walrus '.repeat(50)} egg Egg ${'f'.repeat(61)} Gro\u0308ße`, 'text/plain')
  assert.equal(words, `${'walrus '.repeat(8)}egg egg größe`)
})

test('what is no document of its type is damaged, and the child goes on', async () => {
  await using studio = await openStudio()
  const pdf = pdfOf('Hello')
  for (const [content, mimeType] of [
    ['no zip at all', docx],
    [docxOf('words').subarray(0, 300), docx],
    [zipOf([{ name: 'other.xml', content: '<x/>' }]), odt],
    [Buffer.concat([Buffer.from('PK\x03\x04'), Buffer.alloc(500, 0x50)]), xlsx],
    ['%PDF-1.7 and nothing else', 'application/pdf'],
    [pdf.subarray(0, 60), 'application/pdf'],
    [Buffer.from([1, 0, 2, 0]), 'text/plain'],
  ] as [string | Buffer, string][])
    await assert.rejects(read(studio, content, mimeType), refused('damaged'), `${mimeType} ${content.length}`)
  await assert.rejects(read(studio, 'x', 'image/png'), refused('unsupported'))
  assert.equal((await read(studio, 'whole', 'text/plain')).text, 'whole')
  assert.equal((await children()).length, 1)
})

test('a long text is cut, and an archive that grows without end is left when enough came', async () => {
  await using studio = await openStudio({ memoryMb: 400, timeoutSeconds: 30 })
  const long = await read(studio, 'walrus '.repeat(400_000), 'text/plain')
  assert.equal(long.text.length, mostText)
  const bomb = Buffer.alloc(300_000_000, '<w:p/>')
  const body = Buffer.concat([Buffer.from('<w:document><w:p><w:t>before</w:t></w:p>'), bomb])
  for (const claimed of [body.length, 1000]) {
    const content = zipOf([{ name: 'word/document.xml', content: body, claimed }])
    assert.ok(content.length < 2_000_000)
    const result = await read(studio, content, docx).catch((error: unknown) => error)
    if (!(result instanceof Error)) assert.equal((result as { text: string }).text, 'before')
    else refused('damaged')(result)
  }
  const nested = `<w:document><w:t>before</w:t>${'<w:t>'.repeat(2_000_000)}deep`
  const deep = await read(studio, zipOf([{ name: 'word/document.xml', content: nested }]), docx)
  assert.equal(deep.text, 'before')
  const page = await read(studio, `<p>before</p>${'<b>'.repeat(2_000_000)}deep`, 'text/html')
  assert.equal(page.text, 'before')
})
