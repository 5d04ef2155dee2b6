/** What goes over the wire when a large file is replaced by an edited one: ours beside rsync. */
import { spawnSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { closeSync, copyFileSync, fstatSync, openAsBlob, openSync, readSync, rmSync, writeSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { client } from '../../src/api/client.ts'
import { removeFile } from '../../src/api/files.ts'
import { sendBlockwise } from '../../src/transfer/blockwise.ts'
import type { Case } from './harness.ts'
import type { Ours } from './programs.ts'

export interface Edit {
  name: string
  /** Makes the edited file of the old one. */
  make(old: string, edited: string): void
}

const mebi = 1024 * 1024

/** The four edits that tell aligned blocks, content-defined ones and finer looks apart. */
export function edits(bytes: number): Edit[] {
  const overwritten = (pieceBytes: number) => (old: string, edited: string) => {
    copyFileSync(old, edited)
    const file = openSync(edited, 'r+')
    const pieces = Math.round((bytes * 0.02) / pieceBytes)
    const step = Math.floor(bytes / pieces)
    for (let i = 0; i < pieces; i++) {
      const at = i * step + Math.floor(((i * 7919) % 1000) * ((step - pieceBytes) / 1000))
      writeSync(file, randomBytes(pieceBytes), 0, pieceBytes, at)
    }
    closeSync(file)
  }
  return [
    { name: '2 % in pieces of 4 KiB', make: overwritten(4096) },
    { name: '2 % in pieces of 1 MiB', make: overwritten(mebi) },
    { name: '1,000 bytes put in front', make: (old, edited) => joined(edited, [randomBytes(1000), [old, 0, bytes]]) },
    {
      name: 'halves swapped',
      make: (old, edited) =>
        joined(edited, [
          [old, bytes / 2, bytes],
          [old, 0, bytes / 2],
        ]),
    },
  ]
}

function joined(path: string, parts: (Buffer | [path: string, from: number, to: number])[]): void {
  const file = openSync(path, 'w')
  const piece = Buffer.allocUnsafe(mebi)
  for (const part of parts) {
    if (Buffer.isBuffer(part)) {
      writeSync(file, part)
      continue
    }
    const source = openSync(part[0], 'r')
    for (let at = part[1]; at < part[2]; ) {
      const read = readSync(source, piece, 0, Math.min(piece.length, part[2] - at), at)
      writeSync(file, piece, 0, read)
      at += read
    }
    closeSync(source)
  }
  closeSync(file)
}

/** A case for each edit; the figure is MB over the wire, both ways. */
export function wireCases(
  ours: Ours,
  vaultId: string,
  folder: string,
  bytes: number,
  run: (path: string) => void,
): Case[] {
  const old = join(folder, 'old.bin')
  run(old)
  const hasRsync = spawnSync('rsync', ['--version']).status === 0
  return edits(bytes).map(({ name, make }, n) => {
    const edited = join(folder, `edited-${n}.bin`)
    let isMade = false
    const ready = () => {
      if (!isMade) make(old, edited)
      isMade = true
    }
    let seconds = 0
    return {
      name: `replace ${Math.round(bytes / 1e6)} MB, ${name}`,
      unit: 'MB over the wire',
      goal: { ofPeerAtMost: 1 },
      warmUps: 0,
      mostRuns: 1, // what is sent follows from the contents, not from the machine
      contestants: [
        {
          name: 'File Vault (blocks, then pieces)',
          run: async () => {
            ready()
            await using counted = await countingProxy(ours.url)
            const person = client({ origin: counted.url, token: ours.token })
            const path = `wire-${n}-${Date.now()}.bin`
            const first = await send(person, vaultId, old, { path })
            counted.reset()
            const began = performance.now()
            const file = await send(person, vaultId, edited, { path, baseVersion: first.version })
            seconds = (performance.now() - began) / 1000
            if (file.sha256 !== hashOf(edited)) throw new Error('The server has something else.')
            const figure = counted.bytes() / 1e6
            await removed(person, file.id)
            return figure
          },
        },
        hasRsync
          ? {
              name: 'rsync (default options, no whole-file)',
              run: async () => {
                ready()
                const target = join(folder, 'rsync-target.bin')
                copyFileSync(old, target)
                const { stdout } = spawnSync(
                  'rsync',
                  ['--no-whole-file', '--ignore-times', '--stats', edited, target],
                  {
                    encoding: 'utf8',
                  },
                )
                const figure = (what: string) =>
                  Number((new RegExp(`Total bytes ${what}: ([\\d,]+)`).exec(stdout)?.[1] ?? 'NaN').replaceAll(',', ''))
                rmSync(target)
                return (figure('sent') + figure('received')) / 1e6
              },
            }
          : { name: 'rsync', missing: 'not installed (apt-get install rsync)' },
      ],
      notes: () => [`${name}: ours took ${seconds.toFixed(1)} s from reading the file to the new version`],
    }
  })
}

async function send(
  person: ReturnType<typeof client>,
  vaultId: string,
  path: string,
  target: { path: string; baseVersion?: number },
) {
  const { file } = await sendBlockwise({
    client: person,
    vaultId,
    content: await openAsBlob(path),
    target,
    sha256: (bytes) => createHash('sha256').update(bytes).digest(),
  })
  return file
}

/** The disk is not endless: what was measured goes for good. */
async function removed(person: ReturnType<typeof client>, id: string): Promise<void> {
  await person.call(removeFile, { params: { id }, query: {} })
  await person.call(removeFile, { params: { id }, query: { permanently: true } })
}

export function hashOf(path: string): string {
  const hash = createHash('sha256')
  const file = openSync(path, 'r')
  const piece = Buffer.allocUnsafe(mebi)
  const { size } = fstatSync(file)
  for (let at = 0; at < size; ) {
    const read = readSync(file, piece, 0, piece.length, at)
    hash.update(piece.subarray(0, read))
    at += read
  }
  closeSync(file)
  return hash.digest('hex')
}

/** Passes everything on and counts it, heads of requests included. */
async function countingProxy(target: string) {
  const { hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let bytes = 0
  const count = (chunk: Buffer) => {
    bytes += chunk.length
  }
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const one of [near, far]) {
      sockets.add(one)
      one
        .on('data', count)
        .on('error', () => one.destroy())
        .on('close', () => sockets.delete(one))
    }
    near.pipe(far)
    far.pipe(near)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`,
    bytes: () => bytes,
    reset: () => {
      bytes = 0
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
