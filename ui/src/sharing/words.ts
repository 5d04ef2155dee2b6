/** What a link allows and asks for, in words. */
import { formatMoment } from '../kit/format.ts'
import type { Share } from './queries.ts'

export const permissions: readonly { value: Share['permission']; label: string; about: string }[] = [
  { value: 'view', label: 'Look', about: 'They see it in the browser, and there is no download.' },
  { value: 'download', label: 'Download', about: 'They see it and may download it.' },
  { value: 'edit', label: 'Put in files', about: 'They may also put files into the folder; they overwrite nothing.' },
]

export function conditionsOf(share: Share): string[] {
  const { permission, hasPassword, requireEmail, allowedEmails, expiresAt } = share
  return [
    permissions.find(({ value }) => value === permission)?.label ?? permission,
    ...(hasPassword ? ['password'] : []),
    ...(allowedEmails.length > 0 ? [`for ${allowedEmails.join(', ')}`] : requireEmail ? ['asks for an address'] : []),
    ...(expiresAt ? [`until ${formatMoment(expiresAt)}`] : []),
    ...(share.public ? ['public'] : []),
  ]
}
