/** Random changes of a vault through the real endpoints: files and folders made, renamed, moved, thrown away, brought back. */
import { ApiProblem } from '../api/client.ts'
import { changeFile, copyFile, emptyTrash, removeFile, restoreFile, setTags } from '../api/files.ts'
import { changeFolder, createFolder, removeFolder, restoreFolder } from '../api/folders.ts'
import type { Person } from './person.ts'

/** Answers a function that makes one random change; the same `random` makes the same ones. Refusals are part of life. */
export function stir(person: Person, vaultId: string, random: () => number): () => Promise<void> {
  const files: string[] = []
  const folders: string[] = []
  let n = 0
  const one = (list: string[]) => list[Math.floor(random() * list.length)] ?? 'none'
  const place = () => (random() < 0.3 ? null : (folders[Math.floor(random() * folders.length)] ?? null))
  const file = () => ({ params: { id: one(files) } })
  const folder = () => ({ params: { id: one(folders) } })

  const acts: [share: number, act: () => Promise<unknown>][] = [
    [
      20,
      async () => {
        const folderId = place()
        const at: Record<string, string> = folderId === null ? {} : { folderId }
        files.push((await person.put(`file ${++n}.txt`, `text ${n}`, { vaultId, ...at })).id)
      },
    ],
    [5, async () => files.push((await person.call(copyFile, { ...file(), body: { folderId: place() } })).id)],
    [
      8,
      async () => {
        const body = { name: `folder ${++n}`, parentId: place() }
        folders.push((await person.call(createFolder, { params: { vaultId }, body })).id)
      },
    ],
    [5, () => person.call(changeFile, { ...file(), body: { name: `renamed ${++n}.txt` } })],
    [8, () => person.call(changeFile, { ...file(), body: { folderId: place() } })],
    [3, () => person.call(setTags, { ...file(), body: { tags: [`tag ${n % 3}`] } })],
    [4, () => person.call(changeFolder, { ...folder(), body: { name: `renamed folder ${++n}` } })],
    [10, () => person.call(changeFolder, { ...folder(), body: { parentId: place() } })],
    [7, () => person.call(removeFile, file())],
    [4, () => person.call(restoreFile, file())],
    [9, () => person.call(removeFolder, folder())],
    [9, () => person.call(restoreFolder, folder())],
    [2, () => person.call(removeFile, { ...file(), query: { permanently: true } })],
    [2, () => person.call(removeFolder, { ...folder(), query: { permanently: true } })],
    [0.3, () => person.call(emptyTrash, { params: { vaultId } })],
  ]
  const all = acts.reduce((sum, [share]) => sum + share, 0)

  return async () => {
    let at = random() * all
    const [, act] = acts.find(([share]) => {
      at -= share
      return at < 0
    }) ?? [0, async () => {}]
    await act().catch((error: unknown) => {
      if (!(error instanceof ApiProblem) || ![404, 409].includes(error.status)) throw error
    })
  }
}
