/** Whether the vault can be used, and what to do where it cannot. */
import type { Health } from '../api/system.ts'
import { q } from '../index/query.ts'
import { queueState } from '../index/queue.ts'
import { Problem } from '../problem.ts'
import { backupNotes, backupState } from './backup-state.ts'
import type { Core } from './core.ts'

const keptMs = 1000

/** Answers what {@link checkHealth} found within the last second, so that probes of any number cost one check. */
export function openHealth(core: Core, version: string): () => Promise<Health> {
  let last: { at: number; found: Promise<Health> } | undefined
  return () => {
    const now = core.now()
    if (!last || now - last.at >= keptMs || now < last.at) last = { at: now, found: checkHealth(core, version) }
    return last.found
  }
}

/** Asks the parts; `version` is the program's. */
async function checkHealth(core: Core, version: string): Promise<Health> {
  const notes: string[] = []
  const part = async (check: () => unknown): Promise<Health['status']> => {
    try {
      await check()
      return 'ok'
    } catch (error) {
      notes.push(error instanceof Problem ? error.message : 'A check failed; the log says why.')
      if (!(error instanceof Problem)) core.log.error({ err: error }, 'health check failed')
      return error instanceof Problem && error.code === 'disk-full' ? 'degraded' : 'failed'
    }
  }
  const database = await part(() => core.index.read.get(q.selectFrom('setting').select('key').limit(1)))
  const storage = await part(() => {
    if (core.readOnly) throw core.readOnly
    return core.volume.guard()
  })
  const search = database
  const { depth, dead } = database === 'failed' ? { depth: 0, dead: 0 } : queueState(core.index, core.now())
  if (dead > 0) notes.push(`${dead} background jobs were given up.`)
  const backups = database === 'failed' ? undefined : backupState(core)
  if (backups) notes.push(...backupNotes(backups, core.now()))
  const states = [database, storage, search]
  const status = states.includes('failed') ? 'failed' : states.includes('degraded') ? 'degraded' : 'ok'
  return {
    status,
    database,
    storage,
    search,
    queueDepth: depth,
    lastCheck: new Date(core.now()).toISOString(),
    lastBackup: timeOf(backups?.lastGoodAt),
    lastProvenRestore: timeOf(backups?.lastProvenAt),
    version,
    notes,
  }
}

function timeOf(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : new Date(ms).toISOString()
}
