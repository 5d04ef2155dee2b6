/**
 * Directories of the readable tree, held open while they are worked in. Everything happens relative to an open directory
 * that was reached step by step without following a link, so that nothing planted in the tree leads anywhere else, and
 * paths may be as long as folders are deep.
 */
import {
  closeSync,
  constants,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  unlinkSync,
} from 'node:fs'

/** An open directory; a number so that it costs nothing. */
export type Directory = number

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = constants

/** Opens a directory by its whole path; its last step is not followed. */
export function openPath(path: string): Directory {
  return openSync(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
}

/** The path of a name in an open directory. */
export function within(directory: Directory, name: string): string {
  return `/proc/self/fd/${directory}/${name}`
}

export function closeDirectory(directory: Directory): void {
  closeSync(directory)
}

/** Opens the directory `name`, or makes it and says so to `made`; undefined where something else lies there. */
export function enter(parent: Directory, name: string, made = () => {}): Directory | undefined {
  const path = within(parent, name)
  if (attempt(() => mkdirSync(path, 0o700)) === 'done') made()
  return whatLies(parent, name) === 'directory' ? openPath(path) : undefined
}

/** What lies under a name: nothing, a directory, a link to bytes of ours (its inode), or something foreign. */
export function whatLies(parent: Directory, name: string): 'nothing' | 'directory' | 'foreign' | { inode: number } {
  const found = lstatSync(within(parent, name), { throwIfNoEntry: false })
  if (!found) return 'nothing'
  if (found.isDirectory()) return 'directory'
  // Objects are regular files that nobody may write; what else is there, somebody has put there.
  return found.isFile() && (found.mode & 0o777) === 0o400 ? { inode: found.ino } : 'foreign'
}

/** Links an object under a name; says why it could not be. */
export function link(object: string, parent: Directory, name: string): 'done' | string {
  return attempt(() => linkSync(object, within(parent, name)))
}

/** Takes a link of ours away; anything else stays. */
export function unlinkOurs(parent: Directory, name: string): void {
  if (typeof whatLies(parent, name) === 'object') attempt(() => unlinkSync(within(parent, name)))
}

/** Removes a directory if nothing is left in it. */
export function leave(parent: Directory, name: string): void {
  if (whatLies(parent, name) === 'directory') attempt(() => rmdirSync(within(parent, name)))
}

/** Moves a directory; says why it could not be. */
export function moveDirectory(from: Directory, name: string, to: Directory, newName: string): 'done' | string {
  if (whatLies(to, newName) !== 'nothing') return 'EEXIST'
  return attempt(() => renameSync(within(from, name), within(to, newName)))
}

/** Runs a call of the disk; answers `done` or the system's code. What makes the disk unusable is thrown. */
function attempt(work: () => void): 'done' | string {
  try {
    work()
    return 'done'
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    if (['EEXIST', 'ENOENT', 'ENOTEMPTY', 'EMLINK', 'ENAMETOOLONG', 'ENOTDIR', 'ELOOP', 'EPERM'].includes(code))
      return code
    throw error
  }
}
