/** What a crash left behind, found and finished at start: bytes that no row names go, rows keep their bytes. */
import { q } from '../index/query.ts'
import type { Core } from './core.ts'
import { collectGarbage } from './trash.ts'
import { recoverUploads } from './uploads.ts'

/** Settles or discards every upload that was between its bytes and its row when the process ended. */
export async function recover(core: Core): Promise<void> {
  for (const left of await core.volume.leftovers()) {
    const named = core.index.read.get(
      q.selectFrom('version').select('no').where('object_id', '=', left.objectId).limit(1),
    )
    if (named) await core.volume.settle(left)
    else await core.volume.discard(left)
    core.log.info({ ...left, kept: named !== undefined }, 'an upload was cut short; its remains are gone')
  }
  await recoverUploads(core)
  core.afterwards(collectGarbage(core))
}
