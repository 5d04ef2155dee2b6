/** The children: bounded, killed in time, started anew, and never left behind. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmod, readFile } from 'node:fs/promises'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { memoryOf } from './memory.ts'
import { children, noise, openStudio, picture, processesWith, refused, type Studio } from './samples.ts'

/** Puts a program in ffprobe's place that starts another one and waits for ever. */
async function hangingTool(studio: Studio): Promise<{ path: string; mark: string }> {
  const seconds = 100_000 + Math.trunc(Math.random() * 800_000)
  const mark = `sleep ${seconds}`
  const path = await studio.save('hanging', `#!/bin/sh\n${mark} &\n${mark}\n`)
  await chmod(path, 0o700)
  return { path, mark }
}

async function until(what: string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000
  while (!(await condition())) {
    assert.ok(performance.now() < deadline, `not in ten seconds: ${what}`)
    await sleep(20)
  }
}

async function savePicture(studio: Studio): Promise<string> {
  return studio.save('picture', await picture(64, 48).png().toBuffer())
}

test('a tool that hangs is killed with all that it started', async () => {
  await using files = await openStudio()
  const { path, mark } = await hangingTool(files)
  await using studio = await openStudio({ ffprobe: path, timeoutSeconds: 1 })
  const video = await studio.save('video', noise(100))
  const started = performance.now()
  await assert.rejects(studio.inspect(video, 'video/mp4'), refused('timeout'))
  assert.ok(performance.now() - started < 5000)
  assert.deepEqual(await children(), [])
  await until('the offspring is gone', async () => (await processesWith(mark)).length === 0)
  assert.equal((await studio.inspect(await savePicture(studio), 'image/png')).width, 64)
})

test('a tool that hoards memory is killed, though the child itself is small', async () => {
  await using files = await openStudio()
  const hoard = `#!${process.execPath}\nconst held = []\nsetInterval(() => held.push(Buffer.alloc(20_000_000, 1)), 10)\n`
  const path = await files.save('hoarding', hoard)
  await chmod(path, 0o700)
  await using studio = await openStudio({ ffprobe: path, memoryMb: 300, timeoutSeconds: 20 })
  await assert.rejects(studio.inspect(await studio.save('video', noise(9)), 'video/mp4'), refused('too-large'))
  await until('the hoarder is gone', async () => (await processesWith(path)).length === 0)
})

test('the child knows nothing of the environment of the server', async () => {
  process.env.FILEVAULT_TEST_SECRET = 'hunter2'
  await using studio = await openStudio()
  await studio.inspect(await savePicture(studio), 'image/png')
  const [child] = await children()
  assert.ok(child)
  const names = (await readFile(`/proc/${child}/environ`, 'utf8')).split('\0').map((entry) => entry.split('=')[0])
  assert.deepEqual(names.filter(Boolean).sort(), [
    'LANG',
    'MALLOC_ARENA_MAX',
    'NODE_CHANNEL_FD',
    'NODE_CHANNEL_SERIALIZATION_MODE',
    'PATH',
  ])
  delete process.env.FILEVAULT_TEST_SECRET
})

test('five hundred files at once are read by as many children as were allowed', async () => {
  await using studio = await openStudio({ processes: 2 })
  const path = await savePicture(studio)
  let most = 0
  const seen = new Set<number>()
  const finished = new AbortController()
  const watching = (async () => {
    while (!finished.signal.aborted) {
      const now = await children()
      most = Math.max(most, now.length)
      for (const child of now) seen.add(child)
      await sleep(20)
    }
  })()
  const facts = await Promise.all(Array.from({ length: 500 }, () => studio.inspect(path, 'image/png')))
  finished.abort()
  await watching
  assert.ok(facts.every(({ thumbnails }) => thumbnails))
  assert.equal(most, 2)
  assert.ok(seen.size > 2, 'after two hundred files a child is replaced')
  assert.equal((await studio.listThumbnails()).length, 1500)
})

test('no process is started before the first file', async () => {
  await using studio = await openStudio()
  assert.equal(studio.media.handles('image/png'), true)
  assert.deepEqual(await children(), [])
})

test('a child is used again, and its memory stays small', async () => {
  await using studio = await openStudio()
  const path = await studio.save('photo', await picture(4000, 3000).jpeg().toBuffer())
  await studio.inspect(path, 'image/jpeg')
  const first = await children()
  for (let n = 0; n < 10; n += 1) await studio.inspect(path, 'image/jpeg')
  assert.deepEqual(await children(), first)
  assert.ok((await memoryOf(first[0]!)) < 250 * 1024 ** 2)
})

test('a file given up takes its work with it, and the next one is read', async () => {
  await using files = await openStudio()
  const { path, mark } = await hangingTool(files)
  await using studio = await openStudio({ ffprobe: path })
  const video = await studio.save('video', noise(100))
  const still = await savePicture(studio)
  const given = new AbortController()
  const reason = new Error('the file was removed')
  const running = assert.rejects(studio.inspect(video, 'video/mp4', given.signal), reason)
  const waiting = assert.rejects(studio.inspect(still, 'image/png', given.signal), reason)
  const patient = studio.inspect(still, 'image/png')
  await until('the tool runs', async () => (await processesWith(mark)).length > 0)
  given.abort(reason)
  await Promise.all([running, waiting])
  await assert.rejects(studio.inspect(still, 'image/png', given.signal), reason)
  assert.equal((await patient).width, 64)
  await until('the offspring is gone', async () => (await processesWith(mark)).length === 0)
})

test('a child that is killed from outside fails its file alone', async () => {
  await using files = await openStudio()
  const { path, mark } = await hangingTool(files)
  await using studio = await openStudio({ ffprobe: path })
  const failing = assert.rejects(studio.inspect(await studio.save('v', noise(9)), 'video/mp4'), refused('unavailable'))
  const next = studio.inspect(await savePicture(studio), 'image/png')
  await until('the tool runs', async () => (await processesWith(mark)).length > 0)
  for (const child of await children()) process.kill(child, 'SIGKILL')
  await failing
  assert.equal((await next).width, 64)
  await until('the offspring is gone', async () => (await processesWith(mark)).length === 0)

  for (const child of await children()) process.kill(child, 'SIGKILL') // idle this time
  await until('the child is gone', async () => (await children()).length === 0)
  // The server may not have heard of it yet; then the job is refused as one to be tried again, which the queue does.
  const picture = await savePicture(studio)
  const again = () => studio.inspect(picture, 'image/png')
  const facts = await again().catch((error: unknown) => {
    refused('unavailable')(error)
    return again()
  })
  assert.equal(facts.width, 64)
})

test('closing ends what runs and what waits, and leaves neither processes nor files', async () => {
  await using files = await openStudio()
  const { path, mark } = await hangingTool(files)
  await using studio = await openStudio({ ffprobe: path, processes: 2 })
  const video = await studio.save('video', noise(100))
  const outcomes = Array.from({ length: 20 }, () =>
    assert.rejects(studio.inspect(video, 'video/mp4'), refused('unavailable')),
  )
  await until('the tools run', async () => (await processesWith(mark)).length > 1)
  await studio.media[Symbol.asyncDispose]()
  await Promise.all(outcomes)
  assert.deepEqual(await children(), [])
  assert.deepEqual(await studio.listThumbnails(), [])
  await until('the offspring is gone', async () => (await processesWith(mark)).length === 0)
  await assert.rejects(studio.inspect(video, 'video/mp4'), refused('unavailable'))
})

test('a server that is killed leaves no child behind', async () => {
  await using files = await openStudio()
  const { path, mark } = await hangingTool(files)
  const video = await files.save('video', noise(9))
  const module = new URL('./media.ts', import.meta.url).href
  const options = { ffmpeg: path, ffprobe: path, memoryMb: 300, timeoutSeconds: 600, processes: 1 }
  const input = { source: video, mimeType: 'video/mp4', targets: files.nextTargets() }
  const program = `const { openMedia } = await import('${module}')
    await openMedia(${JSON.stringify(options)}).inspect(${JSON.stringify(input)})`
  const server = spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'ignore' })
  await until('the tool runs', async () => (await processesWith(mark)).length > 0)
  server.kill('SIGKILL')
  await until('everything is gone', async () => (await processesWith(mark)).length === 0)
})
