/** Videos and sounds: what a hostile one cannot reach, and what becomes of the others. Needs ffmpeg. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rename, stat, truncate } from 'node:fs/promises'
import { createServer } from 'node:net'
import { test } from 'node:test'
import { promisify } from 'node:util'
import sharp from 'sharp'
import { ffmpeg, noise, openStudio, refused } from './samples.ts'

const stripes = ['-f', 'lavfi', '-i', 'testsrc=size=640x360:rate=10:duration=4']
const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440:duration=4']

test('a playlist in disguise opens no other file and no connection', async () => {
  await using studio = await openStudio({ timeoutSeconds: 10 })
  // Whoever opens this pipe to read it waits for a writer that never comes: the job would end by its time limit.
  const trap = studio.path('trap.ts')
  await promisify(execFile)('mkfifo', [trap])
  let connections = 0
  const server = createServer((socket) => {
    connections += 1
    socket.destroy()
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  assert.ok(address && typeof address === 'object')
  const url = `http://127.0.0.1:${address.port}/secret.ts`

  const hls = (target: string) => `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10.0,\n${target}\n#EXT-X-ENDLIST\n`
  const disguised = [
    hls(`file://${trap}`),
    hls('file:///etc/passwd'),
    hls(url),
    hls(`concat:${trap}|/etc/passwd`),
    `ffconcat version 1.0\nfile ${trap}\n`,
    `v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video ${address.port} RTP/AVP 96\na=rtpmap:96 H264/90000\n`,
  ]
  for (const playlist of disguised) {
    const path = await studio.save('playlist', playlist)
    for (const type of ['video/mp4', 'video/webm', 'video/mp2t', 'video/x-msvideo', 'audio/mpeg']) {
      await assert.rejects(studio.inspect(path, type), refused('damaged'), type)
    }
  }
  assert.equal(connections, 0)
  assert.deepEqual(await studio.listThumbnails(), [])
  server.close()
})

test('a recording that is empty, cut off or nothing but noise is damaged', async () => {
  await using studio = await openStudio()
  const path = studio.path('cut.mp4')
  await ffmpeg(...stripes, path) // the index of an MP4 stands at its end
  await truncate(path, Math.trunc((await stat(path)).size / 2))
  await assert.rejects(studio.inspect(path, 'video/mp4'), refused('damaged'))
  await assert.rejects(studio.inspect(await studio.save('empty', ''), 'video/mp4'), refused('damaged'))
  await truncate(path, 50 * 1024 ** 3) // sparse: fifty gigabytes of nothing after half a video
  await assert.rejects(studio.inspect(path, 'video/mp4'), refused('damaged'))
  await assert.rejects(studio.inspect(await studio.save('noise', noise(50_000)), 'video/webm'), refused('damaged'))
  assert.deepEqual(await studio.listThumbnails(), [])
})

test('without ffmpeg recordings are unavailable and pictures still work', async () => {
  await using studio = await openStudio({ ffmpeg: '/nowhere/ffmpeg', ffprobe: '/nowhere/ffprobe' })
  const path = await studio.save('x', noise(100))
  await assert.rejects(studio.inspect(path, 'video/mp4'), refused('unavailable'))
  const dot = sharp({ create: { width: 8, height: 8, channels: 3, background: 'red' } })
  const picture = await studio.save('dot', await dot.png().toBuffer())
  assert.equal((await studio.inspect(picture, 'image/png')).width, 8)
})

test('a video gives its size, its duration and a frame from a tenth of the way', async () => {
  await using studio = await openStudio()
  const kinds = [
    ['video/mp4', 'a.mp4', ['-c:v', 'libx264', '-preset', 'ultrafast', '-c:a', 'aac']],
    ['video/webm', 'a.webm', ['-c:v', 'libvpx', '-deadline', 'realtime', '-c:a', 'libopus']],
    ['video/x-matroska', 'a.mkv', ['-c:v', 'libx264', '-preset', 'ultrafast']],
    ['video/vnd.avi', 'a.avi', ['-c:v', 'mpeg4']],
    ['video/mp2t', 'a.ts', ['-c:v', 'libx264', '-preset', 'ultrafast']],
    ['video/quicktime', 'a.mov', ['-c:v', 'mjpeg']],
  ] as const
  for (const [mimeType, name, codecs] of kinds) {
    const source = studio.path(name)
    await ffmpeg(...stripes, ...tone, ...codecs, source)
    const targets = studio.nextTargets()
    const { duration, ...rest } = await studio.media.inspect({ source, mimeType, targets })
    assert.deepEqual(rest, { width: 640, height: 360, thumbnails: true }, mimeType)
    assert.ok(duration !== null && Math.abs(duration - 4) < 0.3, `${mimeType}: ${duration} seconds`)
    const { width, height } = await sharp(targets.medium).metadata()
    assert.deepEqual([width, height], [512, 288])
  }
})

test('the frame is not the first one', async () => {
  await using studio = await openStudio()
  const source = studio.path('opening.mp4')
  const black = 'color=black:size=64x64:duration=1:rate=10'
  const white = 'color=white:size=64x64:duration=19:rate=10'
  await ffmpeg('-f', 'lavfi', '-i', black, '-f', 'lavfi', '-i', white, '-filter_complex', '[0][1]concat', source)
  const targets = studio.nextTargets()
  await studio.media.inspect({ source, mimeType: 'video/mp4', targets })
  const { dominant } = await sharp(targets.small).stats()
  assert.ok(dominant.r > 200)
})

test('a video is shown the way it was held, with square pixels', async () => {
  await using studio = await openStudio()
  const [flat, turned, wide] = [studio.path('flat.mp4'), studio.path('turned.mp4'), studio.path('wide.mp4')]
  await ffmpeg(...stripes, flat)
  await ffmpeg('-i', flat, '-c', 'copy', '-metadata:s:v', 'rotate=90', turned)
  await ffmpeg(...stripes, '-vf', 'setsar=2/1', wide)
  for (const [source, width, height] of [
    [turned, 360, 640],
    [wide, 1280, 360],
  ] as const) {
    const targets = studio.nextTargets()
    const facts = await studio.media.inspect({ source, mimeType: 'video/mp4', targets })
    const large = await sharp(targets.large).metadata()
    assert.deepEqual([facts.width, facts.height, large.width, large.height], [width, height, width, height])
  }
})

test('a sound gives its duration, and its cover where it has one', async () => {
  await using studio = await openStudio()
  const [plain, covered, cover] = [studio.path('plain.mp3'), studio.path('covered.mp3'), studio.path('cover.png')]
  await sharp({ create: { width: 300, height: 300, channels: 3, background: 'green' } })
    .png()
    .toFile(cover)
  await ffmpeg(...tone, plain)
  await ffmpeg(
    '-i',
    plain,
    '-i',
    cover,
    '-map',
    '0:a',
    '-map',
    '1:v',
    '-c',
    'copy',
    '-disposition:v',
    'attached_pic',
    covered,
  )

  const withCover = studio.nextTargets()
  const facts = await studio.media.inspect({ source: covered, mimeType: 'audio/mpeg', targets: withCover })
  assert.deepEqual([facts.width, facts.height, facts.thumbnails], [null, null, true])
  assert.ok(facts.duration !== null && Math.abs(facts.duration - 4) < 0.2)
  assert.equal((await sharp(withCover.large).metadata()).width, 300)

  const without = await studio.inspect(plain, 'audio/mpeg')
  assert.deepEqual([without.width, without.thumbnails], [null, false])
  assert.equal((await studio.listThumbnails()).length, 3)
  for (const [type, name] of [
    ['audio/flac', 'a.flac'],
    ['audio/wav', 'a.wav'],
    ['audio/ogg; codecs=opus', 'a.opus'],
    ['audio/x-m4a', 'a.m4a'],
  ] as const) {
    await ffmpeg('-i', plain, studio.path(name))
    const { duration } = await studio.inspect(studio.path(name), type)
    assert.ok(duration !== null && Math.abs(duration - 4) < 0.2, type)
  }
})

test('a recording that lost its end still has a picture', async () => {
  await using studio = await openStudio()
  const path = studio.path('cut.mp4')
  await ffmpeg(...stripes, '-c:v', 'mjpeg', '-movflags', 'faststart', '-f', 'mov', path)
  await truncate(path, Math.trunc((await stat(path)).size * 0.06))
  const facts = await studio.inspect(path, 'video/quicktime')
  assert.deepEqual(facts, { width: 640, height: 360, duration: 4, thumbnails: true })
})

test('no name of a file is ever an option, a pattern or a protocol', async () => {
  await using studio = await openStudio()
  await ffmpeg(...stripes, studio.path('plain.mp4'))
  const bytes = await readFile(studio.path('plain.mp4'))
  await mkdir(studio.path('odd folder %03d -i x'))
  for (const name of ['-i x', 'concat:a|b', 'pipe:0', 'a%03d.mp4', 'a b\'"$(id).mp4']) {
    const path = await studio.save('odd folder %03d -i x/file', bytes)
    const odd = studio.path(`odd folder %03d -i x/${name}`)
    await rename(path, odd)
    assert.equal((await studio.inspect(odd, 'video/mp4')).thumbnails, true, name)
  }
})
