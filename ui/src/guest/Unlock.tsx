/** The door of a link: a password, an address, a mailed code, or several of them. Nothing is told of what is behind it. */
import { type FormEvent, useState } from 'react'
import { ApiProblem } from '../../../src/api/client.ts'
import { Door, Wrong } from '../account/Door.tsx'
import { Button } from '../kit/Button.tsx'
import { TextField } from '../kit/Field.tsx'
import { useUnlock } from '../sharing/queries.ts'

export function Unlock({ code: link, asked }: { code: string; asked: string[] }) {
  const [password, setPassword] = useState('')
  const [email, setEmail] = useState('')
  const [code, setCode] = useState('')
  const unlock = useUnlock(link)
  const problem = unlock.error instanceof ApiProblem ? unlock.error : undefined
  const at = (path: string) => problem?.errors.find((one) => one.path === path)?.message
  // Once a code was asked for it stays asked for, so that a wrong one can be typed again.
  const codeWanted = at('code') !== undefined || code !== ''
  const submit = (event: FormEvent) => {
    event.preventDefault()
    unlock.mutate({
      ...(asked.includes('password') ? { password } : {}),
      ...(asked.includes('email') ? { email } : {}),
      ...(codeWanted && code !== '' ? { code } : {}),
    })
  }
  const sent = codeWanted && code === ''
  return (
    <Door
      title="Something was shared with you"
      intro={
        asked.includes('password')
          ? 'Type the password that you were given.'
          : 'Say who you are, by your e-mail address.'
      }
    >
      <form className="flex flex-col gap-4" onSubmit={submit}>
        {asked.includes('password') && (
          <TextField
            label="Password"
            type="password"
            autoComplete="off"
            value={password}
            onChange={setPassword}
            isRequired
            autoFocus
            error={at('password')}
          />
        )}
        {asked.includes('email') && (
          <TextField
            label="Your e-mail address"
            type="email"
            autoComplete="email"
            value={email}
            onChange={setEmail}
            isRequired
            autoFocus={!asked.includes('password')}
            error={at('email')}
          />
        )}
        {codeWanted && (
          <TextField
            label="The code that was sent to you"
            inputMode="numeric"
            autoComplete="one-time-code"
            value={code}
            onChange={setCode}
            isRequired
            autoFocus
            {...(sent ? { hint: problem?.message } : { error: at('code') })}
          />
        )}
        <Wrong>{problem && problem.errors.length === 0 ? problem.message : undefined}</Wrong>
        <Button type="submit" look="primary" wide isDisabled={unlock.isPending}>
          {unlock.isPending ? 'Opening …' : 'Open'}
        </Button>
      </form>
    </Door>
  )
}
