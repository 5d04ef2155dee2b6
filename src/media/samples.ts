/** For tests: real files to read, made by sharp and ffmpeg, in a folder that is gone afterwards. Imported by tests alone. */
import assert from 'node:assert/strict'
import { type ExecFileException, execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { crc32, deflateSync } from 'node:zlib'
import sharp, { type Sharp } from 'sharp'
import { MediaError, type MediaOptions, openMedia } from './media.ts'

const run = promisify(execFile)

/** A media room with two folders: one for sources, one in which nothing but thumbnails may ever be found. */
export async function openStudio(changes: Partial<MediaOptions> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'filevault-media-test-'))
  const thumbnails = join(folder, 'thumbnails')
  await mkdir(thumbnails)
  const media = openMedia({
    ffmpeg: 'ffmpeg',
    ffprobe: 'ffprobe',
    memoryMb: 512,
    timeoutSeconds: 60,
    processes: 1,
    ...changes,
  })
  let count = 0
  const nextTargets = () => {
    count += 1
    const target = (size: string) => join(thumbnails, `${count}-${size}.webp`)
    return { small: target('small'), medium: target('medium'), large: target('large') }
  }

  return {
    media,
    path: (name: string) => join(folder, name),
    nextTargets,
    async save(name: string, content: Buffer | string) {
      await writeFile(join(folder, name), content)
      return join(folder, name)
    },
    /** What lies in the folder of thumbnails: finished ones, and anything that was left behind. */
    listThumbnails: async () => (await readdir(thumbnails)).sort(),
    inspect: (source: string, mimeType: string, signal?: AbortSignal) =>
      media.inspect({ source, mimeType, targets: nextTargets(), signal }),
    async [Symbol.asyncDispose]() {
      await media[Symbol.asyncDispose]()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
export type Studio = Awaited<ReturnType<typeof openStudio>>

/** Runs ffmpeg to make a sample. A machine without it cannot say whether videos work, so that its tests fail. */
export async function ffmpeg(...args: string[]): Promise<void> {
  await run('ffmpeg', ['-nostdin', '-v', 'error', '-y', ...args]).catch((error: ExecFileException) => {
    if (error.code === 'ENOENT')
      throw new Error('These tests need ffmpeg: apt-get install --no-install-recommends ffmpeg')
    throw error
  })
}

/** A check for `assert.rejects`: a `MediaError` of this reason. */
export function refused(reason: MediaError['reason']) {
  return (error: unknown) => {
    assert.ok(error instanceof MediaError, `a MediaError, not ${error}`)
    assert.equal(error.reason, reason, error.message)
    return true
  }
}

/** A black PNG of any size in a few kilobytes, written by hand since no encoder would. */
export function hugePng(side: number): Buffer {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(side, 0)
  header.writeUInt32BE(side, 4)
  header.set([1, 0, 0, 0, 0], 8) // one bit of grey for each pixel
  const rows = deflateSync(Buffer.alloc((Math.ceil(side / 8) + 1) * side), { level: 9 })
  const signature = Buffer.from('89504e470d0a1a0a', 'hex')
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', Buffer.alloc(0))])
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}

/** A picture of soft colours. */
export function picture(width: number, height: number): Sharp {
  return sharp(noise(8 * 8 * 3), { raw: { width: 8, height: 8, channels: 3 } }).resize(width, height, { fit: 'fill' })
}

/** Bytes without a pattern that are the same in every run. */
export function noise(bytes: number): Buffer {
  const blocks = Array.from({ length: Math.ceil(bytes / 32) }, (_, n) => createHash('sha256').update(`${n}`).digest())
  return Buffer.concat(blocks).subarray(0, bytes)
}

/** The processes that run a command line with this text in it. */
export async function processesWith(text: string): Promise<number[]> {
  return (await listProcesses()).filter(({ command }) => command.includes(text)).map(({ pid }) => pid)
}

/** The decoding children of this test. */
export async function children(): Promise<number[]> {
  const all = await listProcesses()
  const ours = all.filter(({ parent, command }) => parent === process.pid && command.includes('media/child.ts'))
  return ours.map(({ pid }) => pid)
}

async function listProcesses() {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  return Promise.all(
    pids.map(async (pid) => {
      // A process may end between two looks.
      const read = (name: string) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')
      const [status, command] = await Promise.all([read('status'), read('cmdline')])
      return { pid, parent: Number(/^PPid:\t(\d+)$/m.exec(status)?.[1]), command: command.replaceAll('\0', ' ') }
    }),
  )
}
