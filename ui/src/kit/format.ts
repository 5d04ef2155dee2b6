/** Numbers, sizes and times as people read them. */

const numbers = new Intl.NumberFormat('en')
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const date = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })
const moment = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })

export function formatNumber(value: number): string {
  return numbers.format(value)
}

/** `1 file`, `1,204 files`. */
export function formatCount(value: number, one: string, many = `${one}s`): string {
  return `${formatNumber(value)} ${value === 1 ? one : many}`
}

/** In powers of ten, as disks are sold: `8.4 MB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB', 'PB']
  let value = bytes
  let unit = 0
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000
    unit++
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : Number(value.toFixed(value >= 10 ? 1 : 2))} ${units[unit]}`
}

/** Reads what a person typed as a size: `10 GB`, `500mb`; undefined when it is none. */
export function parseBytes(text: string): number | undefined {
  const [, number, unit = ''] = /^\s*(\d+(?:[.,]\d+)?)\s*([kmgtp]?)i?b?\s*$/i.exec(text) ?? []
  if (number === undefined) return undefined
  return Math.round(Number(number.replace(',', '.')) * 1000 ** ' kmgtp'.indexOf(unit.toLowerCase() || ' '))
}

/** Short for a column: `09:41` today, then `Yesterday`, `18 Nov`, `18 Nov 2024`. */
export function formatTime(iso: string, now = new Date()): string {
  const at = new Date(iso)
  const midnight = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime()
  if (at.getTime() >= midnight) return clock.format(at)
  if (at.getTime() >= midnight - 86_400_000) return 'Yesterday'
  return at.getFullYear() === now.getFullYear() ? day.format(at) : date.format(at)
}

/** `18 Nov`. */
export function formatDay(at: Date): string {
  return day.format(at)
}

export function formatMoment(iso: string): string {
  return moment.format(new Date(iso))
}

/** `0:42`, `1:03:20`. */
export function formatDuration(seconds: number): string {
  const whole = Math.round(seconds)
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60]
  const two = (value: number) => String(value).padStart(2, '0')
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`
}

/** Time left, roughly: `12 s`, `3 min`, `2 h`. */
export function formatLeft(seconds: number): string {
  if (seconds < 60) return `${Math.max(1, Math.round(seconds))} s`
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`
  return `${Math.round(seconds / 3600)} h`
}
