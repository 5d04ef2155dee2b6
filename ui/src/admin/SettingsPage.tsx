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
import { Logo } from './Logo.tsx'
import { useChangeSettings, useSettings } from './queries.ts'

interface Field {
  setting: keyof Settings
  label: string
  about: string
  format: (value: never) => string
  parse: (text: string) => Settings[keyof Settings] | undefined
  wrong: string
}

const bytes = { format: formatBytes, parse: parseBytes, wrong: 'Write it like 10 GB.' }
const counts = { format: formatNumber, parse: parseCount, wrong: 'A whole number from 1 is needed.' }
const words = { format: String, parse: (text: string) => text.trim() || undefined, wrong: 'A name is needed.' }

const types = {
  format: (value: string[]) => value.join(', '),
  parse: (text: string) => text.split(/[\s,;]+/).filter((one) => one !== ''),
  wrong: '',
}

const groups: { title: string; about: string; fields: Field[] }[] = [
  {
    title: 'Space',
    about: 'What vaults may hold, and how much of it at once.',
    fields: [
      {
        ...bytes,
        setting: 'defaultQuotaBytes',
        label: 'Quota of a new user',
        about: 'What a personal vault may hold when it is made. Those that are there keep theirs.',
      },
      {
        ...bytes,
        setting: 'teamQuotaBytes',
        label: 'Quota of a new team vault',
        about: 'The same for vaults that people make together.',
      },
      {
        ...bytes,
        setting: 'maxFileBytes',
        label: 'Largest file',
        about: 'A single file larger than this is refused, however much room there is.',
      },
      {
        ...types,
        setting: 'allowedTypes',
        label: 'Types that are taken',
        about: 'As in: pdf, docx, image/*. Empty: all. A vault can be narrower.',
      },
      {
        ...types,
        setting: 'forbiddenTypes',
        label: 'Types that are not taken',
        about: 'As in: exe, msi, application/x-msdownload. What is there already stays.',
      },
      {
        ...bytes,
        setting: 'chunkBytes',
        label: 'Chunks of large uploads',
        about:
          'Each arrives whole or not at all. Smaller ones lose less on bad lines, larger ones are a little faster.',
      },
    ],
  },
  {
    title: 'How long things stay',
    about: 'What is older is removed by the hour, for good.',
    fields: [
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
        ...counts,
        setting: 'keepEventDays',
        label: 'Days in the access log',
        about: 'Who did what, when, and from where.',
      },
    ],
  },
  {
    title: 'Against guessing',
    about: 'Counted for each address. Nobody can lock somebody else out.',
    fields: [
      {
        ...counts,
        setting: 'signInAttempts',
        label: 'Failed attempts',
        about: 'To sign in, or to unlock a link; then this address waits.',
      },
      {
        ...counts,
        setting: 'signInWindow',
        label: 'Minutes until they are forgotten',
        about: 'The wait is never longer than this.',
      },
      {
        ...counts,
        setting: 'guestRequests',
        label: 'Requests of guests',
        about: 'Through links, in the same time. A gallery with a thousand pictures takes a thousand.',
      },
    ],
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
      {error && <FailedState error={error} onRetry={() => void refetch()} />}
      {!data && !error && <SkeletonRows rows={6} />}
      {data &&
        groups.map(({ title, about, fields }) => (
          <Section key={title} title={title} about={about}>
            <div className="flex max-w-md flex-col gap-6">
              {fields.map((one) => (
                <Row key={`${one.setting} ${data[one.setting]}`} {...one} value={data[one.setting]} />
              ))}
            </div>
          </Section>
        ))}
      {data && (
        <Section title="What guests see" about="Above whatever is shared by a link.">
          <div className="flex max-w-md flex-col gap-6">
            <Row
              key={data.brandName}
              {...words}
              setting="brandName"
              label="Name"
              about="Of your team or company."
              value={data.brandName}
            />
            <Logo />
            <Row
              key={data.receiptWebhook}
              format={String}
              parse={(text: string) => text.trim()}
              wrong=""
              setting="receiptWebhook"
              label="Tell another program"
              about="An address that is told (POST, JSON) what goes through links whose makers wish to be told. Empty: none."
              value={data.receiptWebhook}
            />
          </div>
        </Section>
      )}
    </AdminPage>
  )
}

function Row({ setting, label, about, value, format, parse, wrong }: Field & { value: Settings[keyof Settings] }) {
  const shown = format(value as never)
  const [text, setText] = useState(shown)
  const { mutateAsync, isPending } = useChangeSettings()
  const told = useTold()
  const show = useToast()
  const wanted = parse(text)
  return (
    <form
      className="flex items-start gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        if (wanted !== undefined)
          told(mutateAsync({ [setting]: wanted }).then(() => show({ text: `${label}: ${format(wanted as never)}.` })))
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
      <div className="pt-[26px]">
        <Button type="submit" isDisabled={wanted === undefined || isPending || text === shown}>
          Save
        </Button>
      </div>
    </form>
  )
}
