// Types told by content: first what must never be believed, then what should be recognised.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { deflateRawSync } from 'node:zlib'
import { bytes } from './testing.ts'
import { sniffType } from './type.ts'

const png = Buffer.from('89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489', 'hex')
const jpeg = Buffer.from('ffd8ffe000104a46494600010100000100010000', 'hex')
const mp4 = Buffer.from('00000018667479706d703432000000006d70343269736f6d', 'hex')
const cfb = Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(504)])
const elf = Buffer.concat([Buffer.from('7f454c46020101', 'hex'), Buffer.alloc(64)])
const binary = Buffer.concat([Buffer.from([0, 1, 2, 0xff, 0xfe, 0]), bytes(100)])

type Row = [name: string, head: Buffer | string, type: string, declared?: string]

function check(title: string, rows: Row[]): void {
  test(title, async () => {
    for (const [name, head, type, declared] of rows) {
      const shown = `${name}: ${typeof head === 'string' ? head.slice(0, 60) : head.subarray(0, 12).toString('hex')}`
      assert.equal(await sniffType(Buffer.from(head), name, declared), type, shown)
    }
  })
}

check('a page is called a page, whatever its name', [
  ['a.txt', '<!DOCTYPE html><p>', 'text/html'],
  ['a.jpg', '<html><script>alert(1)</script>', 'text/html'],
  ['a.csv', '\n\t <SCRIPT>alert(1)</SCRIPT>', 'text/html'],
  ['a', '\ufeff<!-- hello --><!-- there --><body onload=x>', 'text/html'],
  ['a.json', '<!-- never closed', 'text/html'],
  ['a.txt', '<iframe src=x>', 'text/html'],
  ['a.txt', '<img/src=x onerror=alert(1)>', 'text/html'],
  ['a.txt', Buffer.from('\ufeff<html>', 'utf16le'), 'text/html'],
  ['a.txt', Buffer.from('<html>\xe9t\xe9', 'latin1'), 'text/html'],
  ['a.md', '<!doctype html><p>', 'text/html'],
  ['a.md', '<script>alert(1)</script>', 'text/html'],
  ['a.html', 'only words', 'text/html'],
  ['a.png', '<svg xmlns="http://www.w3.org/2000/svg">', 'image/svg+xml'],
  ['a.txt', '<?xml version="1.0"?>\n<!-- made by hand -->\n<svg onload="x">', 'image/svg+xml'],
  [
    'a.txt',
    '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "svg11.dtd" [<!ENTITY a "b">]><s:svg xmlns:s="x">',
    'image/svg+xml',
  ],
  ['a.txt', '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">', 'application/xhtml+xml'],
  ['a.txt', '<?xml version="1.0"?><data/>', 'application/xml'],
  ['a.txt', '<x:script xmlns:x="http://www.w3.org/1999/xhtml">alert(1)</x:script>', 'text/html'],
  ['a.txt', '<whatever xmlns="http://www.w3.org/1999/xhtml">', 'application/xml'],
  ['a', '<p>hello', 'text/html', 'text/plain'],
])

check('a name or a claim alone makes no picture, film, sound or document', [
  ['a.png', binary, 'application/octet-stream'],
  ['a.mp4', binary, 'application/octet-stream'],
  ['a.mp3', binary, 'application/octet-stream'],
  ['a.pdf', binary, 'application/octet-stream'],
  ['a.docx', binary, 'application/octet-stream'],
  ['a.html', binary, 'application/octet-stream'],
  ['a.png', 'only words', 'application/octet-stream'],
  ['a.svg', 'only words', 'application/octet-stream'],
  ['a', binary, 'application/octet-stream', 'image/png'],
  ['a', binary, 'application/octet-stream', 'not a type'],
  ['a', 'only words', 'text/plain', `text/${'x'.repeat(200)}`],
  ['a.png', '', 'application/octet-stream'],
  ['a', '', 'application/octet-stream'],
])

check('content decides against the name', [
  ['a.txt', png, 'image/png'],
  ['a.png', jpeg, 'image/jpeg'],
  ['a.jpg', elf, 'application/x-elf'],
  ['a.docx', png, 'image/png'],
  ['a', mp4, 'video/mp4', 'text/html'],
  ['a.docx', cfb, 'application/x-cfb'],
])

check('text that looks like a magic number is text', [
  ['a.txt', 'BMW is a car', 'text/plain'],
  ['a.txt', 'GIF is a format', 'text/plain'],
  ['a.md', 'MZ is a city code', 'text/markdown'],
  ['a.tex', '%!TEX root = main.tex', 'application/x-tex'],
])

check('text is told by its name', [
  ['a.txt', 'words', 'text/plain'],
  ['a', 'words', 'text/plain'],
  ['a.unknown', 'words', 'text/plain'],
  ['a.unknown', 'words', 'text/x-special', 'text/x-special; charset=utf-8'],
  ['a.md', '# Title', 'text/markdown'],
  ['a.md', '<p align="center"><img src="logo.png"></p>', 'text/markdown'],
  ['a.md', '<!-- comment -->\n# Title', 'text/markdown'],
  ['a.csv', 'a;b', 'text/csv'],
  ['a.json', '{}', 'application/json'],
  ['a.ts', 'export const a = 1', 'text/typescript'],
  ['a.py', 'import os', 'text/x-python'],
  ['a.css', 'a{}', 'text/css'],
  ['a.ics', 'BEGIN:VCALENDAR', 'text/calendar'],
  ['a.gpx', '<?xml version="1.0"?><gpx>', 'application/gpx+xml'],
  ['a.xml', '<?xml version="1.0"?><gpx>', 'application/xml'],
  ['a.txt', 'h\u00e9llo \u{1f600}'.repeat(400).slice(0, 4100), 'text/plain'],
  ['a.txt', Buffer.from('\u{1f600}').subarray(0, 3), 'text/plain'],
  ['a.csv', Buffer.from('\ufeffa;b', 'utf16le'), 'text/csv'],
  ['a.csv', Buffer.from('caf\xe9;b', 'latin1'), 'text/csv'],
  ['a.txt', '', 'text/plain'],
  ['a.bin', '', 'application/octet-stream'],
])

check('what is known by its magic is recognised', [
  ['a', png, 'image/png'],
  ['a.pdf', '%PDF-1.7\n1 0 obj', 'application/pdf'],
  ['a.rtf', '{\\rtf1 words}', 'application/rtf'],
  ['a.doc', cfb, 'application/msword'],
  ['a.torrent', binary, 'application/x-bittorrent'],
])

const word = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'
const sheet = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'
const contentTypes = (type: string) => `<Types><Override ContentType="${type}.main+xml"/></Types>`

check('the kinds of zip are told apart, by content and, where the head is too short, by name', [
  ['a.zip', zip(['a.txt', 'words']), 'application/zip'],
  ['a', zip(['[Content_Types].xml', contentTypes(word)]), word],
  ['a.zip', zip(['[Content_Types].xml', contentTypes(sheet)]), sheet],
  ['a.docx', zip(['word/media/large.png', 'x'.repeat(9000)]).subarray(0, 4100), word],
  [
    'a.odt',
    zip(['mimetype', 'application/vnd.oasis.opendocument.text', 'stored']),
    'application/vnd.oasis.opendocument.text',
  ],
  ['a.epub', zip(['mimetype', 'application/epub+zip', 'stored']), 'application/epub+zip'],
  ['a.kmz', zip(['doc.kml', '<kml/>']), 'application/vnd.google-earth.kmz'],
  ['a.png', zip(['a.txt', 'words']), 'application/zip'],
])

// The local entry of one file, which is how a zip begins.
function zip([name, text, method]: [name: string, text: string, method?: 'stored']): Buffer {
  const data = method ? Buffer.from(text) : deflateRawSync(text, { level: 0 })
  const header = Buffer.alloc(30)
  header.writeUInt32LE(0x04034b50, 0)
  header.writeUInt16LE(20, 4)
  header.writeUInt16LE(method ? 0 : 8, 8)
  header.writeUInt32LE(data.length, 18)
  header.writeUInt32LE(text.length, 22)
  header.writeUInt16LE(name.length, 26)
  return Buffer.concat([header, Buffer.from(name), data])
}
