/** Resumable uploads: chunks in any order, each verified, until they are one version. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { File } from './files.ts'
import { Bytes, Id, Metadata, Tags, Time } from './schema.ts'

const Sha256 = v.pipe(v.string(), v.regex(/^[0-9a-fA-F]{64}$/, 'A SHA-256 has 64 hexadecimal digits.'), v.toLowerCase())

/** A run of bytes, cut by content. */
export const Block = v.object({ offset: Bytes, size: v.pipe(v.number(), v.integer(), v.minValue(1)), sha256: Sha256 })
export type Block = v.InferOutput<typeof Block>

export const Upload = v.object({
  id: Id,
  status: v.picklist(['open', 'done']),
  path: v.string(),
  size: Bytes,
  /** Bytes of each chunk but the last; with `blocks` chunks are blocks, and this is the largest. */
  chunkSize: v.number(),
  totalChunks: v.number(),
  /** Indexes, from 0. */
  receivedChunks: v.array(v.number()),
  missing: v.array(v.number()),
  receivedBytes: Bytes,
  expiresAt: Time,
  /** What it became. */
  fileId: v.nullable(Id),
  version: v.nullable(v.number()),
})
export type Upload = v.InferOutput<typeof Upload>

export const NewUpload = v.object({
  /** From the top of the vault, or of `folderId`; folders on the way are made. */
  path: v.pipe(v.string(), v.minLength(1, 'A path is needed.'), v.maxLength(32_768)),
  folderId: v.optional(v.nullable(Id)),
  size: Bytes,
  mimeType: v.optional(v.pipe(v.string(), v.maxLength(200))),
  modifiedAt: v.optional(Time),
  /** Of the whole; checked at the end. */
  sha256: v.optional(Sha256),
  /** The version that this is to replace; without it nothing may be there. */
  baseVersion: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  /** The content as blocks in order: those that the vault has are not `missing`. */
  blocks: v.optional(v.array(v.object({ ...Block.entries, offset: v.optional(Bytes) }))),
  /** SHA-256 of the encoded list of the whole's blocks: checked at the end, where a client knows no hash of the whole. */
  blocksSha256: v.optional(Sha256),
  metadata: v.optional(Metadata),
  tags: v.optional(Tags),
  /** What to do when the name is taken: answer 409, find a free one in the end, or replace what is there now. */
  onConflict: v.optional(v.picklist(['fail', 'rename', 'replace'])),
})
export type NewUpload = v.InferOutput<typeof NewUpload>

export const createUpload = endpoint('POST /api/vaults/:vaultId/uploads', {
  summary: 'Begins a resumable upload. Its size counts against the quota from now on.',
  body: NewUpload,
  /** A list of blocks for a file of 100 GB. */
  maxBodyBytes: 256 * 1024 * 1024,
  returns: v.object({ ...Upload.entries, resumeToken: v.string() }),
  status: 201,
})

export const listUploads = endpoint('GET /api/uploads', {
  summary: "The caller's uploads that are under way, newest first.",
  returns: v.object({ uploads: v.array(v.omit(Upload, ['receivedChunks', 'missing'])) }),
})

export const getUpload = endpoint('GET /api/uploads/:id', {
  summary: 'How far an upload has come: what was received, what is missing.',
  returns: Upload,
})

export const putChunk = endpoint('PUT /api/uploads/:id/chunks/:index', {
  summary: 'Receives one chunk, durably; `Content-Digest` is verified. Any order, several at once, each repeatable.',
  body: 'bytes',
  returns: v.object({
    status: Upload.entries.status,
    index: v.number(),
    receivedBytes: Bytes,
    /** Left out where there are more than 1000 chunks; then `GET` tells. */
    receivedChunks: v.optional(v.array(v.number())),
  }),
})

/** How finely a file is compared with what the vault has; each level only where the one before found nothing. */
export const levels = ['groups', 'blocks', 'pieces'] as const

export const matchUpload = endpoint('POST /api/uploads/:id/match', {
  summary:
    'Which of these stretches of the file its vault has, as bits; they are taken from there. `groups` and `pieces` are compared with the version that is replaced, `blocks` with all versions.',
  query: v.object({ level: v.picklist(levels) }),
  body: 'bytes',
  returns: 'bytes',
})

export const putRanges = endpoint('PUT /api/uploads/:id/ranges', {
  summary: 'Receives several ranges of the file in one body, durably. `Content-Digest` is needed.',
  body: 'bytes',
  returns: v.object({ status: Upload.entries.status, receivedBytes: Bytes }),
})

/** Bytes of one body of ranges at most. */
export const mostInRanges = 32 * 1024 * 1024

export const completeUpload = endpoint('POST /api/uploads/:id/complete', {
  summary: 'Makes a complete upload a file or its next version. May be repeated: the answer is the same file.',
  body: v.optional(v.object({ onConflict: v.optional(v.picklist(['fail', 'rename'])) })),
  returns: File,
  status: 201,
})

export const removeUpload = endpoint('DELETE /api/uploads/:id', { summary: 'Ends an upload; what was received goes.' })

export const getBlocks = endpoint('GET /api/files/:id/blocks', {
  summary: 'The newest version as blocks, cut by content.',
  returns: v.object({ size: Bytes, sha256: v.string(), version: v.number(), blocks: v.array(Block) }),
})
