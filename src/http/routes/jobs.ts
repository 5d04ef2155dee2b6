/** Background jobs, for administrators. */
import * as api from '../../api/jobs.ts'
import type { Core } from '../../vault/core.ts'
import { listJobs, retryJob } from '../../vault/jobs.ts'
import type { On } from '../bind.ts'

export function jobRoutes(on: On, core: Core): void {
  on(api.listJobs, (_, { actor }) => listJobs(core, actor))
  on(api.retryJob, ({ params }, { actor }) => retryJob(core, actor, params.id))
}
