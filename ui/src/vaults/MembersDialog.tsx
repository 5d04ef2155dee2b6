/** Who is a member of a team vault, and what each may do there. */
import { UserMinus, UserPlus } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import { Wrong } from '../account/Door.tsx'
import { usePlace } from '../files/place.ts'
import { useMe } from '../files/queries.ts'
import { Avatar } from '../kit/Avatar.tsx'
import { Button, IconButton } from '../kit/Button.tsx'
import { Dialog, Question } from '../kit/Dialog.tsx'
import { inputLook, TextField } from '../kit/Field.tsx'
import { FailedState, SkeletonRows } from '../kit/states.tsx'
import { useTold } from '../kit/Toast.tsx'
import {
  type Member,
  type Role,
  useAddMember,
  useChangeMember,
  useMembers,
  useRemoveMember,
  useRemoveVault,
  type Vault,
} from './queries.ts'

const roles: [Role, string][] = [
  ['viewer', 'may look'],
  ['editor', 'may change'],
  ['manager', 'manages it'],
]

export function MembersDialog({ vault, onClose }: { vault: Vault; onClose: () => void }) {
  const { data, error, refetch } = useMembers(vault.id)
  const isManager = vault.role === 'manager'
  return (
    <Dialog
      wide
      title={`Members of "${vault.name}"`}
      onClose={onClose}
      actions={
        <>
          {isManager && <RemoveVault vault={vault} onGone={onClose} />}
          <span className="flex-1" />
          <Button look="primary" onPress={onClose}>
            Done
          </Button>
        </>
      }
    >
      {isManager && <AddMember vaultId={vault.id} />}
      {error && <FailedState error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows rows={3} />}
      <ul className="flex flex-col">
        {data?.map((member) => (
          <Row key={member.userId} member={member} vault={vault} onLeft={onClose} />
        ))}
      </ul>
    </Dialog>
  )
}

function AddMember({ vaultId }: { vaultId: string }) {
  const [email, setEmail] = useState('')
  const [role, setRole] = useState<Role>('editor')
  const add = useAddMember(vaultId)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    add.mutate({ email, role }, { onSuccess: () => setEmail('') })
  }
  return (
    <form className="flex flex-col gap-2" onSubmit={submit}>
      <div className="flex flex-wrap items-end gap-2">
        <div className="min-w-48 flex-1">
          <TextField label="Add somebody by e-mail" type="email" value={email} onChange={setEmail} autoFocus />
        </div>
        <RoleSelect label="What they may do" value={role} onChange={setRole} />
        <Button type="submit" icon={UserPlus} isDisabled={email.trim() === '' || add.isPending}>
          Add
        </Button>
      </div>
      <Wrong>{add.error?.message}</Wrong>
    </form>
  )
}

function Row({ member, vault, onLeft }: { member: Member; vault: Vault; onLeft: () => void }) {
  const { data: me } = useMe()
  const { mutateAsync: change } = useChangeMember(vault.id)
  const { mutateAsync: remove } = useRemoveMember(vault.id)
  const { goToVault } = usePlace()
  const told = useTold()
  const self = me?.id === member.userId
  const isManager = vault.role === 'manager'
  const [asking, setAsking] = useState(false)
  const leave = () =>
    told(
      remove(member.userId).then(() => {
        if (!self) return
        onLeft()
        goToVault(undefined)
      }),
    )
  return (
    <li className="row-line flex min-h-13 items-center gap-3 border-b last:border-0">
      <Avatar name={member.name} size={30} />
      <div className="min-w-0 flex-1">
        <bdi className="block truncate font-medium text-text">
          {member.name} {self && <span className="font-normal text-faint">(you)</span>}
        </bdi>
        <span className="block truncate text-sm text-faint">
          {member.email}
          {member.disabled && ', shut out'}
        </span>
      </div>
      {isManager ? (
        <RoleSelect
          label={`What ${member.name} may do`}
          value={member.role}
          onChange={(role) => told(change({ userId: member.userId, role }))}
        />
      ) : (
        <span className="text-sm text-soft">{roles.find(([role]) => role === member.role)?.[1]}</span>
      )}
      {(isManager || self) && (
        <IconButton
          icon={UserMinus}
          label={self ? 'Leave this vault' : `Take ${member.name} out`}
          onPress={() => setAsking(true)}
        />
      )}
      {asking && (
        <Question
          title={self ? `Leave "${vault.name}"?` : `Take ${member.name} out of "${vault.name}"?`}
          act={self ? 'Leave' : 'Take out'}
          danger
          onAct={leave}
          onClose={() => setAsking(false)}
        >
          {self ? 'You' : 'They'} cannot see its files any more. What {self ? 'you' : 'they'} put there stays.
        </Question>
      )}
    </li>
  )
}

function RoleSelect({ label, value, onChange }: { label: string; value: Role; onChange: (role: Role) => void }) {
  return (
    <select
      aria-label={label}
      value={value}
      onChange={(event) => onChange(event.target.value as Role)}
      className={`${inputLook} w-auto!`}
    >
      {roles.map(([role, name]) => (
        <option key={role} value={role}>
          {name}
        </option>
      ))}
    </select>
  )
}

function RemoveVault({ vault, onGone }: { vault: Vault; onGone: () => void }) {
  const { mutateAsync } = useRemoveVault()
  const { goToVault } = usePlace()
  const told = useTold()
  const [asking, setAsking] = useState(false)
  const isEmpty = vault.fileCount === 0 && vault.trashCount === 0
  return (
    <>
      <Button isDisabled={!isEmpty} onPress={() => setAsking(true)}>
        {isEmpty ? 'Remove this vault' : 'Empty it to remove it'}
      </Button>
      {asking && (
        <Question
          title={`Remove "${vault.name}"?`}
          act="Remove"
          danger
          onAct={() =>
            told(
              mutateAsync(vault.id).then(() => {
                onGone()
                goToVault(undefined)
              }),
            )
          }
          onClose={() => setAsking(false)}
        >
          It is empty. Its members lose it with you.
        </Question>
      )}
    </>
  )
}
