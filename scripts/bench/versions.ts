/**
 * What the history of a file takes as differences, beside xdelta3 where that is installed, and how fast the oldest version
 * comes back: `node scripts/bench/versions.ts [--large]`. Each version is kept as a delta against the next; the newest is
 * whole and not counted. `--large` measures 2 GB edited in 4 KiB pieces instead.
 * Memory is that of this process, which holds the versions while it writes them: only `--large` says what encoding takes.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, openSync, readSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeDelta } from '../../src/volume/delta/encode.ts'
import { openChain } from '../../src/volume/delta/open.ts'
import { histories } from './histories.ts'

const directory = mkdtempSync(join(tmpdir(), 'filevault-versions-'))
const hasXdelta = spawnSync('xdelta3', ['-V']).error === undefined
try {
  if (process.argv.includes('--large')) await measure('2 GB, 500 pieces of 4 KiB', writeLarge())
  else for (const [name, versions] of histories) await measure(name, writeVersions(versions()))
} finally {
  rmSync(directory, { recursive: true })
}

async function measure(name: string, versions: string[]): Promise<void> {
  const deltas: string[] = []
  let [bytes, xdeltaBytes, xdeltaMs] = [0, 0, 0]
  let peak = 0
  const started = performance.now()
  for (const [n, source] of versions.slice(1).entries()) {
    const output = join(directory, `delta-${n}`)
    const watch = setInterval(() => {
      peak = Math.max(peak, process.memoryUsage.rss())
    }, 50)
    const encoded = await encodeDelta({ target: versions[n] ?? '', source, output })
    clearInterval(watch)
    bytes += encoded.bytes
    deltas.push(output)
  }
  const encodingMs = performance.now() - started
  for (const [n, source] of versions.slice(1).entries()) {
    if (!hasXdelta) break
    const output = join(directory, 'xdelta')
    const start = performance.now()
    execFileSync('xdelta3', ['-e', '-f', '-s', source, versions[n] ?? '', output])
    xdeltaMs += performance.now() - start
    xdeltaBytes += statSync(output).size
  }
  const size = statSync(versions[0] ?? '').size
  const restoreMs = await restore(deltas, versions)
  const ratio = hasXdelta ? `, xdelta3 ${count(xdeltaBytes)} (x ${(bytes / xdeltaBytes).toFixed(2)})` : ''
  process.stdout.write(`${name}: stored ${count(bytes)}${ratio}\n`)
  process.stdout.write(
    `  made in ${(encodingMs / deltas.length).toFixed(0)} ms each (xdelta3 ${(xdeltaMs / deltas.length).toFixed(0)}), ` +
      `peak RSS ${(peak / 1e6).toFixed(0)} MB; version 1 of ${versions.length} restored at ` +
      `${(size / 1e3 / restoreMs).toFixed(0)} MB/s\n`,
  )
  for (const path of [...deltas, ...versions]) rmSync(path, { force: true })
}

// The oldest version through all deltas, hashed and compared; the best of three in milliseconds, without the comparison.
async function restore(deltas: string[], versions: string[]): Promise<number> {
  const newest = openSync(versions.at(-1) ?? '', 'r')
  const expected = createHash('sha256')
  const first = openSync(versions[0] ?? '', 'r')
  const piece = Buffer.alloc(1024 * 1024)
  for (let length = readSync(first, piece); length > 0; length = readSync(first, piece))
    expected.update(piece.subarray(0, length))
  const wanted = expected.digest('hex')
  let best = Number.POSITIVE_INFINITY
  for (let run = 0; run < 3; run++) {
    await using chain = await openChain(deltas, async (offset, length) => {
      const bytes = Buffer.allocUnsafe(length)
      readSync(newest, bytes, 0, length, offset)
      return bytes
    })
    const hash = createHash('sha256')
    const started = performance.now()
    for await (const chunk of chain.stream()) hash.update(chunk)
    best = Math.min(best, performance.now() - started)
    if (hash.digest('hex') !== wanted) throw new Error('The oldest version came out wrong')
  }
  return best
}

function writeVersions(versions: Iterable<Buffer>): string[] {
  return Array.from(versions, (content, n) => {
    const path = join(directory, `version-${n}`)
    writeFileSync(path, content)
    return path
  })
}

function writeLarge(): string[] {
  const [before, after] = [join(directory, 'version-0'), join(directory, 'version-1')]
  const size = 2_000_000_000
  const [first, second] = [openSync(before, 'w'), openSync(after, 'w')]
  const piece = Buffer.alloc(4 * 1024 * 1024)
  for (let start = 0; start < size; start += piece.length) {
    fillRandom(piece, start + 12_345)
    for (const fd of [first, second]) writeSync(fd, piece)
  }
  for (let n = 0; n < 500; n++) {
    const edit = Buffer.alloc(4096)
    fillRandom(edit, 3_000_000_000 + 2 * n)
    writeSync(second, edit, 0, edit.length, Math.floor((n * size) / 500) + ((n * 7919) % 100_000))
  }
  for (const path of [before, after]) truncateSync(path, size)
  return [before, after]
}

function fillRandom(bytes: Buffer, seed: number): void {
  let state = (seed ^ (seed / 2 ** 32)) | 1
  for (let i = 0; i + 4 <= bytes.length; i += 4) {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    bytes.writeInt32LE(state, i)
  }
}

function count(bytes: number): string {
  return bytes.toLocaleString('en')
}
