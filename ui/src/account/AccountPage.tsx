/** One's own name, password, sessions and tokens. */
import { useState } from 'react'
import { ApiProblem } from '../../../src/api/client.ts'
import { Lines } from '../activity/Lines.tsx'
import { useMe } from '../files/queries.ts'
import { Button } from '../kit/Button.tsx'
import { TextField } from '../kit/Field.tsx'
import { useToast, useTold } from '../kit/Toast.tsx'
import { Links } from '../sharing/Links.tsx'
import { Wrong } from './Door.tsx'
import { Page, Section } from './Page.tsx'
import { useChangeName, useChangePassword } from './queries.ts'
import { Sessions } from './Sessions.tsx'
import { Tokens } from './Tokens.tsx'

export function AccountPage() {
  const { data: me } = useMe()
  return (
    <Page title="Your account">
      {me && <Name key={me.name} name={me.name} email={me.email} />}
      <Password />
      <Sessions />
      <Tokens />
      <Links />
      <Section title="Activity" about="What you did, and what was done in your name.">
        <Lines whose="own" filter={{}} showWho={false} />
      </Section>
    </Page>
  )
}

function Name({ name: before, email }: { name: string; email: string }) {
  const [name, setName] = useState(before)
  const { mutateAsync, isPending } = useChangeName()
  const told = useTold()
  return (
    <Section title="You" about={email}>
      <form
        className="flex max-w-md items-end gap-3"
        onSubmit={(event) => {
          event.preventDefault()
          told(mutateAsync(name))
        }}
      >
        <div className="flex-1">
          <TextField label="Name" value={name} onChange={setName} autoComplete="name" />
        </div>
        <Button type="submit" isDisabled={isPending || name.trim() === '' || name === before}>
          Save
        </Button>
      </form>
    </Section>
  )
}

function Password() {
  const [current, setCurrent] = useState('')
  const [password, setPassword] = useState('')
  const change = useChangePassword()
  const show = useToast()
  const at = (path: string) =>
    change.error instanceof ApiProblem ? change.error.errors.find((one) => one.path === path)?.message : undefined
  return (
    <Section title="Password" about="Changing it ends your sessions everywhere else.">
      <form
        className="flex max-w-md flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          change.mutate(
            { current, password },
            {
              onSuccess: () => {
                setCurrent('')
                setPassword('')
                show({ text: 'Your password is changed.' })
              },
            },
          )
        }}
      >
        <TextField
          label="Present password"
          type="password"
          autoComplete="current-password"
          value={current}
          onChange={setCurrent}
          error={at('current')}
        />
        <TextField
          label="New password"
          type="password"
          autoComplete="new-password"
          value={password}
          onChange={setPassword}
          hint="At least 10 characters; a few words are good."
          error={at('password')}
        />
        <Wrong>
          {change.error && at('current') === undefined && at('password') === undefined
            ? change.error.message
            : undefined}
        </Wrong>
        <div>
          <Button type="submit" isDisabled={change.isPending || current === '' || password === ''}>
            Change the password
          </Button>
        </div>
      </form>
    </Section>
  )
}
