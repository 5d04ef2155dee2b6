/** Signing in; afterwards one is where one wanted to go, if that is a place of this page. */
import { useEffect, useState } from 'react'
import { ApiProblem } from '../../../src/api/client.ts'
import { Button } from '../kit/Button.tsx'
import { Checkbox, TextField } from '../kit/Field.tsx'
import { Door, Wrong } from './Door.tsx'
import { useSetUpNeeded, useSignIn } from './queries.ts'

export function SignInPage() {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [remember, setRemember] = useState(true)
  const [wait, setWait] = useState(0)
  const signIn = useSignIn()
  const { data: setup } = useSetUpNeeded()
  useEffect(() => {
    if (wait <= 0) return
    const timer = setTimeout(() => setWait(wait - 1), 1000)
    return () => clearTimeout(timer)
  }, [wait])
  const submit = () =>
    signIn.mutate(
      { email, password, remember },
      {
        onSuccess: () => location.assign(nextPlace()),
        onError: (error) => error instanceof ApiProblem && setWait(error.retryAfter ?? 0),
      },
    )
  if (setup?.needed)
    return (
      <Door
        title="Almost there"
        intro="This File Vault has no administrator yet. Open the link that the server printed when it started, or enter its code."
      >
        <Button look="primary" wide onPress={() => location.assign('/setup')}>
          Set up
        </Button>
      </Door>
    )
  return (
    <Door title="Sign in" intro="To your files.">
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        <TextField
          label="E-mail"
          type="email"
          autoComplete="username"
          value={email}
          onChange={setEmail}
          isRequired
          autoFocus
        />
        <TextField
          label="Password"
          type="password"
          autoComplete="current-password"
          value={password}
          onChange={setPassword}
          isRequired
        />
        <Checkbox isSelected={remember} onChange={setRemember}>
          Keep me signed in
        </Checkbox>
        <p className="-my-1 text-right text-sm">
          <a href="/forgot" className="rounded text-soft hover:text-text">
            Forgot your password?
          </a>
        </p>
        <Wrong>{wait > 0 ? `Too many attempts. Try again in ${wait} seconds.` : signIn.error?.message}</Wrong>
        <Button type="submit" look="primary" wide isDisabled={signIn.isPending || wait > 0}>
          {signIn.isPending ? 'Signing in …' : 'Sign in'}
        </Button>
      </form>
    </Door>
  )
}

// An address of another site, also one in disguise (`//evil`, `/\evil`), is not followed.
function nextPlace(): string {
  const next = new URLSearchParams(location.search).get('next') ?? '/'
  const url = URL.canParse(next, location.origin) ? new URL(next, location.origin) : undefined
  return url?.origin === location.origin && next.startsWith('/') ? url.pathname + url.search : '/'
}
