/** Choosing a password by a link: somebody new, or somebody who forgot theirs. */
import { useParams } from '@tanstack/react-router'
import { useState } from 'react'
import { ApiProblem } from '../../../src/api/client.ts'
import { Button } from '../kit/Button.tsx'
import { TextField } from '../kit/Field.tsx'
import { Door, Wrong } from './Door.tsx'
import { useAcceptInvitation, useInvitation } from './queries.ts'

export function JoinPage() {
  const { code = '' } = useParams({ strict: false }) as { code?: string }
  const { data, error } = useInvitation(code)
  const [password, setPassword] = useState('')
  const accept = useAcceptInvitation(code)
  const problem = accept.error instanceof ApiProblem ? accept.error : undefined
  const atPassword = problem?.errors.find(({ path }) => path === 'password')?.message
  if (error)
    return (
      <Door title="This link leads nowhere" intro={error.message}>
        <Button look="primary" wide onPress={() => location.assign('/sign-in')}>
          Sign in
        </Button>
      </Door>
    )
  return (
    <Door
      title={data?.isNew === false ? 'Choose a new password' : `Welcome${data ? `, ${data.name}` : ''}`}
      intro={data ? `For ${data.email}.` : ' '}
    >
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          accept.mutate(password, { onSuccess: () => location.assign('/files') })
        }}
      >
        <input type="email" autoComplete="username" value={data?.email ?? ''} readOnly hidden />
        <TextField
          label="Password"
          type="password"
          autoComplete="new-password"
          value={password}
          onChange={setPassword}
          isRequired
          autoFocus
          hint="At least 10 characters; a few words are good."
          error={atPassword}
        />
        <Wrong>{accept.error && atPassword === undefined ? accept.error.message : undefined}</Wrong>
        <Button type="submit" look="primary" wide isDisabled={!data || accept.isPending}>
          Go to my files
        </Button>
      </form>
    </Door>
  )
}
