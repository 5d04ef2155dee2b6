/** Fills a volume with many realistic rows that share one small object: enough for lists and search, in seconds. */
import { Readable } from 'node:stream'
import { loadConfig } from '../../src/config.ts'
import { newId } from '../../src/index/ids.ts'
import type { Transaction } from '../../src/index/open.ts'
import { q } from '../../src/index/query.ts'
import { createLog } from '../../src/log.ts'
import { chance } from '../../src/testing/chance.ts'
import { topOf } from '../../src/vault/access.ts'
import { type Core, openCore } from '../../src/vault/core.ts'
import { naming } from '../../src/vault/files.ts'
import { insertFolder } from '../../src/vault/places.ts'
import type { Stored } from '../../src/volume/put.ts'

const syllables =
  'an ber co da el fi gra ho in jo ka lu mer no or pa qui ra sol ta un ver wi xe yo zu pro ject re port plan site draw'.split(
    ' ',
  )
const extensions: [string, string][] = [
  ['pdf', 'application/pdf'],
  ['jpg', 'image/jpeg'],
  ['docx', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'],
  ['xlsx', 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet'],
  ['txt', 'text/plain'],
  ['mp4', 'video/mp4'],
  ['zip', 'application/zip'],
  ['png', 'image/png'],
]

/** The made-up vocabulary: word 0 is by far the most frequent. */
export function vocabulary(size = 20_000): string[] {
  const random = chance(7)
  const words = new Set<string>()
  while (words.size < size) {
    const parts = Array.from(
      { length: 2 + Math.floor(random() * 3) },
      () => syllables[Math.floor(random() * syllables.length)],
    )
    words.add(parts.join(''))
  }
  return [...words]
}

/** A word by Zipf's law, near enough. */
function word(words: readonly string[], random: () => number): string {
  return words[Math.floor(words.length ** random()) - 1] ?? words[0] ?? ''
}

/** Adds `searched` files over many folders, `test` in nine of ten names, and a folder "Large" of `listed` files. Answers its id. */
export async function fill(
  volume: string,
  { searched, listed }: { searched: number; listed: number },
): Promise<string> {
  await using core = await openCore({
    config: loadConfig({ env: { FILEVAULT_VOLUME: volume }, cwd: volume }),
    log: createLog('warn'),
  })
  const vault = core.index.read.get(q.selectFrom('vault').select(['no', 'id', 'owner_no']).limit(1))
  if (!vault) throw new Error('Start the server once, so that there is a vault.')
  const stored = await core.volume.put(vault.id, Readable.from([Buffer.from('bench')]), { name: 'bench.txt' })
  const random = chance(1)
  const words = vocabulary()
  const top = topOf(core.index.read, vault.no).no
  const folders = await core.index.write((tx) => {
    const made = [top]
    for (let i = 0; i < searched / 200; i++)
      made.push(
        insertFolder(core, tx, null, {
          vaultNo: vault.no,
          parentNo: made[Math.floor(random() * Math.min(made.length, 40))] ?? top,
          name: `${word(words, random)} ${i}`,
        }),
      )
    return made
  })
  const large = await core.index.write((tx) =>
    insertFolder(core, tx, null, { vaultNo: vault.no, parentNo: top, name: 'Large' }),
  )
  const batch = 2000
  for (let from = 0; from < searched + listed; from += batch)
    await core.index.write((tx) => {
      for (let i = from; i < Math.min(from + batch, searched + listed); i++) {
        const [extension, mimeType] = extensions[Math.floor(random() * extensions.length)] ?? ['txt', 'text/plain']
        const name = `${word(words, random)} ${word(words, random)}${random() < 0.9 ? ' test' : ''} ${i}.${extension}`
        insertRow(core, tx, {
          vault,
          folderNo: i < searched ? (folders[Math.floor(random() * folders.length)] ?? top) : large,
          name,
          mimeType,
          stored,
          random,
          words,
        })
      }
    })
  await core.volume.settle(stored)
  return core.index.read.get(q.selectFrom('folder').select('id').where('no', '=', large))?.id ?? ''
}

interface Row {
  vault: { no: number; owner_no: number }
  folderNo: number
  name: string
  mimeType: string
  stored: Stored
  random: () => number
  words: readonly string[]
}

function insertRow(core: Core, tx: Transaction, { vault, folderNo, name, mimeType, stored, random, words }: Row): void {
  const at = core.now() - Math.floor(random() * 3e10)
  const sha256 = Buffer.from(stored.sha256, 'hex')
  const tags =
    random() < 0.6
      ? [...new Set([`t-${word(words.slice(0, 400), random)}`, `t-${word(words.slice(0, 400), random)}`])]
      : []
  const row = tx.get(
    q
      .insertInto('file')
      .values({
        id: newId(at),
        vault_no: vault.no,
        folder_no: folderNo,
        owner_no: vault.owner_no,
        ...naming(name, mimeType),
        version: 1,
        size: Math.floor(random() ** 4 * 1e8),
        sha256,
        mime_type: mimeType,
        width: null,
        height: null,
        duration: null,
        tags: JSON.stringify(tags),
        metadata: JSON.stringify({
          project: `RM${2500 + Math.floor(random() * 10)}`,
          status: ['draft', 'review', 'approved'][Math.floor(random() * 3)] ?? 'draft',
        }),
        package: null,
        created_at: at,
        updated_at: at,
        deleted_at: null,
        trashed_with: null,
      })
      .returning('no'),
  )
  tx.run(
    q.insertInto('version').values({
      file_no: row?.no ?? 0,
      vault_no: vault.no,
      number: 1,
      object_id: stored.objectId,
      size: stored.size,
      stored_bytes: stored.size,
      sha256,
      crc32: stored.crc32,
      mime_type: mimeType,
      created_at: at,
      created_by: vault.owner_no,
    }),
  )
}
