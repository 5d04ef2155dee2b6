/** Background work: what waits, what runs, and what was given up and can be tried again. */
import { RotateCcw } from 'lucide-react'
import type { Job, JobOverview } from '../../../src/api/jobs.ts'
import { Section } from '../account/Page.tsx'
import { Button } from '../kit/Button.tsx'
import { formatCount, formatLeft, formatMoment, formatNumber } from '../kit/format.ts'
import { FailedState, SkeletonRows } from '../kit/states.tsx'
import { useTold } from '../kit/Toast.tsx'
import { AdminPage } from './AdminPage.tsx'
import { useJobs, useRetryJob } from './queries.ts'

const names: Record<string, string> = {
  media: 'Thumbnails and facts of pictures and videos',
  text: 'Reading what documents say',
  'text-backlog': 'Reading documents that were there before',
  blocks: 'Learning blocks of files',
  pack: 'Keeping old versions as differences',
  receipt: 'Telling makers of links',
  sweep: 'Clean-up by age',
}

export function JobsPage() {
  const { data, error, refetch } = useJobs()
  return (
    <AdminPage>
      <Section
        title="Background work"
        about={
          data && data.oldestWaitingSeconds > 0
            ? `The oldest has waited for ${formatLeft(data.oldestWaitingSeconds)}.`
            : 'Nothing waits.'
        }
      >
        {error && <FailedState error={error} onRetry={() => void refetch()} />}
        {!data && !error && <SkeletonRows rows={4} />}
        {data && <Kinds kinds={data.kinds} />}
      </Section>
      {data && data.failed.length > 0 && (
        <Section title="Given up" about="After five attempts. What they were about is as it was.">
          <ul className="flex flex-col">
            {data.failed.map((job) => (
              <Failed key={job.id} job={job} />
            ))}
          </ul>
        </Section>
      )}
    </AdminPage>
  )
}

function Kinds({ kinds }: { kinds: JobOverview['kinds'] }) {
  if (kinds.length === 0) return <p className="text-faint">There is nothing to do.</p>
  const columns = ['waiting', 'running', 'retrying', 'planned', 'failed'] as const
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: so that the keys can scroll it
    <section tabIndex={0} aria-label="Kinds of work" className="-mx-5 overflow-x-auto px-5 outline-none">
      <table className="w-full min-w-xl">
        <thead className="text-left text-sm text-faint">
          <tr className="border-b border-line">
            <th className="pb-2 font-normal">What</th>
            {columns.map((column) => (
              <th key={column} className="pb-2 pl-6 text-right font-normal">
                {column === 'failed' ? 'given up' : column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {kinds.map((one) => (
            <tr key={one.kind} className="row-line h-10 border-b last:border-0">
              <td>{names[one.kind] ?? one.kind}</td>
              {columns.map((column) => (
                <td
                  key={column}
                  className={`pl-6 text-right ${column === 'failed' && one.failed > 0 ? 'text-danger' : one[column] === 0 ? 'text-faint' : ''}`}
                >
                  {formatNumber(one[column])}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  )
}

function Failed({ job }: { job: Job }) {
  const { mutateAsync, isPending } = useRetryJob()
  const told = useTold()
  return (
    <li className="row-line flex items-center gap-4 border-b py-2.5 last:border-0">
      <div className="min-w-0 flex-1">
        <div>
          {names[job.kind] ?? job.kind}{' '}
          <span className="text-sm text-faint">
            {formatMoment(job.at)}, {formatCount(job.attempts, 'attempt')}
          </span>
        </div>
        <p className="text-sm wrap-anywhere text-danger">{job.error}</p>
        <p className="truncate font-mono text-xs text-faint">{JSON.stringify(job.payload)}</p>
      </div>
      <Button icon={RotateCcw} isDisabled={isPending} onPress={() => told(mutateAsync(job.id))}>
        Try again
      </Button>
    </li>
  )
}
