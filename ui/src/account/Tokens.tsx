/** API tokens: made for a program, shown once, revoked at once. */
import { Copy, KeyRound } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { Scope } from '../../../src/api/tokens.ts'
import { useMe } from '../files/queries.ts'
import { Button } from '../kit/Button.tsx'
import { useCopyText } from '../kit/copy.ts'
import { Dialog } from '../kit/Dialog.tsx'
import { Checkbox, TextField } from '../kit/Field.tsx'
import { formatMoment } from '../kit/format.ts'
import { FailedState, SkeletonRows } from '../kit/states.tsx'
import { useTold } from '../kit/Toast.tsx'
import { Wrong } from './Door.tsx'
import { Section } from './Page.tsx'
import { useCreateToken, useRemoveToken, useTokens } from './queries.ts'

export function Tokens() {
  const { data, error, refetch } = useTokens()
  const { mutateAsync } = useRemoveToken()
  const told = useTold()
  const [making, setMaking] = useState(false)
  return (
    <Section
      title="API tokens"
      about="For programs that act as you, each with its own rights."
      action={<Button onPress={() => setMaking(true)}>New token</Button>}
    >
      {error && <FailedState error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows rows={2} />}
      {data?.length === 0 && <p className="text-faint">There are none.</p>}
      <ul className="flex flex-col gap-3">
        {data?.map((token) => (
          <li key={token.id} className="flex items-center gap-3">
            <KeyRound size={18} strokeWidth={1.75} className="shrink-0 text-soft" aria-hidden />
            <div className="min-w-0 flex-1">
              <div className="truncate font-medium">{token.name}</div>
              <div className="truncate text-sm text-faint">
                {token.scopes.join(', ')} ·{' '}
                {token.lastUsedAt ? `last used ${formatMoment(token.lastUsedAt)}` : 'never used'}
              </div>
            </div>
            <Button onPress={() => told(mutateAsync(token.id))}>Revoke</Button>
          </li>
        ))}
      </ul>
      {making && <NewToken onClose={() => setMaking(false)} />}
    </Section>
  )
}

const rights: [Scope, string][] = [
  ['read', 'Read: list, search and download'],
  ['write', 'Write: upload, change and delete'],
  ['admin', 'Administer: users and settings'],
]

function NewToken({ onClose }: { onClose: () => void }) {
  const { data: me } = useMe()
  const [name, setName] = useState('')
  const [scopes, setScopes] = useState<Scope[]>(['read', 'write'])
  const create = useCreateToken()
  if (create.data) return <Secret title={`Token "${create.data.name}"`} secret={create.data.token} onClose={onClose} />
  const submit = () => create.mutate({ name, scopes })
  return (
    <Dialog
      title="New token"
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            look="primary"
            isDisabled={name.trim() === '' || scopes.length === 0 || create.isPending}
            onPress={submit}
          >
            Make it
          </Button>
        </>
      }
    >
      <TextField label="What is it for?" value={name} onChange={setName} placeholder="Backup script" autoFocus />
      <fieldset className="flex flex-col gap-2">
        <legend className="pb-1.5 font-medium text-text">It may</legend>
        {rights
          .filter(([scope]) => scope !== 'admin' || me?.admin)
          .map(([scope, about]) => (
            <Checkbox
              key={scope}
              isSelected={scopes.includes(scope)}
              onChange={(on) => setScopes(on ? [...scopes, scope] : scopes.filter((one) => one !== scope))}
            >
              {about}
            </Checkbox>
          ))}
      </fieldset>
      <Wrong>{create.error?.message}</Wrong>
    </Dialog>
  )
}

/** Something that is shown this once. */
export function Secret({
  title,
  secret,
  children = 'It is shown this once. Keep it where you keep passwords.',
  onClose,
}: {
  title: string
  secret: string
  children?: ReactNode
  onClose: () => void
}) {
  const copy = useCopyText()
  return (
    <Dialog title={title} onClose={onClose} actions={<Button onPress={onClose}>I have kept it</Button>}>
      <p>{children}</p>
      <div className="flex items-center gap-2 rounded-md border border-line bg-side p-2 pl-3">
        <code className="min-w-0 flex-1 font-mono text-text wrap-anywhere select-all">{secret}</code>
        <Button icon={Copy} onPress={() => copy(secret)}>
          Copy
        </Button>
      </div>
    </Dialog>
  )
}
