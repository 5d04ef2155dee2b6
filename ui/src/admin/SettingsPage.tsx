/** What administrators change while it runs, each explained. */
import { useState } from 'react'
import type { Settings } from '../../../src/api/settings.ts'
import { Section } from '../account/Page.tsx'
import { Button } from '../kit/Button.tsx'
import { TextField } from '../kit/Field.tsx'
import { formatBytes, parseBytes } from '../kit/format.ts'
import { FailedState, SkeletonRows } from '../kit/states.tsx'
import { useToast, useTold } from '../kit/Toast.tsx'
import { AdminPage } from './AdminPage.tsx'
import { useChangeSettings, useSettings } from './queries.ts'

const sizes: { setting: keyof Settings; label: string; about: string }[] = [
  {
    setting: 'defaultQuotaBytes',
    label: 'Quota of a new user',
    about: 'What a personal vault may hold when it is made. Those that are there keep theirs.',
  },
  {
    setting: 'maxFileBytes',
    label: 'Largest file',
    about: 'A single file larger than this is refused, however much room there is.',
  },
]

export function SettingsPage() {
  const { data, error, refetch } = useSettings()
  return (
    <AdminPage>
      <Section title="Settings" about="They take effect at once.">
        {error && <FailedState error={error} onRetry={() => void refetch()} />}
        {!data && !error && <SkeletonRows rows={2} />}
        <div className="flex max-w-md flex-col gap-6">
          {data &&
            sizes.map((one) => <Size key={`${one.setting} ${data[one.setting]}`} {...one} value={data[one.setting]} />)}
        </div>
      </Section>
    </AdminPage>
  )
}

function Size({
  setting,
  label,
  about,
  value,
}: {
  setting: keyof Settings
  label: string
  about: string
  value: number
}) {
  const [text, setText] = useState(formatBytes(value))
  const { mutateAsync, isPending } = useChangeSettings()
  const told = useTold()
  const show = useToast()
  const bytes = parseBytes(text)
  return (
    <form
      className="flex items-end gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (bytes !== undefined)
          told(mutateAsync({ [setting]: bytes }).then(() => show({ text: `${label}: ${formatBytes(bytes)}.` })))
      }}
    >
      <div className="flex-1">
        <TextField
          label={label}
          hint={about}
          value={text}
          onChange={setText}
          error={bytes === undefined ? 'Write it like 10 GB.' : undefined}
        />
      </div>
      <Button type="submit" isDisabled={bytes === undefined || isPending || text === formatBytes(value)}>
        Save
      </Button>
    </form>
  )
}
