/** Sizes and durations as people write them, in configuration and on the command line. */
import { Problem } from './problem.ts'

const sizeUnits: Record<string, number> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
}
const durationUnits: Record<string, number> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** `10GB`, `1.5 TiB` or `4096` in bytes. */
export function parseSize(text: string): number {
  const bytes = parse(text, sizeUnits)
  if (bytes === undefined || !Number.isSafeInteger(bytes))
    throw new Problem('bad-input', `"${text}" is not a size. Write it like 500MB, 10GB or 2TiB.`)
  return bytes
}

/** `15m`, `60s` or `7d` in milliseconds. */
export function parseDuration(text: string): number {
  const ms = parse(text, durationUnits)
  if (ms === undefined || ms <= 0)
    throw new Problem('bad-input', `"${text}" is not a duration. Write it like 30s, 15m or 7d.`)
  return ms
}

/** Bytes for people, in powers of ten as disks are sold: `8.4 MB`. */
export function formatSize(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2
  return `${Number(value.toFixed(digits))} ${units[unit]}`
}

function parse(text: string, units: Record<string, number>): number | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? []
  const factor = units[unit.toLowerCase()]
  return number === undefined || factor === undefined ? undefined : Math.round(Number(number) * factor)
}
