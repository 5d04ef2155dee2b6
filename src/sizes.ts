import { Problem } from './problem.ts'

const units: Record<string, number> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 1024,
  MIB: 1024 ** 2,
  GIB: 1024 ** 3,
  TIB: 1024 ** 4,
}
export function parseSize(text: string): number {
  const [, n, unit = ''] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(text.trim()) ?? []
  const factor = units[unit.toUpperCase()]
  if (n === undefined || factor === undefined)
    throw new Problem('bad-input', `"${text}" is not a size. Write 10GB, 500MB or 1TiB.`)
  return Math.round(Number(n) * factor)
}
export function formatSize(bytes: number): string {
  const unit = ['B', 'KB', 'MB', 'GB', 'TB'] as const
  let i = 0
  let n = bytes
  while (n >= 1000 && i < 4) {
    n /= 1000
    i++
  }
  return `${i === 0 ? n : n.toFixed(1)} ${unit[i]}`
}
