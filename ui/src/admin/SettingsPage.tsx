/** What administrators change while it runs, each explained. */
import { useState } from 'react'
import type { Settings } from '../../../src/api/settings.ts'
import { Section } from '../account/Page.tsx'
import { Button } from '../kit/Button.tsx'
import { TextField } from '../kit/Field.tsx'
import { formatBytes, formatNumber, parseBytes } from '../kit/format.ts'
import { FailedState, SkeletonRows } from '../kit/states.tsx'
import { useToast, useTold } from '../kit/Toast.tsx'
import { AdminPage } from './AdminPage.tsx'
import { useChangeSettings, useSettings } from './queries.ts'

interface Field {
  setting: keyof Settings
  label: string
  about: string
}

const bytes = { format: formatBytes, parse: parseBytes, wrong: 'Write it like 10 GB.' }
const counts = { format: formatNumber, parse: parseCount, wrong: 'A whole number from 1 is needed.' }

const fields: (Field & typeof bytes)[] = [
  {
    ...bytes,
    setting: 'defaultQuotaBytes',
    label: 'Quota of a new user',
    about: 'What a personal vault may hold when it is made. Those that are there keep theirs.',
  },
  {
    ...bytes,
    setting: 'maxFileBytes',
    label: 'Largest file',
    about: 'A single file larger than this is refused, however much room there is.',
  },
  {
    ...counts,
    setting: 'keepVersions',
    label: 'Versions of a file',
    about: 'So many are kept, the newest included; the oldest go first. A vault can have its own number.',
  },
  {
    ...counts,
    setting: 'keepVersionDays',
    label: 'Days that a version is kept',
    about: 'Counted from when another replaced it. The newest stays for ever.',
  },
  {
    ...counts,
    setting: 'keepTrashDays',
    label: 'Days in the trash',
    about: 'What was thrown away longer ago is removed for good.',
  },
  {
    ...bytes,
    setting: 'chunkBytes',
    label: 'Chunks of large uploads',
    about: 'Each arrives whole or not at all. Smaller ones lose less on bad lines, larger ones are a little faster.',
  },
]

function parseCount(text: string): number | undefined {
  const value = Number(text.replaceAll(/[\s,.]/g, ''))
  return Number.isInteger(value) && value > 0 ? value : undefined
}

export function SettingsPage() {
  const { data, error, refetch } = useSettings()
  return (
    <AdminPage>
      <Section title="Settings" about="They take effect at once.">
        {error && <FailedState error={error} onRetry={() => void refetch()} />}
        {!data && !error && <SkeletonRows rows={6} />}
        <div className="flex max-w-md flex-col gap-6">
          {data &&
            fields.map((one) => <Row key={`${one.setting} ${data[one.setting]}`} {...one} value={data[one.setting]} />)}
        </div>
      </Section>
    </AdminPage>
  )
}

function Row({ setting, label, about, value, format, parse, wrong }: Field & typeof bytes & { value: number }) {
  const [text, setText] = useState(format(value))
  const { mutateAsync, isPending } = useChangeSettings()
  const told = useTold()
  const show = useToast()
  const wanted = parse(text)
  return (
    <form
      className="flex items-end gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (wanted !== undefined)
          told(mutateAsync({ [setting]: wanted }).then(() => show({ text: `${label}: ${format(wanted)}.` })))
      }}
    >
      <div className="flex-1">
        <TextField
          label={label}
          hint={about}
          value={text}
          onChange={setText}
          error={wanted === undefined ? wrong : undefined}
        />
      </div>
      <Button type="submit" isDisabled={wanted === undefined || isPending || text === format(value)}>
        Save
      </Button>
    </form>
  )
}
