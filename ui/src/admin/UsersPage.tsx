/** Users: who there is, what they use, what they may use (changed in place), and what can be done about them. */
import { Ban, EllipsisVertical, KeyRound, LogOut, ShieldCheck, Trash2, UserPlus } from 'lucide-react'
import { useState } from 'react'
import { Button as AriaButton } from 'react-aria-components/Button'
import { Section } from '../account/Page.tsx'
import { Secret } from '../account/Tokens.tsx'
import { useMe } from '../files/queries.ts'
import { Avatar } from '../kit/Avatar.tsx'
import { Bar } from '../kit/Bar.tsx'
import { Button } from '../kit/Button.tsx'
import { formatBytes, formatNumber, formatTime } from '../kit/format.ts'
import { type Actions, MenuButton } from '../kit/Menu.tsx'
import { FailedState, SkeletonRows } from '../kit/states.tsx'
import { useToast, useTold } from '../kit/Toast.tsx'
import { AddUser } from './AddUser.tsx'
import { AdminPage } from './AdminPage.tsx'
import { Quota } from './Quota.tsx'
import { type User, useChangeUser, useEndSessions, useInviteUser, useUsers } from './queries.ts'
import { RemoveUser } from './RemoveUser.tsx'

export function UsersPage() {
  const { data, error, refetch } = useUsers()
  const [adding, setAdding] = useState(false)
  return (
    <AdminPage>
      <Section
        title="Users"
        about="Click a quota to change it. Below what is used, nothing is lost; nothing more fits."
        action={
          <Button look="primary" icon={UserPlus} onPress={() => setAdding(true)}>
            Add a user
          </Button>
        }
      >
        {error && <FailedState error={error} onRetry={() => void refetch()} />}
        {!data && !error && <SkeletonRows rows={4} />}
        {data && (
          <div className="relative -mx-5 overflow-x-auto px-5">
            <table className="w-full min-w-2xl">
              <thead className="text-left text-sm text-faint">
                <tr className="border-b border-line">
                  <th className="pb-2 font-normal">Name</th>
                  <th className="pb-2 text-right font-normal">Files</th>
                  <th className="pb-2 pl-6 font-normal">Used</th>
                  <th className="pb-2 pl-6 font-normal">Quota</th>
                  <th className="pb-2 pl-6 font-normal">Seen</th>
                  <th>
                    <span className="sr-only">Actions</span>
                  </th>
                </tr>
              </thead>
              <tbody>
                {data.map((user) => (
                  <Row key={user.id} user={user} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Section>
      {adding && <AddUser onClose={() => setAdding(false)} />}
    </AdminPage>
  )
}

function Row({ user }: { user: User }) {
  const { mutateAsync: change } = useChangeUser()
  const share = user.quotaBytes === 0 ? 1 : user.usedBytes / user.quotaBytes
  return (
    <tr className="row-line h-14 border-b last:border-0">
      <td>
        <div className="flex items-center gap-3">
          <Avatar name={user.name} size={30} />
          <div className="min-w-0">
            <div className="flex items-center gap-2 font-medium">
              <bdi>{user.name}</bdi>
              {user.admin && <Badge>administrator</Badge>}
              {user.disabled && <Badge>disabled</Badge>}
            </div>
            <div className="text-sm text-faint">{user.email}</div>
          </div>
        </div>
      </td>
      <td className="text-right">{formatNumber(user.fileCount)}</td>
      <td className="w-44 pl-6">
        <div className="flex flex-col gap-1">
          {formatBytes(user.usedBytes)}
          <Bar label={`Space used by ${user.name}`} value={share} tone={share > 0.95 ? 'danger' : 'accent'} />
        </div>
      </td>
      <td className="w-36 pl-6">
        <Quota
          of={user.name}
          quotaBytes={user.quotaBytes}
          onChange={(quotaBytes) => change({ id: user.id, quotaBytes })}
        />
      </td>
      <td className="pl-6 text-soft">{user.lastSeenAt ? formatTime(user.lastSeenAt) : 'never'}</td>
      <td className="text-right">
        <UserMenu user={user} />
      </td>
    </tr>
  )
}

function Badge({ children }: { children: string }) {
  return <span className="rounded bg-block px-1.5 py-0.5 text-xs font-normal text-soft">{children}</span>
}

function UserMenu({ user }: { user: User }) {
  const { data: me } = useMe()
  const { mutateAsync: change } = useChangeUser()
  const { mutateAsync: invite } = useInviteUser()
  const { mutateAsync: endSessions } = useEndSessions()
  const show = useToast()
  const told = useTold()
  const [removing, setRemoving] = useState(false)
  const [link, setLink] = useState<string>()
  const self = me?.id === user.id
  const actions: Actions = [
    {
      id: 'password',
      label: 'Link for a new password',
      icon: KeyRound,
      disabled: user.disabled,
      act: () => told(invite(user.id).then(({ url }) => setLink(url))),
    },
    {
      id: 'sign-out',
      label: 'Sign out everywhere',
      icon: LogOut,
      disabled: self,
      act: () => told(endSessions(user.id).then(() => show({ text: `${user.name} is signed out everywhere.` }))),
    },
    {
      id: 'admin',
      label: user.admin ? 'Not an administrator any more' : 'Make administrator',
      icon: ShieldCheck,
      disabled: self,
      act: () => told(change({ id: user.id, admin: !user.admin })),
    },
    {
      id: 'disable',
      label: user.disabled ? 'Let in again' : 'Shut out',
      icon: Ban,
      disabled: self,
      act: () => told(change({ id: user.id, disabled: !user.disabled })),
    },
    'line',
    { id: 'remove', label: 'Remove', icon: Trash2, danger: true, disabled: self, act: () => setRemoving(true) },
  ]
  return (
    <>
      <MenuButton actions={actions} label={user.name}>
        <AriaButton
          aria-label={`Actions for ${user.name}`}
          className="inline-flex size-8 items-center justify-center rounded-md text-soft hover:bg-hover"
        >
          <EllipsisVertical size={16} aria-hidden />
        </AriaButton>
      </MenuButton>
      {removing && <RemoveUser user={user} onClose={() => setRemoving(false)} />}
      {link !== undefined && (
        <Secret title={`Send this link to ${user.name}`} secret={link} onClose={() => setLink(undefined)}>
          Whoever opens it within seven days chooses the password of {user.email}, once.
        </Secret>
      )}
    </>
  )
}
