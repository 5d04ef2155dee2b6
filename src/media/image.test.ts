/** Pictures: which are refused and why, and what becomes of the others. */
import assert from 'node:assert/strict'
import { stat, truncate } from 'node:fs/promises'
import { test } from 'node:test'
import sharp from 'sharp'
import { hugePng, openStudio, picture, refused, type Studio } from './samples.ts'

const sidesOf = async (path: string) => {
  const { width, height, format } = await sharp(path).metadata()
  return { width, height, format }
}

async function assertRefused(studio: Studio, path: string, mimeType: string, reason: Parameters<typeof refused>[0]) {
  await assert.rejects(studio.inspect(path, mimeType), refused(reason))
  assert.deepEqual(await studio.listThumbnails(), [])
}

test('a picture of 900 million pixels in a few kilobytes is too large, and is never decoded', async () => {
  await using studio = await openStudio()
  const bomb = hugePng(30_000)
  assert.ok(bomb.length < 150_000)
  const path = await studio.save('bomb', bomb)
  const started = performance.now()
  await assertRefused(studio, path, 'image/png', 'too-large')
  assert.ok(performance.now() - started < 5000)
})

test('a picture within the limit of pixels that needs too much memory is too large', async () => {
  await using studio = await openStudio({ memoryMb: 128 })
  // An interlaced picture has to be in memory as a whole before its first row is known.
  const grey = sharp({ create: { width: 9000, height: 9000, channels: 3, background: 'grey' } })
  const path = await studio.save('interlaced', await grey.png({ progressive: true, compressionLevel: 1 }).toBuffer())
  await assertRefused(studio, path, 'image/png', 'too-large')
  const small = await studio.save('small', await picture(40, 30).png().toBuffer())
  assert.equal((await studio.inspect(small, 'image/png')).width, 40)
})

test('a picture that was cut off, or has no bytes at all, is damaged', async () => {
  await using studio = await openStudio()
  for (const [type, encoded, reason] of [
    ['image/jpeg', picture(800, 600).jpeg(), 'damaged'],
    ['image/png', picture(800, 600).png(), 'damaged'],
    ['image/webp', picture(800, 600).webp(), 'damaged'],
    ['image/gif', picture(800, 600).gif(), 'damaged'],
    // Its table of contents stands at the end: what is left is no TIFF at all.
    ['image/tiff', picture(800, 600).tiff(), 'unsupported'],
  ] as const) {
    const path = await studio.save('whole', await encoded.toBuffer())
    await truncate(path, Math.trunc((await stat(path)).size / 2))
    await assertRefused(studio, path, type, reason)
  }
  await assertRefused(studio, await studio.save('empty', ''), 'image/jpeg', 'damaged')
})

test('content never reaches a loader other than that of its type', async () => {
  await using studio = await openStudio()
  const tiff = await picture(40, 30).tiff().toBuffer()
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
  const disguised = {
    pdf: '%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\ntrailer<</Root 1 0 R>>\n%%EOF\n',
    svg,
    tiff,
    csv: '1,2\n3,4\n',
  }
  for (const [name, content] of Object.entries(disguised)) {
    await assertRefused(studio, await studio.save(name, content), 'image/png', 'unsupported')
  }
  // The loader that one job may use is closed to the next.
  assert.equal((await studio.inspect(await studio.save('tiff', tiff), 'image/tiff')).width, 40)
  await assert.rejects(studio.inspect(studio.path('tiff'), 'image/png'), refused('unsupported'))
})

test('types that are not read are refused without a process', async () => {
  await using studio = await openStudio()
  for (const type of ['image/svg+xml', 'application/pdf', 'image/heic', 'text/plain', 'application/x-mpegurl', '']) {
    assert.equal(studio.media.handles(type), false, type)
    await assert.rejects(studio.inspect('/nowhere', type), refused('unsupported'))
  }
})

test('every kind of picture gives its size and three thumbnails', async () => {
  await using studio = await openStudio()
  const kinds = {
    'image/jpeg': picture(1000, 500).jpeg(),
    'image/png': picture(1000, 500).ensureAlpha().png(),
    'image/webp': picture(1000, 500).webp(),
    'image/gif': picture(1000, 500).gif(),
    'image/tiff': picture(1000, 500).tiff(),
    'image/avif': picture(1000, 500).avif({ effort: 0 }),
  }
  for (const [mimeType, encoded] of Object.entries(kinds)) {
    const source = await studio.save('picture', await encoded.toBuffer())
    const targets = studio.nextTargets()
    assert.ok(studio.media.handles(mimeType))
    assert.deepEqual(
      await studio.media.inspect({ source, mimeType, targets }),
      { width: 1000, height: 500, duration: null, thumbnails: true },
      mimeType,
    )
    assert.deepEqual(await sidesOf(targets.small), { width: 128, height: 64, format: 'webp' })
    assert.deepEqual(await sidesOf(targets.medium), { width: 512, height: 256, format: 'webp' })
    assert.deepEqual(await sidesOf(targets.large), { width: 1000, height: 500, format: 'webp' })
    assert.equal((await stat(targets.small)).mode & 0o777, 0o400)
  }
})

test('a photo is shown the way it was held, and its thumbnails do not tell where it was taken', async () => {
  await using studio = await openStudio()
  const place = { IFD3: { GPSLatitudeRef: 'N', GPSLatitude: '52/1 31/1 0/1' } }
  const photo = await picture(2000, 1000).withExif(place).withMetadata({ orientation: 6 }).jpeg().toBuffer()
  assert.ok((await sharp(photo).metadata()).exif)
  const targets = studio.nextTargets()
  const source = await studio.save('photo', photo)
  const facts = await studio.media.inspect({ source, mimeType: 'image/jpeg', targets })
  assert.deepEqual(facts, { width: 1000, height: 2000, duration: null, thumbnails: true })
  assert.deepEqual(await sidesOf(targets.large), { width: 800, height: 1600, format: 'webp' })
  const { exif, icc, xmp, orientation } = await sharp(targets.large).metadata()
  assert.deepEqual(
    { exif, icc, xmp, orientation },
    { exif: undefined, icc: undefined, xmp: undefined, orientation: undefined },
  )
})

test('of a moving picture the first frame is shown, standing still', async () => {
  await using studio = await openStudio()
  const red = await sharp({ create: { width: 60, height: 40, channels: 3, background: 'red' } })
    .png()
    .toBuffer()
  const blue = await sharp({ create: { width: 60, height: 40, channels: 3, background: 'blue' } })
    .png()
    .toBuffer()
  const moving = await sharp([red, blue], { join: { animated: true } })
    .gif()
    .toBuffer()
  const targets = studio.nextTargets()
  const source = await studio.save('moving', moving)
  const facts = await studio.media.inspect({ source, mimeType: 'image/gif', targets })
  assert.deepEqual(facts, { width: 60, height: 40, duration: null, thumbnails: true })
  assert.equal((await sharp(targets.large).metadata()).pages ?? 1, 1)
  const { dominant } = await sharp(targets.large).stats()
  assert.ok(dominant.r > 200 && dominant.b < 50)
})

test('small, thin and printed pictures come out right', async () => {
  await using studio = await openStudio()
  const cases = [
    { input: picture(1, 1).png(), type: 'image/png', large: [1, 1], small: [1, 1] },
    { input: picture(20_000, 1).png(), type: 'image/png', large: [1600, 1], small: [128, 1] },
    { input: picture(200, 100).toColourspace('cmyk').jpeg(), type: 'image/jpeg', large: [200, 100], small: [128, 64] },
    { input: picture(200, 100).toColourspace('b-w').png(), type: 'image/png', large: [200, 100], small: [128, 64] },
    { input: picture(200, 100).toColourspace('rgb16').png(), type: 'image/png', large: [200, 100], small: [128, 64] },
  ]
  for (const { input, type, large, small } of cases) {
    const targets = studio.nextTargets()
    const source = await studio.save('edge', await input.toBuffer())
    await studio.media.inspect({ source, mimeType: type, targets })
    const [l, s] = [await sidesOf(targets.large), await sidesOf(targets.small)]
    assert.deepEqual([l.width, l.height, s.width, s.height], [...large, ...small])
    assert.equal((await sharp(targets.large).metadata()).space, 'srgb')
  }
})
