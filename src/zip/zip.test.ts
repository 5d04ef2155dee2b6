/** Layouts alone, with sizes that no disk of ours holds; read back by a reader of the format's own words. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { closeSync, openSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { crc32 } from 'node:zlib'
import { startZip, type ZipEntry, type ZipLayout } from './layout.ts'

const at = Date.UTC(2026, 10, 21, 12, 34, 56)

test('what could write outside of where an archive is unpacked is not in a name', () => {
  for (const [path, name] of [
    ['/etc/passwd', 'etc/passwd'],
    ['a/../../b', 'a/_/_/b'],
    ['..', '_'],
    ['./a', '_/a'],
    ['a\\..\\b', 'a_.._b'],
    ['a\u0000b\n', 'a_b_'],
    ['a//b', 'a/b'],
  ] as const) {
    const zip = layOut([file(path, 'x')])
    assert.deepEqual(directoryOf(zip, allOf(zip)).names, [name])
  }
})

test('a part of an archive is the same bytes as in the whole, wherever it is cut', () => {
  const contents = ['', 'a', 'bb'.repeat(500), '', 'x'.repeat(70_000)]
  const zip = layOut([
    ...contents.map((content, i) => file(`Folder ${i}/é ${i}.txt`, content)),
    { path: 'Empty', isFolder: true, size: 0, crc32: 0, modifiedAt: at },
  ])
  const read = (start: number, end: number) => bytesOf(zip, start, end, (i) => Buffer.from(contents[i] ?? ''))
  const whole = read(0, zip.size - 1)
  assert.equal(whole.length, zip.size)
  for (let i = 0; i < 3000; i++) {
    const start = i < 600 ? i : Math.floor(Math.random() * zip.size)
    const end = Math.min(zip.size - 1, start + Math.floor(Math.random() ** 4 * zip.size))
    assert.ok(read(start, end).equals(whole.subarray(start, end + 1)), `${start}-${end} of ${zip.size}`)
  }
  for (let i = 0; i < zip.size; i += 97) assert.equal(read(i, i)[0], whole[i])
  for (const [start, end] of [
    [-1, 5],
    [0, zip.size],
    [0.5, 5],
  ] as const)
    assert.throws(() => [...zip.pieces(start, end)], RangeError)
})

test('numbers stand in zip64 fields where they need them, and nowhere else', () => {
  const limit = 0xffffffff
  const small = layOut([file('a', 'a'), file('b', 'b')])
  assert.equal(allOf(small).indexOf(Buffer.from('PK\x06\x06')), -1)
  assert.deepEqual(directoryOf(small, allOf(small)).offsets, [0, 41])
  for (const sizes of [[limit - 1], [limit], [limit + 1, 5], [limit - 200, 100, 7], [1e12, 1e12, 3], [0, limit, 0]]) {
    const zip = layOut(sizes.map((size, i) => ({ ...file(`f${i}`, ''), size })))
    const tail = allOf(zip, Math.max(0, zip.size - 4000))
    const { names, sizes: found, offsets } = directoryOf(zip, tail)
    assert.deepEqual(found, sizes)
    assert.deepEqual(
      names,
      sizes.map((_, i) => `f${i}`),
    )
    for (const [i, offset] of offsets.entries()) {
      const header = allOf(zip, offset, offset + 200 + (sizes[i] ?? 0))
      assert.equal(header.readUInt32LE(0), 0x04034b50)
      const wide = (sizes[i] ?? 0) >= limit
      assert.equal(header.readUInt32LE(18), Math.min(sizes[i] ?? 0, limit))
      assert.equal(header.readUInt16LE(28), wide ? 29 : 9)
      if (wide) assert.equal(Number(header.readBigUInt64LE(30 + 2 + 9 + 4)), sizes[i])
    }
  }
})

for (const count of [65_534, 65_535, 65_536, 200_000])
  test(`${count} entries are counted`, () => {
    const began = performance.now()
    const zip = layOut(Array.from({ length: count }, (_, i) => file(`Folder ${i % 100}/file ${i}.txt`, '')))
    const took = performance.now() - began
    assert.ok(zip.weight < count * 150, `${zip.weight} bytes`)
    assert.ok(took < 2000, `${took} ms`)
    const { names } = directoryOf(zip, allOf(zip))
    assert.equal(names.length, count)
    assert.equal(names[count - 1], `Folder ${(count - 1) % 100}/file ${count - 1}.txt`)
  })

test("Python's zipfile reads a sparse archive of 9 GB and one of 70,000 entries", async (t) => {
  if (spawnSync('python3', ['--version']).status !== 0) return t.skip('python3 is not installed')
  const folder = await mkdtemp(join(tmpdir(), 'filevault-zip-'))
  try {
    const large = layOut([
      { ...file('Größe/sparse.bin', ''), size: 9e9 },
      { path: 'Leer', isFolder: true, size: 0, crc32: 0, modifiedAt: at },
      { ...file('日本語.txt', ''), size: 5e9 },
      file('last.txt', ''),
    ])
    write(join(folder, 'large.zip'), large)
    write(join(folder, 'many.zip'), layOut(Array.from({ length: 70_000 }, (_, i) => file(`${i}.txt`, ''))))
    const program = `
import zipfile, json, sys
z = zipfile.ZipFile(sys.argv[1])
print(json.dumps([[i.filename, i.file_size, i.date_time, i.header_offset, i.external_attr >> 16, i.is_dir()] for i in z.infolist()[-4:]]))
for i in z.infolist()[-4:]: z.open(i).close()`
    const read = (name: string) => {
      const { stdout, stderr, status } = spawnSync('python3', ['-c', program, join(folder, name)], { encoding: 'utf8' })
      assert.equal(status, 0, stderr)
      return JSON.parse(stdout) as unknown[][]
    }
    const time = [2026, 11, 21, 12, 34, 56]
    const found = read('large.zip')
    assert.deepEqual(
      found.map(([name, size, date, , mode, folder]) => [name, size, date, mode, folder]),
      [
        ['Größe/sparse.bin', 9e9, time, 0o100644, false],
        ['Leer/', 0, time, 0o40755, true],
        ['日本語.txt', 5e9, time, 0o100644, false],
        ['last.txt', 0, time, 0o100644, false],
      ],
    )
    assert.equal(read('many.zip')[3]?.[0], '69999.txt')
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('a time that the format cannot hold is the nearest that it can', () => {
  for (const [time, seconds] of [
    [-1, 0],
    [0, 0],
    [Date.UTC(2200, 0), 0x7fffffff],
  ] as const) {
    const zip = layOut([{ ...file('a', ''), modifiedAt: time }])
    assert.equal(allOf(zip).readUInt32LE(30 + 1 + 5), seconds)
  }
})

function file(path: string, content: string): ZipEntry {
  return { path, isFolder: false, size: Buffer.byteLength(content), crc32: crc32(content), modifiedAt: at }
}

function layOut(entries: ZipEntry[]): ZipLayout {
  const builder = startZip()
  for (const [i, entry] of entries.entries()) assert.equal(builder.add(entry), i)
  return builder.finish()
}

function bytesOf(zip: ZipLayout, start: number, end: number, content: (entry: number) => Buffer): Buffer {
  return Buffer.concat(
    [...zip.pieces(start, end)].map((piece) =>
      Buffer.isBuffer(piece) ? piece : content(piece.entry).subarray(piece.start, piece.end + 1),
    ),
  )
}

/** The archive's own bytes from `start` on; contents count as nothing. */
function allOf(zip: ZipLayout, start = 0, end = zip.size - 1): Buffer {
  return bytesOf(zip, start, Math.min(end, zip.size - 1), () => Buffer.alloc(0))
}

/** The central directory, found from the end as every reader does; `tail` are the last bytes without contents. */
function directoryOf(zip: ZipLayout, tail: Buffer): { names: string[]; sizes: number[]; offsets: number[] } {
  const end = tail.length - 22
  assert.equal(tail.readUInt32LE(end), 0x06054b50)
  let [count, length, start] = [tail.readUInt16LE(end + 10), tail.readUInt32LE(end + 12), tail.readUInt32LE(end + 16)]
  let directory = end - length
  if (count === 0xffff || length === 0xffffffff || start === 0xffffffff) {
    assert.equal(tail.readUInt32LE(end - 20), 0x07064b50)
    assert.equal(Number(tail.readBigUInt64LE(end - 12)), zip.size - 22 - 20 - 56)
    const record = end - 76
    assert.equal(tail.readUInt32LE(record), 0x06064b50)
    ;[count, length, start] = [24, 40, 48].map((at) => Number(tail.readBigUInt64LE(record + at))) as [
      number,
      number,
      number,
    ]
    directory = record - length
  }
  const names: string[] = []
  const sizes: number[] = []
  const offsets: number[] = []
  for (let i = directory; i < directory + length; ) {
    assert.equal(tail.readUInt32LE(i), 0x02014b50)
    const [name, extra] = [tail.readUInt16LE(i + 28), tail.readUInt16LE(i + 30)]
    names.push(tail.toString('utf8', i + 46, i + 46 + name))
    let wide = i + 46 + name + 9 + 4
    const number = (at: number): number => {
      if (tail.readUInt32LE(at) !== 0xffffffff) return tail.readUInt32LE(at)
      wide += 8
      return Number(tail.readBigUInt64LE(wide - 8))
    }
    const size = number(i + 24)
    assert.equal(number(i + 20), size)
    sizes.push(size)
    offsets.push(number(i + 42))
    i += 46 + name + extra
  }
  assert.equal(names.length, count)
  return { names, sizes, offsets }
}

/** Writes an archive with holes for contents. */
function write(path: string, zip: ZipLayout): void {
  const out = openSync(path, 'w')
  let at = 0
  for (const piece of zip.pieces(0, zip.size - 1)) {
    if (Buffer.isBuffer(piece)) at += writeSync(out, piece, 0, piece.length, at)
    else at += piece.end - piece.start + 1
  }
  closeSync(out)
}
