/** Files: listing, uploading, changing, downloading. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { Bytes, EntryName, Flag, fields, Id, integer, Metadata, pageFields, Tags, Time } from './schema.ts'

export const kinds = [
  'image',
  'video',
  'audio',
  'pdf',
  'document',
  'sheet',
  'slides',
  'text',
  'code',
  'archive',
  'font',
  'other',
] as const
/** What a person would call it; the grouping behind icons, colours and the `type` filter. */
export const Kind = v.picklist(kinds)
export type Kind = v.InferOutput<typeof Kind>

export const File = v.object({
  id: Id,
  vaultId: Id,
  folderId: v.nullable(Id),
  name: v.string(),
  /** From the top of the vault, `/Projects/plan.pdf`. */
  path: v.string(),
  size: Bytes,
  mimeType: v.string(),
  kind: Kind,
  extension: v.string(),
  sha256: v.string(),
  version: v.number(),
  /** Pixels, as shown (rotation applied). */
  width: v.nullable(v.number()),
  height: v.nullable(v.number()),
  /** Seconds. */
  duration: v.nullable(v.number()),
  thumbnail: v.picklist(['none', 'pending', 'ready']),
  tags: v.array(v.string()),
  metadata: Metadata,
  favorite: v.boolean(),
  package: v.nullable(v.string()),
  ownerId: Id,
  createdAt: Time,
  updatedAt: Time,
  deletedAt: v.nullable(Time),
})
export type File = v.InferOutput<typeof File>

export const fileSorts = ['name', 'size', 'updatedAt', 'createdAt', 'extension'] as const

export const FileListQuery = v.object({
  cursor: v.optional(v.pipe(v.string(), v.maxLength(4096))),
  limit: v.optional(integer(1, 1000)),
  /** A folder's id, `root` for the top; absent: the whole vault. */
  folder: v.optional(v.string()),
  sort: v.optional(v.picklist(fileSorts)),
  order: v.optional(v.picklist(['asc', 'desc'])),
  /** A kind (`image`, `pdf`, …) or a MIME type (`image/png`). */
  type: v.optional(v.pipe(v.string(), v.maxLength(200))),
  tag: v.optional(v.pipe(v.string(), v.maxLength(64))),
  favorite: v.optional(Flag),
  package: v.optional(v.pipe(v.string(), v.maxLength(200))),
  /** True: what lies in the trash, as it was thrown away. */
  trash: v.optional(Flag),
})
export type FileListQuery = v.InferOutput<typeof FileListQuery>

export const FilePage = v.object({ files: v.array(File), ...pageFields })
export type FilePage = v.InferOutput<typeof FilePage>

export const listFiles = endpoint('GET /api/vaults/:vaultId/files', {
  summary: 'Files of a vault, by keyset pages of up to 1000 that cost the same at any depth.',
  query: FileListQuery,
  returns: FilePage,
})

export const listMyFiles = endpoint('GET /api/files', {
  summary: "Files of the caller's personal vault.",
  query: FileListQuery,
  returns: FilePage,
})

/** What to do when a name is taken: answer 409, find a free name (`plan (2).pdf`), or become the next version of what is there. */
export const OnConflict = v.picklist(['fail', 'rename', 'replace'])

export const UploadFields = v.object({
  vaultId: v.optional(Id),
  folderId: v.optional(Id),
  /** Folders below `folderId` (or the top), made where missing: `Photos/2026`. */
  path: v.optional(v.pipe(v.string(), v.maxLength(8192))),
  /** A JSON list, or names with commas between them. */
  tags: v.optional(v.string()),
  /** A JSON object. */
  metadata: v.optional(v.string()),
  /** The MIME type to assume where the content does not tell. */
  fileType: v.optional(v.pipe(v.string(), v.maxLength(200))),
  onConflict: v.optional(OnConflict),
})

/** How many files one multipart request may carry. */
export const filesPerUpload = 10

export const uploadFiles = endpoint('POST /api/files/upload', {
  summary: 'Uploads up to 10 files; the other fields come before them. All of them are stored, or none.',
  body: 'multipart',
  fields: UploadFields,
  returns: v.object({ files: v.array(File) }),
  status: 201,
})

export const getFile = endpoint('GET /api/files/:id', { summary: 'One file.', returns: File })

export const changeFile = endpoint('PATCH /api/files/:id', {
  summary: 'Renames, moves (`folderId`, null for the top), sets metadata (null removes a field) or the package.',
  body: v.object({
    name: v.optional(EntryName),
    folderId: v.optional(v.nullable(Id)),
    metadata: v.optional(fields(v.string(), v.nullable(v.unknown()))),
    package: v.optional(v.nullable(v.pipe(v.string(), v.maxLength(200)))),
  }),
  returns: File,
})

export const copyFile = endpoint('POST /api/files/:id/copy', {
  summary: 'Copies a file into a folder of the same vault (null: the top), under a free name.',
  body: v.object({ folderId: v.optional(v.nullable(Id)), name: v.optional(EntryName) }),
  returns: File,
  status: 201,
})

export const removeFile = endpoint('DELETE /api/files/:id', {
  summary: 'Puts a file in the trash; with `permanently=true` removes one that is there already.',
  query: v.object({ permanently: v.optional(Flag) }),
})

export const restoreFile = endpoint('POST /api/files/:id/restore', {
  summary: 'Brings a file back from the trash to where it was, or next to what took its place.',
  returns: File,
})

export const emptyTrash = endpoint('DELETE /api/vaults/:vaultId/trash', {
  summary: 'Removes everything in the trash of a vault for good.',
  returns: v.object({ files: v.number(), bytes: Bytes }),
})

export const setFavorite = endpoint('POST /api/files/:id/favorite', {
  summary: "Marks a file as one's own favourite, or takes the mark away; without a body it flips.",
  body: v.optional(v.object({ favorite: v.optional(v.boolean()) })),
  returns: File,
})

export const setTags = endpoint('PUT /api/files/:id/tags', {
  summary: 'Replaces the tags of a file.',
  body: v.object({ tags: Tags }),
  returns: File,
})

export const download = endpoint('GET /api/files/:id/download', {
  summary:
    'The bytes of the newest version: ranges, ETag, If-None-Match, If-Range, Repr-Digest. `inline=true` lets a browser show harmless types.',
  query: v.object({ inline: v.optional(Flag) }),
  returns: 'bytes',
})

export const thumbnailSizes = ['small', 'medium', 'large'] as const

export const thumbnail = endpoint('GET /api/files/:id/thumbnail', {
  summary: 'A WebP picture of the file: 128, 512 or 1600 pixels at its longer side.',
  query: v.object({ size: v.optional(v.picklist(thumbnailSizes)) }),
  returns: 'bytes',
})
