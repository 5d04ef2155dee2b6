/** What the server knows of files and folders, and what changes it; the only file here that calls. */
import {
  keepPreviousData,
  type QueryClient,
  useInfiniteQuery,
  useMutation,
  useQuery,
  useQueryClient,
} from '@tanstack/react-query'
import { getMe, logout } from '../../../src/api/auth.ts'
import { createDownload, downloadFolder } from '../../../src/api/downloads.ts'
import * as api from '../../../src/api/files.ts'
import * as folders from '../../../src/api/folders.ts'
import type { Snippet } from '../../../src/api/search.ts'
import { listVaults } from '../../../src/api/vaults.ts'
import { addressOf, call } from '../call.ts'
import { usePlace } from './place.ts'

export type File = api.File
export type Folder = folders.Folder
export type Sort = (typeof api.fileSorts)[number]
export type Order = 'asc' | 'desc'

/** The same keys for queries and for what makes them stale. */
export const keys = {
  me: ['me'] as const,
  vaults: ['vaults'] as const,
  files: ['files'] as const,
  folders: ['folders'] as const,
  search: ['search'] as const,
  file: (id: string) => ['file', id] as const,
}

const pageSize = 500
const pictureMs = 2000

/** Everything that shows files, folders or totals is asked for again. */
export function makeStale(queries: QueryClient): Promise<unknown> {
  return Promise.all(
    [keys.files, keys.folders, keys.search, keys.vaults, ['file']].map((queryKey) =>
      queries.invalidateQueries({ queryKey: [...queryKey] }),
    ),
  )
}

export function useMe() {
  return useQuery({
    queryKey: keys.me,
    queryFn: ({ signal }) => call(getMe, {}, { signal }),
    staleTime: 60_000,
    retry: false,
  })
}

/** The vaults one is a member of, the personal one first. */
export function useVaults() {
  const { data, ...rest } = useQuery({
    queryKey: keys.vaults,
    queryFn: ({ signal }) => call(listVaults, {}, { signal }),
  })
  return { ...rest, vaults: data?.vaults }
}

/** The vault that is shown: that of the address, else one's own. */
export function useVault() {
  const { place } = usePlace()
  const { vaults, ...rest } = useVaults()
  return { ...rest, vault: vaults?.find(({ id }) => id === place.vault) ?? vaults?.[0] }
}

export interface ListQuery {
  folder?: string
  sort: Sort
  order: Order
  favorite?: boolean
  trash?: boolean
}

/** Files by pages; pictures that are still being made are asked for again while they are. */
export function useFileList(vaultId: string | undefined, query: ListQuery, enabled: boolean) {
  return useInfiniteQuery({
    queryKey: [...keys.files, vaultId, query],
    enabled: enabled && vaultId !== undefined,
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam, signal }) =>
      call(
        api.listFiles,
        { params: { vaultId: vaultId ?? '' }, query: { ...query, limit: pageSize, cursor: pageParam } },
        { signal },
      ),
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: ({ state }) =>
      state.data?.pages.some(({ files }) => files.some(({ thumbnail }) => thumbnail === 'pending')) ? pictureMs : false,
    placeholderData: keepPreviousData,
  })
}

/** Folders inside one (`root`: the top), or those thrown away. */
export function useFolderList(vaultId: string | undefined, parent: string, { trash = false, enabled = true } = {}) {
  return useQuery({
    queryKey: [...keys.folders, vaultId, trash ? 'trash' : parent],
    enabled: enabled && vaultId !== undefined,
    queryFn: async ({ signal }) =>
      (
        await call(
          folders.listFolders,
          { params: { vaultId: vaultId ?? '' }, query: trash ? { trash } : { parent } },
          { signal },
        )
      ).folders,
  })
}

export function useFolder(id: string | undefined) {
  return useQuery({
    queryKey: [...keys.folders, 'one', id],
    enabled: id !== undefined && id !== 'root',
    queryFn: ({ signal }) => call(folders.getFolder, { params: { id: id ?? '' } }, { signal }),
  })
}

/** A change of the files, after which everything shown is asked for again. */
function useChange<T, R>(work: (input: T) => Promise<R>) {
  const queries = useQueryClient()
  return useMutation({ mutationFn: work, onSettled: () => makeStale(queries) })
}

export function useCreateFolder() {
  return useChange(({ vaultId, parentId, name }: { vaultId: string; parentId: string | null; name: string }) =>
    call(folders.createFolder, { params: { vaultId }, body: { name, parentId } }),
  )
}

/** A file or a folder, wherever both can be meant. */
export type Entry =
  | { type: 'file'; file: File & { snippet?: Snippet | undefined } }
  | { type: 'folder'; folder: Folder }

export function entryId(entry: Entry): string {
  return entry.type === 'file' ? entry.file.id : entry.folder.id
}

export function entryName(entry: Entry): string {
  return entry.type === 'file' ? entry.file.name : entry.folder.name
}

export function useRename() {
  return useChange(
    ({ entry, name }: { entry: Entry; name: string }): Promise<unknown> =>
      entry.type === 'file'
        ? call(api.changeFile, { params: { id: entry.file.id }, body: { name } })
        : call(folders.changeFolder, { params: { id: entry.folder.id }, body: { name } }),
  )
}

export function useMove() {
  return useChange(({ entries, to }: { entries: Entry[]; to: string | null }) =>
    each(
      entries,
      (entry): Promise<unknown> =>
        entry.type === 'file'
          ? call(api.changeFile, { params: { id: entry.file.id }, body: { folderId: to } })
          : call(folders.changeFolder, { params: { id: entry.folder.id }, body: { parentId: to } }),
    ),
  )
}

/** Puts each entry back where it was. */
export function useMoveBack() {
  return useChange((entries: Entry[]) =>
    each(
      entries,
      (entry): Promise<unknown> =>
        entry.type === 'file'
          ? call(api.changeFile, { params: { id: entry.file.id }, body: { folderId: entry.file.folderId } })
          : call(folders.changeFolder, { params: { id: entry.folder.id }, body: { parentId: entry.folder.parentId } }),
    ),
  )
}

export function useCopy() {
  return useChange(({ files, to }: { files: File[]; to: string | null }) =>
    each(files, ({ id }) => call(api.copyFile, { params: { id }, body: { folderId: to } })),
  )
}

export function useTrash() {
  return useChange((entries: Entry[]) => each(entries, (entry) => remove(entry, false)))
}

export function useRemoveForGood() {
  return useChange((entries: Entry[]) => each(entries, (entry) => remove(entry, true)))
}

export function useRestore() {
  return useChange((entries: Entry[]) =>
    each(
      entries,
      (entry): Promise<unknown> =>
        entry.type === 'file'
          ? call(api.restoreFile, { params: { id: entry.file.id } })
          : call(folders.restoreFolder, { params: { id: entry.folder.id } }),
    ),
  )
}

export function useEmptyTrash() {
  return useChange((vaultId: string) => call(api.emptyTrash, { params: { vaultId } }))
}

export function useSetTags() {
  return useChange(({ files, tags }: { files: File[]; tags: (file: File) => string[] }) =>
    each(files, (file) => call(api.setTags, { params: { id: file.id }, body: { tags: tags(file) } })),
  )
}

export function useSetMetadata() {
  return useChange(({ id, metadata }: { id: string; metadata: Record<string, unknown> }) =>
    call(api.changeFile, { params: { id }, body: { metadata } }),
  )
}

/** One's own mark: shown at once, taken back when the server refuses. */
export function useSetFavorite() {
  const queries = useQueryClient()
  return useMutation({
    mutationFn: ({ files, favorite }: { files: File[]; favorite: boolean }) =>
      each(files, ({ id }) => call(api.setFavorite, { params: { id }, body: { favorite } })),
    onMutate: ({ files, favorite }) => {
      const ids = new Set(files.map(({ id }) => id))
      const mark = (file: File): File => (ids.has(file.id) ? { ...file, favorite } : file)
      queries.setQueriesData<{ pages: { files: File[] }[] }>(
        { queryKey: keys.files },
        (old) => old && { ...old, pages: old.pages.map((page) => ({ ...page, files: page.files.map(mark) })) },
      )
    },
    onSettled: () => makeStale(queries),
  })
}

export function useSignOut() {
  return useMutation({ mutationFn: () => call(logout, {}), onSettled: () => location.assign('/sign-in') })
}

export function downloadAddress(id: string, inline = false): string {
  return addressOf(api.download, { params: { id }, query: inline ? { inline: true } : {} })
}

export function folderDownloadAddress(id: string): string {
  return addressOf(downloadFolder, { params: { id } })
}

/** Where several entries are to be had as one archive, for a while. */
export function useSelection() {
  return useMutation({
    mutationFn: async (entries: Entry[]) => {
      const ids = (type: Entry['type']) => entries.filter((entry) => entry.type === type).map(entryId)
      return (await call(createDownload, { body: { fileIds: ids('file'), folderIds: ids('folder') } })).url
    },
  })
}

/** Named by the content too, so that the browser may keep it for ever. */
export function pictureAddress(file: File, size: (typeof api.thumbnailSizes)[number]): string {
  return `${addressOf(api.thumbnail, { params: { id: file.id }, query: { size } })}&v=${file.sha256.slice(0, 12)}`
}

function remove(entry: Entry, permanently: boolean): Promise<unknown> {
  return entry.type === 'file'
    ? call(api.removeFile, { params: { id: entry.file.id }, query: { permanently } })
    : call(folders.removeFolder, { params: { id: entry.folder.id }, query: { permanently } })
}

const atOnce = 6

/** Does something with each, several at a time; every one is tried, then the first failure is told. */
async function each<T, R>(items: T[], work: (item: T) => Promise<R>): Promise<void> {
  const left = [...items]
  const failures: unknown[] = []
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift())
      await work(item).catch((error: unknown) => failures.push(error))
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
  if (failures.length > 0) throw failures[0]
}
