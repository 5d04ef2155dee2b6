/** The first start: makes the first administrator with the code of the printed link, and ends in the empty vault. */
import { useState } from 'react'
import { ApiProblem } from '../../../src/api/client.ts'
import { Button } from '../kit/Button.tsx'
import { TextField } from '../kit/Field.tsx'
import { Door, Wrong } from './Door.tsx'
import { useSetUp, useSetUpNeeded } from './queries.ts'

export function SetUpPage() {
  // In the fragment, which browsers send to nobody.
  const [fromLink] = useState(() => location.hash.slice(1))
  const [code, setCode] = useState(fromLink)
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const setUp = useSetUp()
  const { data } = useSetUpNeeded()
  const problem = setUp.error instanceof ApiProblem ? setUp.error : undefined
  const at = (path: string) => problem?.errors.find((one) => one.path === path)?.message
  const elsewhere = setUp.error && (problem?.errors.length ?? 0) === 0 ? setUp.error.message : undefined
  if (data && !data.needed)
    return (
      <Door title="All set up" intro="This File Vault has its administrator already.">
        <Button look="primary" wide onPress={() => location.assign('/sign-in')}>
          Sign in
        </Button>
      </Door>
    )
  return (
    <Door title="Welcome to File Vault" intro="Make the first administrator. You can add the others afterwards.">
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          setUp.mutate({ code, name, email, password }, { onSuccess: () => location.assign('/files') })
        }}
      >
        {fromLink === '' && (
          <TextField
            label="Set-up code"
            value={code}
            onChange={setCode}
            isRequired
            hint="The last part of the link that the server printed."
            error={at('code')}
          />
        )}
        <TextField
          label="Your name"
          autoComplete="name"
          value={name}
          onChange={setName}
          isRequired
          autoFocus
          error={at('name')}
        />
        <TextField
          label="E-mail"
          type="email"
          autoComplete="username"
          value={email}
          onChange={setEmail}
          isRequired
          error={at('email')}
        />
        <TextField
          label="Password"
          type="password"
          autoComplete="new-password"
          value={password}
          onChange={setPassword}
          isRequired
          hint="At least 10 characters; a few words are good."
          error={at('password')}
        />
        <Wrong>{elsewhere}</Wrong>
        <Button type="submit" look="primary" wide isDisabled={setUp.isPending}>
          {setUp.isPending ? 'Making your vault …' : 'Make my vault'}
        </Button>
      </form>
    </Door>
  )
}
