/** Whether somebody asks for something right now, so that work which can wait does. */

export interface Activity {
  /** Somebody begins; `leave` when they are done. */
  enter(): void
  leave(): void
  /** Somebody is at it, or was a moment ago. */
  isBusy(): boolean
}

/** Long enough that the pauses between the requests of one upload are none. */
const lingerMs = 250

export function openActivity(clock: () => number = () => performance.now()): Activity {
  let present = 0
  let lastLeft = Number.NEGATIVE_INFINITY
  return {
    enter() {
      present++
    },
    leave() {
      present--
      lastLeft = clock()
    },
    isBusy: () => present > 0 || clock() - lastLeft < lingerMs,
  }
}
