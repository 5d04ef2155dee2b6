/** Until when, and how often. */
import { formatCount, formatMoment } from '../kit/format.ts'
import type { GuestShare } from '../sharing/queries.ts'

export function Limits({ share: { expiresAt, downloadsLeft } }: { share: GuestShare }) {
  const limits = [
    ...(expiresAt ? [`until ${formatMoment(expiresAt)}`] : []),
    ...(downloadsLeft === 0
      ? ['it was downloaded as often as it may be']
      : downloadsLeft === null
        ? []
        : [`${formatCount(downloadsLeft, 'download')} left`]),
  ]
  return limits.map((limit) => ` · ${limit}`).join('')
}
