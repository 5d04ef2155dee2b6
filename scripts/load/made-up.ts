/**
 * Made-up files that look like those of an office: folders up to nine deep, names of words, dates, cameras and scanners,
 * ninety extensions, tags and metadata. The same seed and number give the same files, in the same order.
 */
import { chance } from '../../src/testing/chance.ts'
import { nameKey } from '../../src/vault/names.ts'
import { pick, pickByRank, vocabulary } from './words.ts'

/** A file that is to be there. */
export interface Wanted {
  /** Names of its folders from the top, joined by `/`; empty for the top itself. */
  folder: string
  name: string
  /** How large it should be; it gets the nearest size that there is a content of. */
  bytes: number
  tags: string[]
  metadata: Record<string, string | number>
  /** Milliseconds since 1970. */
  createdAt: number
  updatedAt: number
  isTrashed: boolean
  /** Of the list that it comes from. */
  line?: number
}

const filesInFolder = 45
const deepest = 9
/** Of so many living files there is one more in the trash. */
const trashedIn = 50
const largestBytes = 2 ** 20
// Not "now", so that a seed gives the same files tomorrow.
const [firstDay, lastDay] = [Date.UTC(2016, 0, 1), Date.UTC(2026, 10, 1)]

const departments = [
  'Management',
  'Projects',
  'Sales',
  'Purchasing',
  'Accounts',
  'Design',
  'Production',
  'Photos',
  'Legal',
  'Personnel',
  'Marketing',
  'Archive',
]
const statuses = ['draft', 'review', 'approved', 'archived']
const priorities = ['low', 'normal', 'high']
const projects = Array.from({ length: 10 }, (_, i) => `RM${2500 + i}`)
const pictures = ['jpg', 'jpg', 'jpg', 'heic', 'dng', 'mp4', 'mov']
/** Ninety, most frequent first. */
const extensions =
  `pdf jpg docx xlsx png txt dwg pptx mp4 zip csv eml tif doc xls html msg svg md json heic mov xml ppt log psd gif rtf webp
  ai dxf indd step ifc rvt mp3 wav odt ods key pages numbers skp stl 3dm nef cr2 dng raw avi mkv m4a flac aac ogg webm wmv
  css js ts py sql sh yaml toml ini cfg bat epub mobi odp vsdx mpp one accdb sqlite parquet tar gz 7z rar iso bak tmp
  ics vcf ttf otf woff2 bmp eps`.split(/\s+/)

/** What the files of one seed have in common. */
export function openMadeUp(seed: number) {
  const random = chance(seed)
  const words = vocabulary()
  const tags = words.slice(200, 600)
  const clients = Array.from(
    { length: 300 },
    () => `${capital(pick(words, random))} ${pick(['Ltd', 'AG', 'SA'], random)}`,
  )
  const word = () => pickByRank(words, random)
  const digits = (length: number) => String(Math.floor(random() * 10 ** length)).padStart(length, '0')

  /** A name without its extension. */
  function stem(): string {
    const kind = random()
    if (kind < 0.1) return `scan ${day(random).replaceAll('-', '')} ${digits(4)}`
    if (kind < 0.2) return `${day(random)} ${word()} ${word()}`
    if (kind < 0.28)
      return Math.floor(random() * 2 ** 32)
        .toString(16)
        .padStart(8, '0')
    const between = pick([' ', ' ', ' ', '_', '-'], random)
    const several = Array.from({ length: 2 + Math.floor(random() * 3) }, word).join(between)
    return kind < 0.5 ? `${several}${between}${digits(3)}` : kind < 0.58 ? `${several} v${digits(1)}` : several
  }

  /** Everything of a file but where it lies and what it is called. */
  function about(): Omit<Wanted, 'folder' | 'name'> {
    const createdAt = Math.floor(firstDay + random() * (lastDay - firstDay))
    const most = Math.floor(random() * 6)
    return {
      bytes: Math.floor(largestBytes ** random()),
      tags: [...new Set(Array.from({ length: most }, () => pickByRank(tags, random)))],
      metadata: {
        project: pick(projects, random),
        status: pick(statuses, random),
        priority: pick(priorities, random),
        ...(random() < 0.6 ? { client: pickByRank(clients, random) } : {}),
        ...(random() < 0.5 ? { department: pick(departments, random) } : {}),
        ...(random() < 0.4 ? { year: new Date(createdAt).getUTCFullYear() } : {}),
      },
      createdAt,
      updatedAt: random() < 0.4 ? Math.floor(createdAt + random() * (lastDay - createdAt)) : createdAt,
      isTrashed: false,
    }
  }

  function name(): string {
    const isPicture = random() < 0.12
    const first = isPicture ? `${pick(['IMG_', 'DSC0', 'P10'], random)}${digits(4)}` : stem()
    const test = random() < 0.9 ? ' test' : '' // a word that nearly every name has is what makes searches slow
    return `${first}${test}.${isPicture ? pick(pictures, random) : pickByRank(extensions, random)}`
  }

  function* folders(): Generator<string> {
    const made: { path: string; depth: number }[] = []
    const known = new Set<string>()
    for (;;) {
      const above = made.length < departments.length ? undefined : pick(made, random)
      if (above && above.depth === deepest) continue
      const own =
        departments[made.length] ?? (random() < 0.2 ? `${2016 + Math.floor(random() * 11)} ${word()}` : capital(word()))
      const path = above ? `${above.path}/${own}` : own
      const key = nameKey(path)
      if (known.has(key)) continue
      known.add(key)
      made.push({ path, depth: above ? above.depth + 1 : 1 })
      yield path
    }
  }

  /** So many living files, and one in fifty more that lies in the trash. They come folder by folder. */
  function* files(count: number): Generator<Wanted> {
    let made = 0
    for (const folder of folders()) {
      const here = Math.floor(-Math.log(1 - random()) * filesInFolder)
      for (let i = 0; i < here && made < count; i++) {
        made++
        yield { ...about(), folder, name: name() }
        if (made % trashedIn === 0) yield { ...about(), folder, name: name(), isTrashed: true }
      }
      if (made >= count) return
    }
  }

  return { about, files }
}

function day(random: () => number): string {
  return new Date(firstDay + random() * (lastDay - firstDay)).toISOString().slice(0, 10)
}

function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1)
}
