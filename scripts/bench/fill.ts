/** Fills the first vault of a volume for a benchmark: many files to search, and one large folder to list. */
import { loadConfig } from '../../src/config.ts'
import { q } from '../../src/index/query.ts'
import { createLog } from '../../src/log.ts'
import { openCore } from '../../src/vault/core.ts'
import { findFolder } from '../../src/vault/places.ts'
import { insertFiles } from '../load/insert.ts'
import { openMadeUp, type Wanted } from '../load/made-up.ts'

const large = 'Large'

/** Adds `searched` files over many folders, `test` in nine of ten names, and a folder "Large" of `listed` files. Answers its id. */
export async function fill(
  volume: string,
  { searched, listed }: { searched: number; listed: number },
): Promise<string> {
  await using core = await openCore({
    config: loadConfig({ env: { FILEVAULT_VOLUME: volume }, cwd: volume }),
    log: createLog('warn'),
  })
  const vault = core.index.read.get(q.selectFrom('vault').select(['no', 'id']).limit(1))
  if (!vault) throw new Error('Start the server once, so that there is a vault.')
  await insertFiles(core, vault.id, openMadeUp(1).files(searched), { onTaken: 'number' })
  await insertFiles(core, vault.id, inOneFolder(listed), { onTaken: 'number' })
  const folderNo = findFolder(core.index.read, vault.no, [large]) ?? 0
  return core.index.read.get(q.selectFrom('folder').select('id').where('no', '=', folderNo))?.id ?? ''
}

function* inOneFolder(count: number): Generator<Wanted> {
  for (const file of openMadeUp(2).files(count)) if (!file.isTrashed) yield { ...file, folder: large }
}
