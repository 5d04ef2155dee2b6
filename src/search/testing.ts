/** A vault that changes at random, and random queries of it, for tests that hold engines against each other. */
import { changeFile, emptyTrash, removeFile, restoreFile, setTags } from '../api/files.ts'
import { changeFolder, createFolder, removeFolder, restoreFolder } from '../api/folders.ts'
import { q } from '../index/query.ts'
import { chance } from '../testing/chance.ts'
import type { Test } from '../testing/start.ts'
import type { EngineQuery } from './search.ts'

const words = [
  'walrus',
  'wallet',
  'waltz',
  'Übung',
  'uber',
  'img2',
  'img10',
  'Naïve',
  'naval',
  '日本',
  'x',
  'report',
  'Rep',
]
const extensions = ['txt', 'md', 'pdf', '']
const tags = ['red', 'green', 'to pay', 'walrus']

/** Alice's vault, changed through the API; the same seed gives the same history. */
export function openWorld(t: Test, seed: number) {
  const vaultNo = t.core.index.read.get(q.selectFrom('vault').select('no').where('id', '=', t.alice.vaultId))?.no ?? 0
  const random = chance(seed)
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T
  const some = <T>(from: readonly T[], most: number) => [
    ...new Set(Array.from({ length: Math.floor(random() * (most + 1)) }, () => pick(from))),
  ]
  const files: string[] = []
  const folders: string[] = []
  const name = () => {
    const extension = pick(extensions)
    const body = [pick(words), ...some(words, 2)].join(pick([' ', '_', '-']))
    return `${body} ${Math.floor(random() * 1000)}${extension ? `.${extension}` : ''}`
  }
  const metadata = () =>
    Object.fromEntries(
      some(['status', 'client', 'done'], 3).map((key) => [
        key,
        key === 'done' ? random() < 0.5 : pick(['open', 'Walrus Ltd', '4711']),
      ]),
    )
  const folder = () => (folders.length > 0 && random() < 0.8 ? pick(folders) : null)
  const steps: (() => Promise<unknown>)[] = [
    async () => {
      const at = folder()
      const fields = { tags: JSON.stringify(some(tags, 3)), metadata: JSON.stringify(metadata()), onConflict: 'rename' }
      const made = await t.alice.put(name(), 'x'.repeat(Math.floor(random() * 50)), {
        ...fields,
        ...(at ? { folderId: at } : {}),
      })
      files.push(made.id)
    },
    async () => {
      const body = { name: name(), parentId: folder() }
      folders.push((await t.alice.call(createFolder, { params: { vaultId: t.alice.vaultId }, body })).id)
    },
    () => t.alice.call(changeFile, { params: { id: pick(files) }, body: { name: name() } }),
    () => t.alice.call(changeFile, { params: { id: pick(files) }, body: { folderId: folder() } }),
    () => t.alice.call(changeFile, { params: { id: pick(files) }, body: { metadata: metadata() } }),
    () => t.alice.call(setTags, { params: { id: pick(files) }, body: { tags: some(tags, 3) } }),
    () => t.alice.call(removeFile, { params: { id: pick(files) }, query: {} }),
    () => t.alice.call(restoreFile, { params: { id: pick(files) } }),
    () => t.alice.call(changeFolder, { params: { id: pick(folders) }, body: { name: name() } }),
    () => t.alice.call(changeFolder, { params: { id: pick(folders) }, body: { parentId: folder() } }),
    () => t.alice.call(removeFolder, { params: { id: pick(folders) }, query: {} }),
    () => t.alice.call(restoreFolder, { params: { id: pick(folders) } }),
    async () => random() < 0.1 && t.alice.call(emptyTrash, { params: { vaultId: t.alice.vaultId } }),
  ]
  const weights = [12, 2, 3, 3, 3, 3, 3, 3, 1, 1, 1, 2, 1]
  const deck = steps.flatMap((step, i) => Array<() => Promise<unknown>>(weights[i] ?? 1).fill(step))
  return {
    /** One change; one that the server refuses (a name that is taken, a folder in itself) is none. */
    step: async () => void (await pick(deck)().catch(() => {})),
    /** Of the vault as it is now. */
    query(): EngineQuery {
      const folders = t.core.index.read.all(q.selectFrom('folder').select('no').where('vault_no', '=', vaultNo))
      const folderNos = folders.map(({ no }) => no)
      const fileNos = t.core.index.read.all(q.selectFrom('file').select('no')).map(({ no }) => no) // some of them in the trash
      const among = random() < 0.3 ? some(fileNos, 40).concat(1_000_000) : undefined
      const text =
        random() < 0.2
          ? ''
          : [pick(words), ...some(words, 1)]
              .map((word) => word.slice(0, 1 + Math.floor(random() * word.length)))
              .join(' ')
      return {
        vaultNo,
        text: among ? '' : text,
        among,
        exact: true,
        without: random() < 0.2 ? [pick(words).slice(0, 3)] : [],
        extensions: some(extensions, 2),
        types: random() < 0.2 ? ['text'] : [],
        tags: random() < 0.3 ? some(tags, 2) : [],
        metadata:
          random() < 0.3 ? { status: ['open'] } : random() < 0.2 ? { done: ['true'], client: ['4711', 'open'] } : {},
        minSize: random() < 0.2 ? 10 : undefined,
        maxSize: random() < 0.2 ? 40 : undefined,
        after: undefined,
        before: undefined,
        folderNo: random() < 0.2 ? pick(folderNos) : undefined,
        sort: pick([...(among ? (['relevance'] as const) : []), 'name', 'size', 'updatedAt', 'createdAt', 'extension']),
        order: pick(['asc', 'desc']),
        limit: pick([5, 100]),
        offset: pick([0, 0, 3]),
      }
    },
  }
}
