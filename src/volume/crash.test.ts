// The promises that only a fault can prove: the order in which things become durable, and what a process that is killed
// at any system call leaves behind. strace counts calls for each thread, so the subject has one thread for its disk.

import assert from 'node:assert/strict'
import { execFile, execFileSync, spawnSync } from 'node:child_process'
import { mkdir, mkdtemp, readFile, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { content } from './crash-subject.ts'
import { cannotMount, chunked, listFiles, makeTemporary, sha256, startVolume } from './testing.ts'
import { openVolume } from './volume.ts'

const canTrace = spawnSync('strace', ['-f', '-qq', '-o', '/dev/null', 'true']).status === 0
const options = { skip: canTrace ? false : 'strace is not here, or may not trace' }
const canFormat = !cannotMount && spawnSync('mkfs.ext4', ['-V']).status === 0
const powerCut = { skip: canFormat ? false : 'needs root and mkfs.ext4' }
const plain = { requireMount: false, reserveBytes: 0 }

/** Runs the subject under strace and returns the lines that it said. */
async function run(directory: string, names: string[], ...strace: string[]): Promise<string[]> {
  const program = [process.execPath, join(import.meta.dirname, 'crash-subject.ts'), directory, ...names]
  const env = { ...process.env, UV_THREADPOOL_SIZE: '1', NODE_OPTIONS: '' }
  return new Promise((resolve) => {
    execFile('strace', ['-f', '-qq', '-o', '/dev/null', ...strace, ...program], { env }, (_, said) =>
      resolve(said.split('\n').filter(Boolean)),
    )
  })
}

function inject(call: string, fault: string, when: number): string[] {
  return ['-e', `trace=${call}`, '-e', `inject=${call}:${fault}:when=${when}`]
}

test(
  'bytes and mode are durable before the link, the link before the answer, the second name goes last',
  options,
  async () => {
    await using t = await startVolume()
    const log = join(t.directory, '..', 'strace.log')
    const calls = ['-y', '-s', '200', '-e', 'trace=openat,pwrite64,fsync,link,unlink,write', '-o', log]
    const [objectId = ''] = await run(t.directory, ['a.txt'], ...calls)
    const lines = (await readFile(log, 'utf8'))
      .split('\n')
      .filter((line) => line.includes(objectId) || line.includes(shardOf(objectId)))
    const opened = lines.find((line) => line.includes('O_CREAT') && line.includes(objectId))
    assert.match(opened ?? '', /O_EXCL.*0400/)
    const order = lines
      .filter((line) => !line.includes('openat('))
      .map((line) => `${/(\w+)\(/.exec(line)?.[1]} ${placeOf(line)}`)
    assert.deepEqual(order, [
      'pwrite64 incoming',
      'pwrite64 incoming',
      'fsync incoming',
      'link incoming',
      'fsync objects',
      'write stdout',
      'unlink incoming',
    ])
  },
)

test(
  'killed at any call of an upload: named objects are complete, all others are reported or gone',
  options,
  async () => {
    const points = [
      ...[1, 2, 3, 4].map((n) => ['pwrite64', n] as const),
      ...[1, 2, 3, 4].map((n) => ['fsync', n] as const),
      ...[1, 2].map((n) => ['link', n] as const),
      ...[1, 2].map((n) => ['unlink', n] as const),
    ]
    await using t = await startVolume()
    let reported = 0
    for (const [call, when] of points) {
      const named = await run(t.directory, ['a', 'b'], ...inject(call, 'signal=KILL', when))
      const point = `${call} ${when}`
      assert.ok(named.length < 2 || point === 'unlink 2', `${point}: the subject was killed`)

      await using restarted = await openVolume({ ...plain, directory: t.directory })
      const leftovers = await restarted.leftovers()
      reported += leftovers.length
      const known = new Set([...named, ...leftovers.map(({ objectId }) => objectId)])
      const onDisk = (await listFiles(join(t.directory, 'vaults'))).map((path) => path.slice(-32))
      assert.deepEqual(onDisk, [...known].sort(byShard), `${point}: every object is named or reported`)
      for (const objectId of known) {
        const read = await readFile(restarted.objectPath('alice', objectId))
        assert.equal(sha256(read), sha256(content), `${point}: ${objectId} is complete`)
      }

      for (const object of leftovers) {
        if (named.includes(object.objectId)) await restarted.settle(object)
        else await restarted.discard(object)
      }
      for (const objectId of named) await restarted.remove('alice', objectId)
      assert.deepEqual(await t.files(), [], `${point}: nothing else is left`)
    }
    assert.equal(reported, 4, 'kills between the link and the last name')
  },
)

test('killed at any call of the first start, the next one makes the volume', options, async () => {
  await using temporary = await makeTemporary()
  async function killedAt([call, times]: readonly [call: string, times: number]): Promise<void> {
    for (let when = 1; when <= times; when++) {
      const directory = await mkdtemp(join(temporary.path, 'volume-'))
      await run(directory, [], ...inject(call, 'signal=KILL', when))
      const first = await openVolume({ ...plain, directory })
      const second = await openVolume({ ...plain, directory })
      assert.equal(first.id, second.id, `${call} ${when}`)
    }
  }
  const calls = [
    ['mkdir', 4],
    ['fsync', 6],
    ['link', 1],
    ['unlink', 1],
  ] as const
  await Promise.all(calls.map(killedAt))
})

test('a disk that fails at fsync is told, never asked again, and the object is gone', options, async () => {
  await using t = await startVolume()
  const log = join(t.directory, '..', 'strace.log')
  for (const [when, calls] of [
    [1, 1],
    [2, 3],
  ] as const) {
    const said = await run(t.directory, ['a'], ...inject('fsync', 'error=EIO', when), '-o', log)
    assert.deepEqual(said, ['storage-unavailable'])
    assert.deepEqual(await t.files(), [])
    // After the second, which is that of the directory, a third makes the removal durable.
    assert.equal((await readFile(log, 'utf8')).match(/fsync\(/g)?.length, calls)
  }
})

test('the errors of the disk become sentences for people, and leave nothing', options, async () => {
  await using t = await startVolume()
  for (const [error, code] of [
    ['ENOSPC', 'disk-full'],
    ['EDQUOT', 'disk-full'],
    ['EIO', 'storage-unavailable'],
    ['EROFS', 'storage-unavailable'],
  ]) {
    for (const [call, when] of [
      ['pwrite64', 2],
      ['link', 1],
    ] as const) {
      const said = await run(t.directory, ['a'], ...inject(call, `error=${error}`, when))
      assert.deepEqual(said, [code], `${call} ${error}`)
      assert.deepEqual(await t.files(), [], `${call} ${error}`)
    }
  }
})

test('a power cut right after the answer loses nothing that was answered', powerCut, async () => {
  await using temporary = await makeTemporary()
  const [image, cut, mounted, found] = ['image', 'cut', 'mounted', 'found'].map((name) =>
    join(temporary.path, name),
  ) as Paths
  for (const directory of [mounted, found]) await mkdir(directory)
  await writeFile(image, '')
  await truncate(image, 64 * 1024 * 1024)
  execFileSync('mkfs.ext4', ['-q', image])
  try {
    execFileSync('mount', ['-o', 'loop', image, mounted])
    const volume = await openVolume({ directory: mounted, requireMount: true, reserveBytes: 0 })
    await volume.createVault('alice')
    const puts = Array.from({ length: 8 }, () => volume.put('alice', chunked(content), { name: 'a' }))
    const stored = await Promise.all(puts)
    await volume.createVault('bob')
    // The disk as it is at this moment, without what only the page cache holds.
    execFileSync('cp', ['--sparse=always', image, cut])

    execFileSync('mount', ['-o', 'loop', cut, found])
    const restarted = await openVolume({ directory: found, requireMount: true, reserveBytes: 0 })
    assert.equal((await restarted.leftovers()).length, stored.length)
    for (const { objectId } of stored) {
      assert.equal(sha256(await readFile(restarted.objectPath('alice', objectId))), sha256(content))
    }
    await restarted.put('bob', chunked(content), { name: 'a' })
  } finally {
    spawnSync('umount', [mounted, found])
  }
})

type Paths = [image: string, cut: string, mounted: string, found: string]

function shardOf(objectId: string): string {
  return `objects/${objectId.slice(0, 2)}>`
}

function placeOf(line: string): string {
  if (/\bwrite\(1/.test(line)) return 'stdout'
  return /\/(incoming|objects)\//.exec(line)?.[1] ?? line
}

function byShard(a: string, b: string): number {
  return `${a.slice(0, 2)}/${a}` < `${b.slice(0, 2)}/${b}` ? -1 : 1
}
