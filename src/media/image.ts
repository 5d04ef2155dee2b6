/**
 * Pictures, decoded by sharp. Runs in the decoding child only: importing this file loads libvips.
 *
 * Just the loader that a job names can be reached while it runs; every other of libvips is blocked.
 */
import { stat } from 'node:fs/promises'
import sharp, { type OutputInfo, type Sharp } from 'sharp'
import { longerSide, MediaError, type Size } from './job.ts'

/** 268 million pixels, libvips' own limit and about a gigabyte once decoded; the largest camera backs make 150. */
const maxPixels = 0x3fff ** 2

const everyLoader = ['VipsForeignLoad']

sharp.cache(false)
sharp.concurrency(1) // one thread for each picture: how many there are at once is the server's decision
sharp.block({ operation: everyLoader })

/** Writes the three thumbnails of a picture and tells its size as shown. Of a moving picture the first frame counts. */
export async function makeThumbnails(
  source: string,
  loader: string,
  thumbnails: Record<Size, string>,
): Promise<{ width: number; height: number }> {
  if ((await stat(source)).size === 0) throw new MediaError('damaged', 'The picture is empty.')
  const { shown, large } = await decode(source, loader)
  // The source is decoded once. Each size is made from the next larger one, which looks the same.
  const medium = await shrink(fromPixels(large), longerSide.medium)
  const small = await shrink(fromPixels(medium), longerSide.small)
  await save(large, thumbnails.large)
  await save(medium, thumbnails.medium)
  await save(small, thumbnails.small)
  return { width: shown.width, height: shown.height }
}

/** All that a stranger's bytes pass through; what fails here is the fault of the picture, what fails later is not. */
async function decode(source: string, loader: string) {
  sharp.unblock({ operation: [loader] })
  try {
    const picture = sharp(source, { failOn: 'error', limitInputPixels: maxPixels, sequentialRead: true, pages: 1 })
    const { autoOrient: shown } = await picture.metadata()
    return { shown, large: await shrink(picture.autoOrient(), longerSide.large) }
  } catch (error) {
    throw refusal(error)
  } finally {
    sharp.block({ operation: everyLoader })
  }
}

interface Pixels {
  data: Buffer
  info: OutputInfo
}

/** Pixels in sRGB, with nothing of the source's metadata; never larger than the source. */
function shrink(picture: Sharp, side: number): Promise<Pixels> {
  return picture
    .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
    .toColourspace('srgb')
    .raw()
    .toBuffer({ resolveWithObject: true })
}

function fromPixels({ data, info }: Pixels): Sharp {
  return sharp(data, { raw: { width: info.width, height: info.height, channels: info.channels } })
}

/** More effort than 2 takes more than twice as long and saves nothing: a photo of 12 megapixels came out larger with 4. */
async function save(pixels: Pixels, target: string): Promise<void> {
  await fromPixels(pixels).webp({ quality: 78, effort: 2 }).toFile(target)
}

/** sharp tells its errors apart by their sentences alone. */
function refusal(error: unknown): MediaError {
  const message = error instanceof Error ? error.message : String(error)
  if (/exceeds pixel limit/i.test(message)) {
    return new MediaError('too-large', 'The picture has more pixels than are read here.', { cause: error })
  }
  if (/unsupported image format|unsupported feature|unsupported codec|not been built in/i.test(message)) {
    return new MediaError('unsupported', 'The content is not a picture of a kind that is read here.', { cause: error })
  }
  return new MediaError('damaged', 'The picture is damaged.', { cause: error })
}
