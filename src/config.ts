/**
 * Boot-time settings: a TOML file and FILEVAULT_* variables → one frozen Config. The only reader of the environment.
 * One table says what there is, what it means and what it is unless told otherwise; `config/filevault.toml` is held
 * against it by a test.
 */
import { existsSync, readFileSync } from 'node:fs'
import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { closest, distance } from 'fastest-levenshtein'
import { parse, TomlError } from 'smol-toml'
import { Problem } from './problem.ts'
import { parseDuration, parseSize } from './sizes.ts'

/** One key of the file: its default as it is written there, what it is for, and how it is read. */
interface Setting<T> {
  default: Written
  about: string
  read: (value: Written) => T
}

type Written = string | number | boolean | string[]

export const settings = {
  server: {
    listen: setting('127.0.0.1:8080', 'Where to listen: an address and a port.', address),
    public_url: setting(
      '',
      'Where people reach it, for links and cookies; https:// here turns on secure cookies. Empty: where it listens.',
      publicUrl,
    ),
    trusted_proxies: setting(
      [],
      'Addresses or ranges of proxies whose X-Forwarded-For is believed, as in ["10.0.0.0/8"].',
      ranges,
    ),
    list_cache: setting('32MB', 'The most memory for pages of file lists that were read lately.', size),
  },
  volume: {
    path: setting('./data', 'The one directory that holds everything: index, files, thumbnails.', text),
    must_be_mount: setting(
      false,
      'Refuse to start unless that directory is a mount point, so that a missing volume is noticed.',
      flag,
    ),
    reserve: setting(
      'auto',
      'Free space that is kept: with less, what would be written is refused (507). "auto": the larger of 2 GiB and 5 %.',
      reserve,
    ),
    accept_missing: setting(
      false,
      'Write although many stored files have lost their bytes. Else nothing is written until they are back.',
      flag,
    ),
    readable_tree: setting(
      true,
      'Keep vaults/ID/files as a tree of hard links under readable names, for rsync, Samba or leaving; it takes no space.',
      flag,
    ),
  },
  search: {
    engine: setting(
      'memory',
      'What answers searches: memory (milliseconds, some 200 MB for a million files) or fts (slower, and needs none).',
      oneOf('memory', 'fts'),
    ),
  },
  log: {
    level: setting(
      'info',
      'How much is logged: debug, info, warn, error or silent.',
      oneOf('debug', 'info', 'warn', 'error', 'silent'),
    ),
  },
  metrics: {
    readable_from: setting(
      [],
      'Addresses or ranges that may read /metrics without a token, straight and through no proxy, as in ["10.0.0.5"].',
      ranges,
    ),
  },
  mail: {
    smtp_url: setting(
      '',
      'The server that mail is sent through, smtp://user:password@host:587 or smtps://…:465. Empty: no mail is sent.',
      mailServer,
    ),
    from: setting('', 'Whom mail is from, as in "File Vault <vault@example.org>".', (value) => String(value)),
  },
  media: {
    ffmpeg: setting('ffmpeg', 'The ffmpeg program. Without it there are no pictures of videos.', text),
    ffprobe: setting('ffprobe', 'The ffprobe program, which comes with ffmpeg.', text),
    processes: setting(
      1,
      'How many files are looked into at once, each in a process of its own; documents are read by one more.',
      count(1),
    ),
    memory: setting('512MB', 'The most memory such a process may take.', size),
    timeout: setting('60s', 'The longest time such a process may take for one file.', (value) =>
      parseDuration(text(value)),
    ),
  },
}

export interface Config {
  readonly server: {
    readonly listen: { readonly host: string; readonly port: number }
    readonly publicUrl: string | undefined
    readonly trustedProxies: readonly string[]
    readonly listCacheBytes: number
  }
  readonly volume: {
    readonly path: string
    readonly mustBeMount: boolean
    readonly reserveBytes: number | 'auto'
    readonly acceptMissing: boolean
    readonly readableTree: boolean
  }
  readonly search: { readonly engine: 'memory' | 'fts' }
  readonly log: { readonly level: string }
  readonly metrics: { readonly readableFrom: readonly string[] }
  /** Undefined: no mail is sent. */
  readonly mail: { readonly smtpUrl: string; readonly from: string } | undefined
  readonly media: {
    readonly ffmpeg: string
    readonly ffprobe: string
    readonly processes: number
    readonly memoryBytes: number
    readonly timeoutMs: number
  }
  /** Makes the first administrator on an empty volume. */
  readonly admin: { readonly email: string; readonly password: string } | undefined
  /** The socket of systemd, where it wants to be told how the server is, and the time after which it gives it up. */
  readonly supervisor: { readonly socket: string; readonly watchdogMs: number | undefined } | undefined
  /** What the log should say at start. */
  readonly notes: readonly string[]
}

type Section = keyof typeof settings

/** Short names for what is set most. */
const shortNames: Record<string, [Section, string]> = {
  FILEVAULT_VOLUME: ['volume', 'path'],
  FILEVAULT_LISTEN: ['server', 'listen'],
  FILEVAULT_PUBLIC_URL: ['server', 'public_url'],
}
const apart = [
  'FILEVAULT_ADMIN_EMAIL',
  'FILEVAULT_ADMIN_PASSWORD',
  'FILEVAULT_MEILISEARCH_URL',
  'FILEVAULT_MEILISEARCH_KEY',
]

export interface Sources {
  /** A file that has to exist; else the usual places are looked at. */
  file?: string
  env: Readonly<Record<string, string | undefined>>
  cwd: string
}

/** Reads, checks and freezes; the first thing that is wrong is a Problem that names the key and what was meant. */
export function loadConfig({ file, env, cwd }: Sources): Config {
  const written = new Map<string, { value: Written; where: string }>()
  const path =
    file === undefined
      ? [join(cwd, 'config/filevault.toml'), '/etc/filevault/filevault.toml'].find((one) => existsSync(one))
      : resolve(cwd, file)
  if (path !== undefined) readFile(path, written)
  readEnvironment(env, written)
  const values = Object.fromEntries(
    Object.entries(settings).map(([section, keys]) => [
      section,
      Object.fromEntries(Object.entries(keys).map(([key, one]) => [key, chosen(`${section}.${key}`, one, written)])),
    ]),
  ) as unknown as {
    [S in Section]: { [K in keyof (typeof settings)[S]]: (typeof settings)[S][K] extends Setting<infer T> ? T : never }
  }
  const { server, volume, search, log, metrics, mail, media } = values
  return frozen({
    server: {
      listen: server.listen,
      publicUrl: server.public_url,
      trustedProxies: server.trusted_proxies,
      listCacheBytes: server.list_cache,
    },
    volume: {
      path: resolve(cwd, volume.path),
      mustBeMount: volume.must_be_mount,
      reserveBytes: volume.reserve,
      acceptMissing: volume.accept_missing,
      readableTree: volume.readable_tree,
    },
    search,
    log,
    metrics: { readableFrom: metrics.readable_from },
    mail: mailOf(mail.smtp_url, mail.from, server.public_url),
    media: {
      ffmpeg: media.ffmpeg,
      ffprobe: media.ffprobe,
      processes: media.processes,
      memoryBytes: media.memory,
      timeoutMs: media.timeout,
    },
    admin: administrator(env),
    supervisor: supervisor(env),
    notes: ['FILEVAULT_MEILISEARCH_URL', 'FILEVAULT_MEILISEARCH_KEY']
      .filter((name) => env[name])
      .map((name) => `${name} is set, but this version always searches with its embedded engine.`),
  })
}

/** The configuration file with every default and its comment. */
export function defaultFile(): string {
  const sections = Object.entries(settings).map(([section, keys]) => {
    const lines = Object.entries(keys).map(
      ([key, { about, default: value }]) => `# ${about}\n${key} = ${JSON.stringify(value)}`,
    )
    return `[${section}]\n${lines.join('\n\n')}`
  })
  const opening = `# File Vault. Every setting stands here with its default. Each can also be given as an environment variable,
# FILEVAULT_SECTION_KEY, which goes before this file. What administrators change while it runs is on the settings page.`
  return `${opening}\n\n${sections.join('\n\n')}\n`
}

function readFile(path: string, written: Map<string, { value: Written; where: string }>): void {
  let content: Record<string, unknown>
  try {
    content = parse(readFileSync(path, 'utf8'))
  } catch (error) {
    const why =
      error instanceof TomlError
        ? `it is not valid TOML (line ${error.line})`
        : `it cannot be read (${error instanceof Error ? error.message : error})`
    throw wrong(`${path}: ${why}.`)
  }
  for (const [section, keys] of Object.entries(content)) {
    const known = settings[section as Section] as Record<string, unknown> | undefined
    if (!known || !Object.hasOwn(settings, section))
      throw wrong(`${path}: there is no section [${section}]. ${meant(section, Object.keys(settings))}`)
    if (typeof keys !== 'object' || keys === null)
      throw wrong(`${path}: [${section}] is a section; write its keys below it.`)
    for (const [key, value] of Object.entries(keys)) {
      if (!Object.hasOwn(known, key))
        throw wrong(`${path}: there is no key "${key}" in [${section}]. ${meant(key, Object.keys(known))}`)
      written.set(`${section}.${key}`, { value: value as Written, where: `${path}: ${key} in [${section}]` })
    }
  }
}

function readEnvironment(env: Sources['env'], written: Map<string, { value: Written; where: string }>): void {
  const long = Object.entries(settings).flatMap(([section, keys]) =>
    Object.keys(keys).map((key): [string, [string, string]] => [
      `FILEVAULT_${section}_${key}`.toUpperCase(),
      [section, key],
    ]),
  )
  const names = new Map<string, [string, string]>([...long, ...Object.entries(shortNames)])
  for (const [name, value] of Object.entries(env)) {
    if (!name.startsWith('FILEVAULT_') || value === undefined || apart.includes(name)) continue
    const place = names.get(name)
    if (!place)
      throw wrong(`The environment variable ${name} is not one of ours. ${meant(name, [...names.keys(), ...apart])}`)
    const key = place.join('.')
    const twin = [...names].find(([other, at]) => other !== name && env[other] !== undefined && at.join('.') === key)
    if (twin) throw wrong(`${name} and ${twin[0]} are two names of one setting. Set one of them.`)
    const isList = Array.isArray((settings[place[0] as Section] as Record<string, Setting<unknown>>)[place[1]]?.default)
    const parts = value.split(',').map((one) => one.trim())
    written.set(key, { value: isList ? parts.filter((one) => one !== '') : value, where: name })
  }
}

function chosen<T>(
  name: string,
  { default: standard, read }: Setting<T>,
  written: Map<string, { value: Written; where: string }>,
): T {
  const given = written.get(name)
  try {
    return read(given?.value ?? standard)
  } catch (error) {
    throw wrong(`${given?.where ?? name}: ${error instanceof Error ? error.message : error}`)
  }
}

function mailOf(smtpUrl: string | undefined, from: string, publicUrl: string | undefined): Config['mail'] {
  if (smtpUrl === undefined) return undefined
  if (!from.includes('@')) throw wrong('mail.smtp_url is set, and mail.from is no e-mail address. Set both.')
  if (publicUrl === undefined)
    throw wrong('mail.smtp_url is set, and server.public_url is not: mails have links in them. Set both.')
  return { smtpUrl, from }
}

function administrator(env: Sources['env']): Config['admin'] {
  const { FILEVAULT_ADMIN_EMAIL: email, FILEVAULT_ADMIN_PASSWORD: password } = env
  if (!email && !password) return undefined
  if (!email || !password)
    throw wrong(
      'FILEVAULT_ADMIN_EMAIL and FILEVAULT_ADMIN_PASSWORD go together. Set both, or neither for a set-up link.',
    )
  return { email, password }
}

function supervisor({ NOTIFY_SOCKET: socket, WATCHDOG_USEC: microseconds }: Sources['env']): Config['supervisor'] {
  return socket ? { socket, watchdogMs: microseconds ? Number(microseconds) / 1000 : undefined } : undefined
}

function meant(name: string, known: string[]): string {
  const near = closest(name, known)
  return distance(name, near) <= Math.max(3, name.length / 2)
    ? `Did you mean "${near}"?`
    : `There are: ${known.join(', ')}.`
}

function wrong(sentence: string): Problem {
  return new Problem('bad-input', sentence)
}

function setting<T>(standard: Written, about: string, read: (value: Written) => T): Setting<T> {
  return { default: standard, about, read }
}

function text(value: Written): string {
  if (typeof value !== 'string' || value === '')
    throw new Error('a text that is not empty is needed (in the file: in quotes).')
  return value
}

function flag(value: Written): boolean {
  if (['true', 'false'].includes(String(value))) return String(value) === 'true'
  throw new Error('true or false is needed.')
}

function count(least: number): (value: Written) => number {
  return (value) => {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
    if (typeof number !== 'number' || !Number.isSafeInteger(number) || number < least)
      throw new Error(`a whole number of at least ${least} is needed.`)
    return number
  }
}

function size(value: Written): number {
  return parseSize(typeof value === 'number' ? String(value) : text(value))
}

function reserve(value: Written): number | 'auto' {
  return value === 'auto' ? value : size(value)
}

function oneOf<const T extends string>(...known: T[]): (value: Written) => T {
  return (value) => {
    const found = known.find((one) => one === value)
    if (found !== undefined) return found
    throw new Error(`one of ${known.join(', ')} is needed.`)
  }
}

function address(value: Written): { host: string; port: number } {
  const [, host = '', port = ''] = /^(?:\[?([^\]]*?)\]?:)?(\d{1,5})$/.exec(text(value)) ?? []
  if (port === '' || Number(port) > 65535)
    throw new Error('an address and a port are needed, like 127.0.0.1:8080 or [::]:8080.')
  return { host: host || '127.0.0.1', port: Number(port) }
}

function publicUrl(value: Written): string | undefined {
  if (value === '') return undefined
  const url = URL.canParse(String(value)) ? new URL(String(value)) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.pathname !== '/' || url.search || url.hash)
    throw new Error('an address without a path is needed, like https://files.example.org.')
  return url.origin
}

function mailServer(value: Written): string | undefined {
  if (value === '') return undefined
  const url = URL.canParse(String(value)) ? new URL(String(value)) : undefined
  if (!url || !/^smtps?:$/.test(url.protocol) || url.hostname === '')
    throw new Error('an address like smtp://user:password@host:587 is needed.')
  return url.href
}

function ranges(value: Written): string[] {
  if (!Array.isArray(value)) throw new Error('a list is needed, like ["10.0.0.0/8"].')
  for (const range of value) {
    const [ip = '', prefix, ...rest] = String(range).split('/')
    const most = isIP(ip) === 6 ? 128 : 32
    if (
      isIP(ip) === 0 ||
      rest.length > 0 ||
      (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && Number(prefix) <= most))
    )
      throw new Error(`"${range}" is not an address or a range like 10.0.0.0/8.`)
  }
  return value
}

function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null) for (const one of Object.values(value)) frozen(one)
  return Object.freeze(value)
}
