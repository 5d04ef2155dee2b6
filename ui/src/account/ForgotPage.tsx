/** Asking for a link to choose a new password. */
import { useState } from 'react'
import { Button } from '../kit/Button.tsx'
import { TextField } from '../kit/Field.tsx'
import { Door, Wrong } from './Door.tsx'
import { useForgotPassword } from './queries.ts'

export function ForgotPage() {
  const [email, setEmail] = useState('')
  const forgot = useForgotPassword()
  if (forgot.isSuccess)
    return (
      <Door title="Look into your mail" intro={`If ${email} has an account here, a link is on its way to it.`}>
        <Button wide onPress={() => location.assign('/sign-in')}>
          Back to signing in
        </Button>
      </Door>
    )
  return (
    <Door title="Forgot your password?" intro="A link to choose a new one comes by mail.">
      <form
        className="flex flex-col gap-4"
        onSubmit={(event) => {
          event.preventDefault()
          forgot.mutate(email)
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
        <Wrong>{forgot.error?.message}</Wrong>
        <Button type="submit" look="primary" wide isDisabled={forgot.isPending}>
          Send me a link
        </Button>
      </form>
    </Door>
  )
}
