/** Adds a user; without a password there is a link by which they choose one. */
import { useState } from 'react'
import { ApiProblem } from '../../../src/api/client.ts'
import { Wrong } from '../account/Door.tsx'
import { Secret } from '../account/Tokens.tsx'
import { Button } from '../kit/Button.tsx'
import { Dialog } from '../kit/Dialog.tsx'
import { Checkbox, TextField } from '../kit/Field.tsx'
import { formatBytes, parseBytes } from '../kit/format.ts'
import { useCreateUser, useSettings } from './queries.ts'

export function AddUser({ onClose }: { onClose: () => void }) {
  const { data: settings } = useSettings()
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [quota, setQuota] = useState<string>()
  const [admin, setAdmin] = useState(false)
  const create = useCreateUser()
  const shownQuota = quota ?? (settings ? formatBytes(settings.defaultQuotaBytes) : '')
  const quotaBytes = parseBytes(shownQuota)
  const problem = create.error instanceof ApiProblem ? create.error : undefined
  const at = (path: string) => problem?.errors.find((one) => one.path === path)?.message
  if (create.data?.invitation)
    return (
      <Secret title={`Send this link to ${create.data.name}`} secret={create.data.invitation.url} onClose={onClose}>
        {create.data.invitation.mailed ? 'It was mailed to them, too. ' : ''}They choose their password by it, within
        seven days.
      </Secret>
    )
  const submit = () =>
    create.mutate(
      {
        name,
        email,
        admin,
        ...(quota === undefined ? {} : { quotaBytes }),
        ...(password === '' ? { invite: true } : { password }),
      },
      { onSuccess: (made) => !made.invitation && onClose() },
    )
  return (
    <Dialog
      title="Add a user"
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            look="primary"
            isDisabled={name.trim() === '' || email.trim() === '' || quotaBytes === undefined || create.isPending}
            onPress={submit}
          >
            Add
          </Button>
        </>
      }
    >
      <TextField label="Name" value={name} onChange={setName} autoFocus error={at('name')} />
      <TextField label="E-mail" type="email" value={email} onChange={setEmail} error={at('email')} />
      <TextField
        label="Quota"
        value={shownQuota}
        onChange={setQuota}
        error={quotaBytes === undefined && shownQuota !== '' ? 'Write it like 10 GB.' : undefined}
      />
      <TextField
        label="Password"
        type="password"
        autoComplete="new-password"
        value={password}
        onChange={setPassword}
        hint="Leave it empty for a link by which they choose one."
        error={at('password')}
      />
      <Checkbox isSelected={admin} onChange={setAdmin}>
        Administrator
      </Checkbox>
      <Wrong>{create.error && (problem?.errors.length ?? 0) === 0 ? create.error.message : undefined}</Wrong>
    </Dialog>
  )
}
