/** Folders of a vault. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { EntryName, Flag, Id, Time } from './schema.ts'

export const folderColors = ['grey', 'red', 'orange', 'yellow', 'green', 'blue', 'purple', 'pink'] as const
export const FolderColor = v.picklist(folderColors)

export const Folder = v.object({
  id: Id,
  vaultId: Id,
  /** Null: at the top of the vault. */
  parentId: v.nullable(Id),
  name: v.string(),
  /** From the top of the vault, `/Projects/2026`. */
  path: v.string(),
  color: v.nullable(FolderColor),
  icon: v.nullable(v.string()),
  /** Files and folders directly inside, without the trash. */
  fileCount: v.number(),
  folderCount: v.number(),
  createdAt: Time,
  updatedAt: Time,
  deletedAt: v.nullable(Time),
})
export type Folder = v.InferOutput<typeof Folder>

const Look = {
  color: v.optional(v.nullable(FolderColor)),
  icon: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(40)))),
}

export const listFolders = endpoint('GET /api/vaults/:vaultId/folders', {
  summary: 'The folders directly inside one folder (`parent=root` for the top), or all of the vault without `parent`.',
  query: v.object({ parent: v.optional(v.string()), trash: v.optional(Flag) }),
  returns: v.object({ folders: v.array(Folder) }),
})

export const createFolder = endpoint('POST /api/vaults/:vaultId/folders', {
  summary: 'Makes a folder.',
  body: v.object({ name: EntryName, parentId: v.optional(v.nullable(Id)), ...Look }),
  returns: Folder,
  status: 201,
})

export const getFolder = endpoint('GET /api/folders/:id', { summary: 'One folder.', returns: Folder })

export const changeFolder = endpoint('PATCH /api/folders/:id', {
  summary: 'Renames, moves (`parentId`, null for the top), colours a folder.',
  body: v.object({ name: v.optional(EntryName), parentId: v.optional(v.nullable(Id)), ...Look }),
  returns: Folder,
})

export const removeFolder = endpoint('DELETE /api/folders/:id', {
  summary: 'Puts a folder with all below it in the trash; with `permanently=true` removes one that is there already.',
  query: v.object({ permanently: v.optional(Flag) }),
})

export const restoreFolder = endpoint('POST /api/folders/:id/restore', {
  summary: 'Brings a folder back from the trash to where it was, or next to what took its place.',
  returns: Folder,
})
