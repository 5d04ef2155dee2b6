/** Links to a file or folder for people without an account, as those who make them see them. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { Email, Id, Time } from './schema.ts'

/** `view`: look, without the originals; `download`: take them; `edit`: put files in as well. */
export const Permission = v.picklist(['view', 'download', 'edit'])
export type Permission = v.InferOutput<typeof Permission>

const SharePassword = v.pipe(
  v.string(),
  v.minLength(4, 'A password of a link has at least 4 characters; more are better.'),
  v.maxLength(256, 'A password has at most 256 characters.'),
)
const Emails = v.pipe(v.array(Email), v.maxLength(200, 'At most 200 addresses.'))
const MaxDownloads = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1_000_000))

export const Share = v.object({
  id: Id,
  shortCode: v.string(),
  url: v.string(),
  vaultId: Id,
  fileId: v.nullable(Id),
  folderId: v.nullable(Id),
  /** Of the file or folder, as it is now. */
  name: v.string(),
  permission: Permission,
  expiresAt: v.nullable(Time),
  maxDownloads: v.nullable(v.number()),
  /** Files and archives that went through to their last byte. */
  downloadCount: v.number(),
  viewCount: v.number(),
  lastAccessedAt: v.nullable(Time),
  hasPassword: v.boolean(),
  requireEmail: v.boolean(),
  allowedEmails: v.array(v.string()),
  /** Named on the page of public folders. */
  public: v.boolean(),
  /** Its maker is told by mail what is downloaded and put in. */
  notify: v.boolean(),
  /** Who made it. */
  createdBy: Id,
  createdAt: Time,
})
export type Share = v.InferOutput<typeof Share>

export const listShares = endpoint('GET /api/shares', {
  summary: "One's own links, newest first; of a file, a folder, or (for its managers: everybody's) a vault.",
  query: v.object({ vaultId: v.optional(Id), fileId: v.optional(Id), folderId: v.optional(Id) }),
  returns: v.object({ shares: v.array(Share) }),
})

export const createShare = endpoint('POST /api/shares', {
  summary: 'Makes a link to a file or a folder; it takes an editor. `edit` is for folders.',
  body: v.pipe(
    v.object({
      fileId: v.optional(Id),
      folderId: v.optional(Id),
      permission: v.optional(Permission, 'download'),
      password: v.optional(SharePassword),
      expiresAt: v.optional(Time),
      maxDownloads: v.optional(MaxDownloads),
      requireEmail: v.optional(v.boolean()),
      allowedEmails: v.optional(Emails),
      public: v.optional(v.boolean()),
      notify: v.optional(v.boolean()),
    }),
    v.check(
      ({ fileId, folderId }) => (fileId === undefined) !== (folderId === undefined),
      'Say what is shared: either fileId or folderId.',
    ),
  ),
  returns: Share,
  status: 201,
})

export const changeShare = endpoint('PATCH /api/shares/:id', {
  summary:
    'Changes a link; null takes a condition away. Who was let in before has to prove it again. `newCode` makes the old address useless.',
  body: v.object({
    permission: v.optional(Permission),
    password: v.optional(v.nullable(SharePassword)),
    expiresAt: v.optional(v.nullable(Time)),
    maxDownloads: v.optional(v.nullable(MaxDownloads)),
    requireEmail: v.optional(v.boolean()),
    allowedEmails: v.optional(Emails),
    public: v.optional(v.boolean()),
    notify: v.optional(v.boolean()),
    newCode: v.optional(v.boolean()),
  }),
  returns: Share,
})

export const removeShare = endpoint('DELETE /api/shares/:id', {
  summary: 'Revokes a link at once; downloads that are under way through it end.',
})

export const Guest = {
  /** What a link shows before anything else. */
  share: v.object({
    shortCode: v.string(),
    /** Of the file or folder. */
    name: v.string(),
    isFolder: v.boolean(),
    permission: Permission,
    expiresAt: v.nullable(Time),
    /** Null: as many as are wanted. */
    downloadsLeft: v.nullable(v.number()),
    /** The address that was given, where the link asks for one. */
    email: v.nullable(v.string()),
    /** Of a file. */
    size: v.nullable(v.number()),
    mimeType: v.nullable(v.string()),
    kind: v.nullable(v.string()),
    thumbnail: v.nullable(v.picklist(['none', 'pending', 'ready'])),
    updatedAt: Time,
  }),
  file: v.object({
    /** From the shared folder on; what every address here takes. */
    path: v.string(),
    name: v.string(),
    size: v.number(),
    mimeType: v.string(),
    kind: v.string(),
    extension: v.string(),
    width: v.nullable(v.number()),
    height: v.nullable(v.number()),
    duration: v.nullable(v.number()),
    thumbnail: v.picklist(['none', 'pending', 'ready']),
    updatedAt: Time,
  }),
  folder: v.object({ path: v.string(), name: v.string(), fileCount: v.number(), folderCount: v.number() }),
}
export type GuestShare = v.InferOutput<typeof Guest.share>
export type GuestFile = v.InferOutput<typeof Guest.file>
export type GuestFolder = v.InferOutput<typeof Guest.folder>

const Path = v.optional(v.pipe(v.string(), v.maxLength(8192)))

export const getGuestShare = endpoint('GET /api/public/shares/:shortCode', {
  summary:
    'What a link shows. 401 where it asks for something first: `errors` names `password`, `email` or `code`. Unknown, expired and revoked look the same.',
  access: 'anyone',
  returns: Guest.share,
})

export const unlockShare = endpoint('POST /api/public/shares/:shortCode/unlock', {
  summary:
    'Proves what a link asks for, and sets its cookie. Where an address has to be proved, the first call mails a code, and the second has it.',
  access: 'anyone',
  body: v.object({
    password: v.optional(v.pipe(v.string(), v.maxLength(1024))),
    email: v.optional(Email),
    code: v.optional(v.pipe(v.string(), v.trim(), v.maxLength(20))),
  }),
  returns: Guest.share,
})

export const listGuestFiles = endpoint('GET /api/public/shares/:shortCode/files', {
  summary:
    'What lies in a shared folder or in one below it (`path`), by keyset pages; folders come with the first page.',
  access: 'anyone',
  query: v.object({
    path: Path,
    cursor: v.optional(v.pipe(v.string(), v.maxLength(2000))),
    limit: v.optional(v.pipe(v.string(), v.regex(/^\d{1,3}$/), v.transform(Number), v.minValue(1), v.maxValue(500))),
  }),
  returns: v.object({
    folders: v.array(Guest.folder),
    files: v.array(Guest.file),
    nextCursor: v.nullable(v.string()),
    hasMore: v.boolean(),
  }),
})

export const searchGuestFiles = endpoint('GET /api/public/shares/:shortCode/search', {
  summary: 'Finds files by their names within a shared folder.',
  access: 'anyone',
  query: v.object({ q: v.pipe(v.string(), v.maxLength(500)) }),
  returns: v.object({ files: v.array(Guest.file), total: v.number() }),
})

export const downloadShare = endpoint('GET /api/public/shares/:shortCode/download', {
  summary:
    'The shared file; of a shared folder one file or folder (`path`), or all as a stored zip. Ranges, ETag, Repr-Digest as anywhere.',
  access: 'anyone',
  query: v.object({ path: Path }),
  returns: 'bytes',
})

export const previewShare = endpoint('GET /api/public/shares/:shortCode/preview', {
  summary:
    'A file as browsers show it: pictures, videos, sound, PDF and text; 403 for anything else where one may not download.',
  access: 'anyone',
  query: v.object({ path: Path }),
  returns: 'bytes',
})

export const shareThumbnail = endpoint('GET /api/public/shares/:shortCode/thumbnail', {
  summary: 'A thumbnail of a file behind a link.',
  access: 'anyone',
  query: v.object({
    path: Path,
    size: v.optional(v.picklist(['small', 'medium', 'large'])),
    v: v.optional(v.string()),
  }),
  returns: 'bytes',
})

export const putGuestFile = endpoint('PUT /api/public/shares/:shortCode/files/:path{.+}', {
  summary:
    'Puts a file into a shared folder whose link lets guests edit; the body is its bytes. A name that is taken gets a number, so that nothing is overwritten.',
  access: 'anyone',
  body: 'bytes',
  returns: Guest.file,
  status: 201,
})

export const listPublicFolders = endpoint('GET /api/public/folders', {
  summary: 'Folders and files that were made public, by name.',
  access: 'anyone',
  returns: v.object({
    folders: v.array(v.object({ shortCode: v.string(), name: v.string(), isFolder: v.boolean(), updatedAt: Time })),
  }),
})
