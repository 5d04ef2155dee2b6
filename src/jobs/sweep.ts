/** Clean-up by age, once an hour: uploads left alone; versions, trash and the access log kept long enough. */
import type { Core } from '../vault/core.ts'
import { expireEvents } from '../vault/events.ts'
import { expireQuarantine } from '../vault/quarantine.ts'
import { collectGarbage, expireTrash } from '../vault/trash.ts'
import { expireUploads } from '../vault/uploads.ts'
import { expireVersions } from '../vault/versions.ts'

/** Removes what is due, a piece at a time, so that nobody waits behind it. */
export async function sweep(core: Core, signal: AbortSignal): Promise<void> {
  for (const expire of [expireUploads, expireVersions, expireTrash, expireEvents, expireQuarantine])
    for (let removed = await expire(core); removed > 0 && !signal.aborted; removed = await expire(core))
      core.log.info({ what: expire.name, removed }, 'removed by age')
  await collectGarbage(core)
}
