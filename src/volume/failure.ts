// What the disk's error codes mean to people. Only calls to the volume's own disk are wrapped: an ENOENT of the source
// that is being stored says nothing about the volume and is passed on as it is.

import { Problem, type ProblemCode } from '../problem.ts'

const full = 'The storage is full. Empty the trash, or ask the administrator for more space.'
const gone = 'The storage volume, or a part of it, is not there. Nothing was changed; please tell the administrator.'
const failing = 'The storage could not be read or written. Please tell the administrator: the disk may be failing.'
const readOnly = 'The storage can only be read at the moment. Please tell the administrator.'
const busy = 'The server has too many files open. Please try again in a moment.'

const meanings: Record<string, [ProblemCode, string]> = {
  ENOSPC: ['disk-full', full],
  EDQUOT: ['disk-full', full],
  EROFS: ['storage-unavailable', readOnly],
  // EPERM is what `chattr +i` on a bare mount point answers, while the volume is not mounted over it.
  EPERM: ['storage-unavailable', readOnly],
  EACCES: ['storage-unavailable', readOnly],
  EIO: ['storage-unavailable', failing],
  EUCLEAN: ['storage-unavailable', failing],
  // O_NOFOLLOW met a symbolic link where only files of ours may lie.
  ELOOP: ['storage-unavailable', failing],
  // A missing file is never 'not-found': a client would take that for "deleted" and delete its own copy.
  ENOENT: ['storage-unavailable', gone],
  ENOTDIR: ['storage-unavailable', gone],
  ENODEV: ['storage-unavailable', gone],
  ENXIO: ['storage-unavailable', gone],
  ESTALE: ['storage-unavailable', gone],
  EMFILE: ['busy', busy],
  ENFILE: ['busy', busy],
}

/** Waits for work on the volume's disk and turns its failure into the `Problem` that people can act on. */
export async function onDisk<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    const [code, message] = meanings[errorCode(error) ?? ''] ?? []
    throw code && message ? new Problem(code, message, { cause: error }) : error
  }
}

/** As `onDisk`, for work whose subject may be missing: then the outcome is undefined. */
export async function ifThere<T>(work: Promise<T>): Promise<T | undefined> {
  return onDisk(work.catch((error) => (errorCode(error) === 'ENOENT' ? undefined : Promise.reject(error))))
}

/** What is on the disk is not what was written there. `detail` is for the log. */
export function damaged(detail: string, cause?: unknown): Problem {
  return new Problem('storage-unavailable', 'The content of this file is damaged. Please tell the administrator.', {
    cause: new Error(detail, { cause }),
  })
}

/** The system's code of an error, as `ENOSPC`. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined
  const { code, errno } = error as NodeJS.ErrnoException
  return unnamed.get(errno ?? 0) ?? code
}

// Node has no names for these and says "Unknown system error -122".
const unnamed = new Map([
  [-116, 'ESTALE'],
  [-117, 'EUCLEAN'],
  [-122, 'EDQUOT'],
])
