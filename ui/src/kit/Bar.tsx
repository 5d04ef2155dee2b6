/** How much of something: a thin bar with a name for those who do not see it. */
import { ProgressBar } from 'react-aria-components/ProgressBar'
import { classes } from './classes.ts'

export function Bar({
  label,
  value,
  tone = 'accent',
}: {
  label: string /** 0 to 1 */
  value: number
  tone?: 'accent' | 'good' | 'danger' | 'faint'
}) {
  const percent = Math.max(0, Math.min(100, value * 100))
  const tones = { accent: 'bg-accent', good: 'bg-good', danger: 'bg-danger', faint: 'bg-faint' }
  return (
    <ProgressBar aria-label={label} value={percent} className="h-1 w-full overflow-hidden rounded-full bg-line">
      <div
        className={classes('h-full rounded-full transition-[width] duration-150', tones[tone])}
        style={{ width: `${percent}%` }}
      />
    </ProgressBar>
  )
}
