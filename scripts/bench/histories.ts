// Ten versions of files as people have them, the same each time: text, an office document, large binaries.

import { crc32, deflateRawSync } from 'node:zlib'

export const histories: [name: string, versions: () => Generator<Buffer>][] = [
  ['text 2.3 MB, words changed (1.5 KB)', textHistory],
  ['docx 286 KB, one part changed', documentHistory],
  ['100 MB random, 1 % in 4 KB patches, lengths shift', () => binaryHistory('random')],
  ['100 MB compressible, 1 % in 4 KB patches, lengths shift', () => binaryHistory('records')],
]

const VERSIONS = 10

function* textHistory(): Generator<Buffer> {
  const random = randomOf(1)
  let text = prose(random, 2_300_000)
  for (let n = 0; n < VERSIONS; n++) {
    yield Buffer.from(text)
    // One paragraph and a dozen of small changes: 1.5 KB in all.
    text = spliced(text, random, 900)
    for (let edit = 0; edit < 12; edit++) text = spliced(text, random, 50)
  }
}

function spliced(text: string, random: Random, length: number): string {
  const at = random.below(text.length - length)
  return text.slice(0, at) + prose(random, length + random.below(21) - 10) + text.slice(at + length)
}

// A zip as an office program writes it: some parts, pictures that do not compress, and a main part that is edited.
function* documentHistory(): Generator<Buffer> {
  const random = randomOf(2)
  const parts = new Map<string, Buffer>([
    ['[Content_Types].xml', Buffer.from(prose(random, 1500))],
    ['word/document.xml', Buffer.from(prose(random, 60_000))],
    ['word/styles.xml', Buffer.from(prose(random, 30_000))],
    ['word/media/image1.png', random.bytes(180_000)],
    ['word/media/image2.png', random.bytes(60_000)],
    ['docProps/core.xml', Buffer.from(prose(random, 800))],
  ])
  for (let n = 0; n < VERSIONS; n++) {
    yield zipOf(parts)
    const main = String(parts.get('word/document.xml'))
    parts.set('word/document.xml', Buffer.from(spliced(main, random, 300)))
  }
}

function* binaryHistory(kind: 'random' | 'records'): Generator<Buffer> {
  const random = randomOf(3)
  const make = (length: number) => (kind === 'random' ? random.bytes(length) : records(random, length))
  let content = make(100_000_000)
  for (let n = 0; n < VERSIONS; n++) {
    yield content
    const pieces: Buffer[] = []
    const edits = 244
    const stride = Math.floor(content.length / edits)
    for (let edit = 0; edit < edits; edit++) {
      const start = edit * stride
      const at = start + random.below(stride - 9000)
      // Every third is an insertion, every third a deletion, the others replace.
      const [removed, added] = [edit % 3 === 1 ? 0 : 4096 + random.below(100), edit % 3 === 2 ? 0 : 4096]
      pieces.push(content.subarray(start, at), make(added), content.subarray(at + removed, start + stride))
    }
    content = Buffer.concat([...pieces, content.subarray(edits * stride)])
  }
}

function records(random: Random, length: number): Buffer {
  const lines: Buffer[] = []
  for (let size = 0; size < length; ) {
    const line = `${random.below(1e9)};${words[random.below(words.length)]};${random.below(1000) / 10};2026-11-${random.below(30)}\n`
    lines.push(Buffer.from(line))
    size += line.length
  }
  return Buffer.concat(lines).subarray(0, length)
}

function zipOf(parts: Map<string, Buffer>): Buffer {
  const local: Buffer[] = []
  const central: Buffer[] = []
  let offset = 0
  for (const [name, content] of parts) {
    const packed = deflateRawSync(content)
    const common = Buffer.alloc(26)
    common.writeUInt16LE(20, 0)
    common.writeUInt16LE(8, 4)
    common.writeUInt32LE(crc32(content), 10)
    common.writeUInt32LE(packed.length, 14)
    common.writeUInt32LE(content.length, 18)
    common.writeUInt16LE(name.length, 22)
    const entry = Buffer.concat([Buffer.from('PK\x03\x04'), common, Buffer.from(name), packed])
    const place = Buffer.alloc(14)
    place.writeUInt32LE(offset, 10)
    central.push(Buffer.from('PK\x01\x02\x14\x00'), common, place, Buffer.from(name))
    local.push(entry)
    offset += entry.length
  }
  const directory = Buffer.concat(central)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06')
  end.writeUInt16LE(parts.size, 8)
  end.writeUInt16LE(parts.size, 10)
  end.writeUInt32LE(directory.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...local, directory, end])
}

const syllables = 'ba ce di fo gu ha je ki lo mu na pe ri so tu va we xi yo zu st tr ng nd'.split(' ')
const words = Array.from({ length: 5000 }, (_, n) => {
  const random = randomOf(n + 100)
  return Array.from({ length: 1 + random.below(4) }, () => syllables[random.below(syllables.length)]).join('')
})

function prose(random: Random, length: number): string {
  const found: string[] = []
  for (let size = 0; size < length; ) {
    // Few words are frequent, as in any language.
    const word = words[Math.floor(words.length * random.next() ** 3)] ?? ''
    found.push(random.below(12) === 0 ? `${word}.\n` : `${word} `)
    size += word.length + 2
  }
  return found.join('').slice(0, length)
}

type Random = ReturnType<typeof randomOf>

// xorshift32 (Marsaglia 2003): the same numbers on every machine.
function randomOf(seed: number) {
  let state = Math.imul(seed, 0x9e3779b1) | 1
  function step(): number {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  return {
    next: () => step() / 2 ** 32,
    below: (end: number) => Math.floor((step() / 2 ** 32) * end),
    bytes(length: number): Buffer {
      const bytes = Buffer.allocUnsafe(length)
      let i = 0
      for (; i + 4 <= length; i += 4) bytes.writeUInt32LE(step(), i)
      for (; i < length; i++) bytes[i] = step()
      return bytes
    },
  }
}
