/** How the whole stands: what is stored, what is free, whether everything works. */
import { CircleAlert, CircleCheck } from 'lucide-react'
import { lazy, type ReactNode, Suspense } from 'react'
import type { Overview } from '../../../src/api/overview.ts'
import { Section } from '../account/Page.tsx'
import { Bar } from '../kit/Bar.tsx'
import { formatBytes, formatCount, formatMoment, formatNumber } from '../kit/format.ts'
import { kindName } from '../kit/kinds.ts'
import { FailedState, SkeletonRows } from '../kit/states.tsx'
import { AdminPage } from './AdminPage.tsx'
import { useHealth, useOverview } from './queries.ts'

const DaysChart = lazy(async () => ({ default: (await import('./DaysChart.tsx')).DaysChart }))

export function OverviewPage() {
  return (
    <AdminPage>
      <Numbers />
      <HealthSection />
    </AdminPage>
  )
}

function Numbers() {
  const { data: stats, error, refetch } = useOverview()
  if (error) return <FailedState error={error} onRetry={() => void refetch()} />
  if (!stats) return <SkeletonRows rows={6} />
  const { volume } = stats
  return (
    <>
      <div className="grid grid-cols-2 gap-4 md:grid-cols-4">
        <Tile name="Users" value={formatNumber(stats.users)} />
        <Tile name="Files" value={formatNumber(stats.files)} note={formatCount(stats.folders, 'folder')} />
        <Tile
          name="Stored"
          value={formatBytes(stats.usedBytes)}
          note={stats.trashBytes > 0 ? `${formatBytes(stats.trashBytes)} of it in the trash` : undefined}
        />
        <Tile
          name="Free on the volume"
          value={formatBytes(volume.freeBytes)}
          note={`of ${formatBytes(volume.totalBytes)}`}
        >
          <Bar
            label="Volume used"
            value={1 - volume.freeBytes / volume.totalBytes}
            tone={volume.freeBytes < volume.totalBytes * 0.1 ? 'danger' : 'accent'}
          />
        </Tile>
      </div>
      <Section title="The last 30 days" about={stats.seriesComplete ? '' : 'The access log is still being read …'}>
        <Suspense fallback={<div className="h-50" />}>
          <DaysChart series={stats.series} />
        </Suspense>
      </Section>
      <div className="grid gap-6 lg:grid-cols-2">
        <Section title="What takes the space">
          <Kinds kinds={stats.kinds} />
        </Section>
        <Section title="The largest vaults">
          <Vaults vaults={stats.topVaults} />
        </Section>
      </div>
      <Section title="Work and backups">
        <dl className="grid grid-cols-[auto_1fr] gap-x-6 gap-y-2">
          <dt className="text-faint">Background work</dt>
          <dd>
            {formatNumber(stats.jobs.waiting)} waiting, {formatNumber(stats.jobs.running)} running
            {stats.jobs.failed > 0 && <span className="text-danger">, {formatNumber(stats.jobs.failed)} given up</span>}
          </dd>
          <dt className="text-faint">Uploads under way</dt>
          <dd>{formatNumber(stats.uploadsUnderWay)}</dd>
          <dt className="text-faint">Last good backup</dt>
          <dd>{stats.lastBackupAt ? formatMoment(stats.lastBackupAt) : 'none yet: see "filevault backup"'}</dd>
        </dl>
      </Section>
    </>
  )
}

function Vaults({ vaults }: { vaults: Overview['topVaults'] }) {
  return (
    <ul className="flex flex-col gap-3">
      {vaults.map(({ id, name, owner, usedBytes, quotaBytes, files }) => (
        <li key={id} className="flex flex-col gap-1">
          <div className="flex items-baseline gap-3">
            <bdi className="min-w-0 flex-1 truncate" title={owner}>
              {name}
            </bdi>
            <span className="text-sm text-faint">{formatCount(files, 'file')}</span>
            <span className="font-medium">{formatBytes(usedBytes)}</span>
          </div>
          <Bar
            label={`Space used by ${name}`}
            value={quotaBytes === 0 ? 1 : usedBytes / quotaBytes}
            tone={usedBytes > quotaBytes * 0.95 ? 'danger' : 'accent'}
          />
        </li>
      ))}
    </ul>
  )
}

function Tile({
  name,
  value,
  note,
  children,
}: {
  name: string
  value: string
  note?: string | undefined
  children?: ReactNode
}) {
  return (
    <div className="flex flex-col gap-1 rounded-xl border border-line bg-card p-4">
      <span className="text-sm text-faint">{name}</span>
      <span className="text-2xl font-semibold">{value}</span>
      {note && <span className="text-sm text-faint">{note}</span>}
      {children && <div className="mt-1">{children}</div>}
    </div>
  )
}

function Kinds({ kinds }: { kinds: Overview['kinds'] }) {
  if (kinds.length === 0) return <p className="text-faint">Nothing is stored yet.</p>
  const most = Math.max(1, ...kinds.map(({ bytes }) => bytes))
  return (
    <dl className="grid grid-cols-[7rem_1fr_auto_auto] items-center gap-x-4 gap-y-2.5">
      {kinds.map(({ kind, files, bytes }) => (
        <div key={kind} className="contents">
          <dt>{kindName(kind)}</dt>
          <dd>
            <Bar label={kindName(kind)} value={bytes / most} />
          </dd>
          <dd className="text-right text-sm text-faint">{formatCount(files, 'file')}</dd>
          <dd className="text-right font-medium">{formatBytes(bytes)}</dd>
        </div>
      ))}
    </dl>
  )
}

function HealthSection() {
  const { data, error } = useHealth()
  const parts = data
    ? ([
        ['Database', data.database],
        ['Storage', data.storage],
        ['Search', data.search],
      ] as const)
    : []
  return (
    <Section title="Health" about={data ? `Version ${data.version}` : ''}>
      {error && <p className="text-danger">{error.message}</p>}
      <ul className="flex flex-wrap gap-x-8 gap-y-2">
        {parts.map(([name, state]) => (
          <li key={name} className="flex items-center gap-2">
            {state === 'ok' ? (
              <CircleCheck size={16} className="text-good" aria-hidden />
            ) : (
              <CircleAlert size={16} className="text-danger" aria-hidden />
            )}
            {name} <span className="text-faint">{state}</span>
          </li>
        ))}
        {data && <li className="text-faint">{formatCount(data.queueDepth, 'job')} waiting</li>}
      </ul>
      {data?.notes.map((note) => (
        <p key={note} className="mt-3 text-danger">
          {note}
        </p>
      ))}
    </Section>
  )
}
