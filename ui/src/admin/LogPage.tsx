/** The access log of everybody, with filters that stand in the address, and as CSV. */
import { useNavigate, useSearch } from '@tanstack/react-router'
import { Download } from 'lucide-react'
import { Section } from '../account/Page.tsx'
import { Lines } from '../activity/Lines.tsx'
import { acts, csvAddress, type EventFilter } from '../activity/queries.ts'
import { actNames } from '../activity/words.ts'
import { Button } from '../kit/Button.tsx'
import { inputLook } from '../kit/Field.tsx'
import { AdminPage } from './AdminPage.tsx'
import { useAllVaults, useUsers } from './queries.ts'

interface Chosen {
  act?: string
  userId?: string
  vaultId?: string
  since?: string
  until?: string
}

export function LogPage() {
  const chosen = useSearch({ strict: false }) as Chosen
  const navigate = useNavigate()
  const { data: users } = useUsers()
  const { data: vaults } = useAllVaults()
  const choose = (key: keyof Chosen, value: string) =>
    void navigate({
      to: '.',
      search: (old: Chosen) => ({ ...old, [key]: value === '' ? undefined : value }),
      replace: true,
    } as never)
  const act = acts.find((one) => one === chosen.act)
  const filter: EventFilter = {
    ...(act ? { act } : {}),
    ...(chosen.userId ? { userId: chosen.userId } : {}),
    ...(chosen.vaultId ? { vaultId: chosen.vaultId } : {}),
    ...(chosen.since ? { since: chosen.since } : {}),
    ...(chosen.until ? { until: dayAfter(chosen.until) } : {}),
  }
  return (
    <AdminPage>
      <Section
        title="Access log"
        about="Who did what, when, and from where."
        action={
          <Button icon={Download} onPress={() => location.assign(csvAddress(filter))}>
            As CSV
          </Button>
        }
      >
        <div className="mb-5 grid gap-3 sm:grid-cols-3 lg:grid-cols-5">
          <Select
            label="What"
            value={chosen.act ?? ''}
            options={acts.map((one) => [one, actNames[one]])}
            onChange={(value) => choose('act', value)}
          />
          <Select
            label="Who"
            value={chosen.userId ?? ''}
            options={users?.map(({ id, name }) => [id, name]) ?? []}
            onChange={(value) => choose('userId', value)}
          />
          <Select
            label="Vault"
            value={chosen.vaultId ?? ''}
            options={vaults?.map(({ id, name, kind }) => [id, kind === 'team' ? `${name} (team)` : name]) ?? []}
            onChange={(value) => choose('vaultId', value)}
          />
          <Day label="From" value={chosen.since ?? ''} onChange={(value) => choose('since', value)} />
          <Day label="To" value={chosen.until ?? ''} onChange={(value) => choose('until', value)} />
        </div>
        <Lines whose="all" filter={filter} showWho />
      </Section>
    </AdminPage>
  )
}

function Select({
  label,
  value,
  options,
  onChange,
}: {
  label: string
  value: string
  options: [value: string, name: string][]
  onChange: (value: string) => void
}) {
  return (
    <label className="flex flex-col gap-1 text-sm text-faint">
      {label}
      <select value={value} onChange={(event) => onChange(event.target.value)} className={`${inputLook} text-text`}>
        <option value="">all</option>
        {options.map(([one, name]) => (
          <option key={one} value={one}>
            {name}
          </option>
        ))}
      </select>
    </label>
  )
}

function Day({ label, value, onChange }: { label: string; value: string; onChange: (value: string) => void }) {
  return (
    <label className="flex flex-col gap-1 text-sm text-faint">
      {label}
      <input
        type="date"
        value={value}
        onChange={(event) => onChange(event.target.value)}
        className={`${inputLook} text-text`}
      />
    </label>
  )
}

/** The last day counts whole. */
function dayAfter(day: string): string {
  return new Date(Date.parse(day) + 86_400_000).toISOString().slice(0, 10)
}
