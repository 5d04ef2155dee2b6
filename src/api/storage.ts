/** What is used and what may be used. */
import * as v from 'valibot'
import { endpoint } from './endpoint.ts'
import { Bytes, Id } from './schema.ts'

export const Usage = v.object({
  vaultId: Id,
  totalBytes: Bytes,
  maxBytes: Bytes,
  fileCount: v.number(),
  /** 0 to 100, one decimal. */
  percentage: v.number(),
  /** The part of `totalBytes` that lies in the trash. */
  trashBytes: Bytes,
  trashCount: v.number(),
})
export type Usage = v.InferOutput<typeof Usage>

export const getUsage = endpoint('GET /api/storage/usage', {
  summary: "What the caller's personal vault uses and may use.",
  returns: Usage,
})

export const initializeStorage = endpoint('POST /api/storage/initialize', {
  summary: 'Makes the personal vault of the caller where it is missing; may be repeated.',
  returns: Usage,
})

export const setQuota = endpoint('PUT /api/storage/quota', {
  summary: "Sets the quota of a user's personal vault.",
  access: 'admin',
  body: v.object({ userId: Id, maxBytes: Bytes }),
  returns: Usage,
})

export const Stats = v.object({
  users: v.number(),
  vaults: v.number(),
  files: v.number(),
  folders: v.number(),
  usedBytes: Bytes,
  trashBytes: Bytes,
  quotaBytes: Bytes,
  /** Of the volume's file system. */
  volume: v.object({ totalBytes: Bytes, freeBytes: Bytes }),
  kinds: v.array(v.object({ kind: v.string(), files: v.number(), bytes: Bytes })),
})
export type Stats = v.InferOutput<typeof Stats>

export const getStats = endpoint('GET /api/storage/stats', {
  summary: 'What the whole volume holds.',
  access: 'admin',
  returns: Stats,
})
