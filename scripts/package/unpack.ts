/**
 * The files of the program on the disk: a shared library can only be loaded from a file. They are put once for each build
 * into a folder that only this user can enter, and compared with the hashes in the executable at every start, before any
 * of them is run. That is 25 ms; it also heals a folder that a full disk or a cleaner of caches left incomplete.
 */
import { createHash } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { dirname, isAbsolute, join } from 'node:path'

/** What the executable holds; `build` names the folder and changes with any byte of any file. */
export interface Manifest {
  build: string
  files: readonly { path: string; size: number; sha256: string }[]
}

const dayMs = 24 * 3_600_000

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Where the folders of builds may lie, best first: the service's cache as systemd gives it, the user's, the system's for
 * temporary files. Not on the volume: that is known only when the configuration was read, is often mounted `noexec`, and
 * is what people copy.
 */
export function places(environment: Environment): string[] {
  const { CACHE_DIRECTORY: service, XDG_CACHE_HOME: own } = environment
  if (service) return [service.split(':')[0] ?? service]
  const home = own && isAbsolute(own) ? own : join(homedir(), '.cache')
  return [join(home, 'filevault'), join(tmpdir(), `filevault-${process.getuid?.()}`)]
}

/**
 * The folder with every file of `manifest`, each as it should be; made from `content` (the files one after the other) when
 * it is not there. `canRun` says whether a library in it can be loaded. Throws with a sentence for each place that was
 * tried when none will do.
 */
export function programFolder(
  manifest: Manifest,
  content: () => Buffer,
  bases: string[],
  canRun: (folder: string) => void,
): string {
  const refused: string[] = []
  for (const base of bases) {
    const folder = join(base, manifest.build)
    try {
      mkdirSync(base, { recursive: true, mode: 0o700 })
      refuseOthers(base)
      if (!isWhole(folder, manifest)) unpack(folder, manifest, content())
      refuseOthers(folder)
      canRun(folder)
      keep(folder)
      return folder
    } catch (error) {
      refused.push(`  ${base}: ${error instanceof Error ? error.message : error}`)
    }
  }
  throw new Error(
    `File Vault unpacks its libraries once into a folder of its own, and cannot:\n${refused.join('\n')}\n` +
      'Set XDG_CACHE_HOME to a folder that you own on a disk that is not mounted noexec.',
  )
}

/** Only this user may have had a hand in it: what lies there is run. */
function refuseOthers(folder: string): void {
  const { mode, uid } = lstatSync(folder)
  if ((mode & 0o170000) !== 0o040000) throw new Error('it is not a directory.')
  if (uid !== process.getuid?.()) throw new Error('it belongs to another user.')
  if ((mode & 0o022) !== 0) throw new Error('other users may write there (chmod 700 would do).')
}

function isWhole(folder: string, { files }: Manifest): boolean {
  try {
    refuseOthers(folder)
    const piece = Buffer.allocUnsafe(1 << 20)
    return files.every(({ path, size, sha256 }) => hashOf(join(folder, path), size, piece) === sha256)
  } catch {
    return false
  }
}

/** In pieces: 30 MB of buffers would stay with the server for its life. */
function hashOf(path: string, size: number, piece: Buffer): string | undefined {
  const file = openSync(path, 'r')
  try {
    if (fstatSync(file).size !== size) return undefined
    const digest = createHash('sha256')
    for (let at = 0; at < size; ) {
      const read = readSync(file, piece, 0, Math.min(piece.length, size - at), at)
      if (read === 0) return undefined
      digest.update(piece.subarray(0, read))
      at += read
    }
    return digest.digest('hex')
  } finally {
    closeSync(file)
  }
}

/** Beside its place first, then renamed: of several first starts at once one wins, and none sees half a folder. */
function unpack(folder: string, { build, files }: Manifest, content: Buffer): void {
  const base = dirname(folder)
  const fresh = mkdtempSync(join(base, '.new-'))
  let at = 0
  for (const { path, size } of files) {
    mkdirSync(dirname(join(fresh, path)), { recursive: true, mode: 0o700 })
    writeFileSync(join(fresh, path), content.subarray(at, at + size), { mode: 0o400, flag: 'wx' })
    at += size
  }
  try {
    renameSync(fresh, folder)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && /^(ENOTEMPTY|EEXIST)$/.test(String(error.code)))) throw error
    if (isWhole(folder, { build, files })) rmSync(fresh, { recursive: true })
    else {
      renameSync(folder, `${fresh}-damaged`)
      renameSync(fresh, folder)
    }
  }
  removeOthers(base, build)
}

/** Says that this build is in use: to be called now and then by a program that runs for long. */
export function keep(folder: string): void {
  const now = new Date()
  try {
    utimesSync(folder, now, now)
  } catch {
    // On a disk that is read-only nobody removes it; and when somebody did, the next start makes it anew.
  }
}

/**
 * Builds that nobody said to be in use for a day, and what interrupted starts left. Which files a process has loaded cannot
 * be asked: a service with users of its own hides it, and so does a container.
 */
function removeOthers(base: string, build: string): void {
  for (const name of readdirSync(base)) {
    if (name === build || !/^(?:[0-9a-f]{16}$|\.new-)/.test(name)) continue
    const path = join(base, name)
    if (statSync(path).mtimeMs < Date.now() - dayMs) rmSync(path, { recursive: true, force: true })
  }
}
