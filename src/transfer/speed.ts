/** Bytes a second over the last seconds, so that the figure is steady enough to read. */

const windowMs = 4000

export interface Speed {
  add(bytes: number): void
  perSecond(): number
}

export function openSpeed(now: () => number): Speed {
  let samples: { at: number; bytes: number }[] = []
  return {
    add(bytes) {
      const at = now()
      samples = samples.filter((sample) => sample.at > at - windowMs)
      samples.push({ at, bytes })
    },
    perSecond() {
      const at = now()
      const recent = samples.filter((sample) => sample.at > at - windowMs)
      const [first] = recent
      if (!first) return 0
      const seconds = Math.max(0.25, (at - first.at) / 1000)
      return recent.reduce((sum, { bytes }) => sum + bytes, 0) / seconds
    },
  }
}
