/** How far a load is: a bar where people look at a terminal, else a line every few seconds. */

const barEveryMs = 200
const lineEveryMs = 5000
const width = 30

export interface LoadProgress extends Disposable {
  /** `share` of the whole, 0 to 1, and so many files. */
  show(share: number, files: number): void
}

/** On standard error, so that standard output holds the result alone. */
export function openProgress(): LoadProgress {
  const isBar = process.stderr.isTTY === true
  const startedAt = performance.now()
  let shownAt = startedAt
  return {
    show(given, files) {
      const share = Math.min(1, given) // a list can grow while it is read
      const now = performance.now()
      if (now - shownAt < (isBar ? barEveryMs : lineEveryMs)) return
      shownAt = now
      const seconds = (now - startedAt) / 1000
      const left = share > 0 ? Math.ceil((seconds / share) * (1 - share)) : 0
      const done = `${Math.floor(share * 100)} %  ${files.toLocaleString('en')} files  ${Math.round(files / seconds).toLocaleString('en')}/s  ${left} s left`
      const bar = '#'.repeat(Math.round(share * width)).padEnd(width, '.')
      process.stderr.write(isBar ? `\r\x1b[K[${bar}] ${done}` : `${done}\n`)
    },
    [Symbol.dispose]() {
      if (isBar) process.stderr.write('\r\x1b[K')
    },
  }
}
