/**
 * A volume that goes away under a running server takes its open files along: the index would go on writing into what nobody
 * sees any more. So somebody looks, and until it is back no change is acknowledged.
 */
import type { Index } from '../index/open.ts'
import type { Log } from '../log.ts'
import { Problem } from '../problem.ts'
import type { Volume } from '../volume/volume.ts'

const everyMs = 2000

/**
 * Refuses writes to the index while the volume is not the one that was opened; a full disk refuses nothing here. `standing` is
 * what they are refused with also when it is.
 */
export function watchVolume(volume: Volume, index: Index, log: Log, standing?: Problem): Disposable {
  let isGone = false
  let isEnded = false
  const look = async (): Promise<void> => {
    const problem = await volume.guard().then(
      () => undefined,
      (error: unknown) => asProblem(error),
    )
    const gone = problem?.code === 'storage-unavailable'
    if (isEnded || gone === isGone) return
    isGone = gone
    index.refuse(gone ? problem : standing)
    if (gone) log.error({ err: problem }, 'the volume is gone: nothing is written until it is back')
    else log.warn('the volume is back')
  }
  const timer = setInterval(() => void look(), everyMs)
  timer.unref()
  return {
    [Symbol.dispose]() {
      isEnded = true
      clearInterval(timer)
    },
  }
}

function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error
  return new Problem('storage-unavailable', 'The storage cannot be used. Please tell the administrator.', {
    cause: error,
  })
}
