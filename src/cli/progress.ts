/** A line that says how far something is, on a terminal that people look at; elsewhere nothing. */
import { formatSize } from '../sizes.ts'
import type { Terminal } from './terminal.ts'

export interface Bar extends Disposable {
  /** `doneBytes` of `totalBytes`; what else is to be said comes behind. */
  show(doneBytes: number, totalBytes: number, also: string): void
  /** Takes the line away, so that something can be printed. */
  clear(): void
}

const everyMs = 200
const width = 30

/** On standard error, so that standard output holds the answer alone. */
export function openBar({ json }: Terminal): Bar {
  const visible = process.stderr.isTTY && !json
  const startedAt = performance.now()
  let shownAt = Number.NEGATIVE_INFINITY
  let most = 0
  const clear = () => {
    if (visible) process.stderr.write('\r\x1b[K')
    shownAt = Number.NEGATIVE_INFINITY
  }
  return {
    clear,
    show(doneBytes, totalBytes, also) {
      const now = performance.now()
      most = Math.max(most, doneBytes)
      if (!visible || now - shownAt < everyMs) return
      shownAt = now
      const share = totalBytes === 0 ? 1 : Math.min(1, most / totalBytes)
      const bar = '#'.repeat(Math.round(share * width)).padEnd(width, '.')
      const speed = formatSize(Math.round((most / (now - startedAt)) * 1000))
      const done = `${formatSize(most)} of ${formatSize(totalBytes)}`
      process.stderr.write(`\r\x1b[K[${bar}] ${Math.floor(share * 100)} %  ${done}  ${speed}/s  ${also}`)
    },
    [Symbol.dispose]: clear,
  }
}
