/** What a link allows and asks for: of a new one, or of one that is changed. */
import { type FormEvent, useState } from 'react'
import { ApiProblem } from '../../../src/api/client.ts'
import { Wrong } from '../account/Door.tsx'
import { Button } from '../kit/Button.tsx'
import { Choice } from '../kit/Choice.tsx'
import { useCopyText } from '../kit/copy.ts'
import { Dialog } from '../kit/Dialog.tsx'
import { Checkbox, TextField } from '../kit/Field.tsx'
import { type Share, type Shared, useChangeShare, useCreateShare } from './queries.ts'
import { permissions } from './words.ts'

export interface ShareFormProps {
  shared: Shared
  name: string
  isFolder: boolean
  /** Undefined: a new one. */
  share: Share | undefined
  onDone: () => void
  onClose: () => void
}

export function ShareForm({ shared, name, isFolder, share, onDone, onClose }: ShareFormProps) {
  const [permission, setPermission] = useState<Share['permission']>(share?.permission ?? 'download')
  const [password, setPassword] = useState('')
  const [keepsPassword, setKeepsPassword] = useState(share?.hasPassword ?? false)
  const [until, setUntil] = useState(share?.expiresAt ? localTime(share.expiresAt) : '')
  const [most, setMost] = useState(share?.maxDownloads?.toString() ?? '')
  const [requireEmail, setRequireEmail] = useState(share?.requireEmail ?? false)
  const [notify, setNotify] = useState(share?.notify ?? false)
  const [isPublic, setPublic] = useState(share?.public ?? false)
  const [emails, setEmails] = useState(share?.allowedEmails.join(', ') ?? '')
  const create = useCreateShare()
  const change = useChangeShare()
  const copy = useCopyText()
  const working = create.isPending || change.isPending
  const error = create.error ?? change.error
  const problem = error instanceof ApiProblem ? error : undefined
  const at = (path: string) => problem?.errors.find((one) => one.path.startsWith(path))?.message
  const allowedEmails = emails.split(/[\s,;]+/).filter((one) => one !== '')
  const submit = (event?: FormEvent) => {
    event?.preventDefault()
    const conditions = {
      permission,
      requireEmail,
      allowedEmails,
      notify,
      public: isPublic,
      ...(password === '' ? {} : { password }),
    }
    const expiresAt = until === '' ? null : new Date(until).toISOString()
    const maxDownloads = most === '' ? null : Number(most)
    if (share)
      change.mutate(
        {
          id: share.id,
          ...conditions,
          expiresAt,
          maxDownloads,
          ...(share.hasPassword && !keepsPassword && password === '' ? { password: null } : {}),
        },
        { onSuccess: onDone },
      )
    else
      create.mutate(
        {
          ...shared,
          ...conditions,
          ...(expiresAt ? { expiresAt } : {}),
          ...(maxDownloads === null ? {} : { maxDownloads }),
        },
        {
          onSuccess: ({ url }) => {
            copy(url)
            onDone()
          },
        },
      )
  }
  return (
    <Dialog
      wide
      title={share ? 'Change the link' : `Share "${name}"`}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button look="primary" isDisabled={working} onPress={() => submit()}>
            {share ? 'Change it' : 'Make the link and copy it'}
          </Button>
        </>
      }
    >
      <form className="flex flex-col gap-4" onSubmit={submit}>
        <Choice
          label="Whoever has the link may"
          value={permission}
          options={permissions.filter(({ value }) => isFolder || value !== 'edit')}
          onChange={setPermission}
        />
        {share?.hasPassword && (
          <Checkbox isSelected={keepsPassword} onChange={setKeepsPassword}>
            Keep asking for the password
          </Checkbox>
        )}
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label={share?.hasPassword ? 'Another password' : 'Password'}
            type="password"
            autoComplete="new-password"
            value={password}
            onChange={setPassword}
            hint="Empty: none is asked for."
            error={at('password')}
          />
          <TextField
            label="Greatest number of downloads"
            inputMode="numeric"
            value={most}
            onChange={(text) => setMost(text.replaceAll(/\D/g, ''))}
            hint="Empty: as many as they like."
            error={at('maxDownloads')}
          />
          <TextField
            label="Until"
            type={'datetime-local' as 'text'}
            value={until}
            onChange={setUntil}
            hint="Empty: until you take it back."
            error={at('expiresAt')}
          />
          <TextField
            label="Only for these addresses"
            value={emails}
            onChange={setEmails}
            placeholder="carol@example.org, …"
            hint="Empty: for whoever has the link."
            error={at('allowedEmails')}
          />
        </div>
        <Checkbox isSelected={requireEmail || allowedEmails.length > 0} onChange={setRequireEmail}>
          Ask who they are, by their e-mail address
        </Checkbox>
        <Checkbox isSelected={notify} onChange={setNotify}>
          Tell me by mail what is downloaded and put in
        </Checkbox>
        <Checkbox isSelected={isPublic} onChange={setPublic}>
          Name it on the public page of this server, for everybody to find
        </Checkbox>
        <Wrong>{error && (problem?.errors.length ?? 0) === 0 ? error.message : undefined}</Wrong>
        <button type="submit" hidden aria-hidden />
      </form>
      {share && <p className="text-sm">Whoever is inside has to prove it again after a change.</p>}
    </Dialog>
  )
}

/** As `<input type="datetime-local">` has it. */
function localTime(iso: string): string {
  const at = new Date(iso)
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
