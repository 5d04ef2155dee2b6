/**
 * A mixed load that remembers what it was told. After a fault `compare` holds what the server has against that: everything
 * acknowledged is there byte for byte, and what was under way has happened whole or not at all.
 */
import assert from 'node:assert/strict'
import { createHash, randomBytes } from 'node:crypto'
import { ApiProblem, type Client } from '../../api/client.ts'
import {
  changeFile,
  download,
  getFile,
  listMyFiles,
  removeFile,
  restoreFile,
  setTags,
  uploadFiles,
} from '../../api/files.ts'
import { completeUpload, createUpload, getUpload, putChunk } from '../../api/uploads.ts'
import { listVersions } from '../../api/versions.ts'
import { formOf } from '../person.ts'

/** A file as it was last acknowledged. */
interface Known {
  id: string
  name: string
  sha256: string
  version: number
  tags: string[]
  isTrashed: boolean
}

type State = Known | undefined

interface Slot {
  /** What was acknowledged. */
  known: State
  /** What it may be as well, while something is under way. */
  perhaps: { state: State } | undefined
}

interface OpenUpload {
  id: string
  acknowledged: Set<number>
}

export interface Load {
  /** Works until the server is gone; resolves then. */
  run(client: Client, vaultId: string): Promise<number>
  /** Holds what the server has against what it said. */
  compare(client: Client): Promise<void>
}

/** `random` decides what is done; each of `workers` works on files of its own, one thing after the other. */
export function openLoad(random: () => number, workers: number): Load {
  const slots: Slot[][] = Array.from({ length: workers }, () => [])
  const uploads: OpenUpload[] = []
  let last = 0
  const pick = <T>(from: readonly T[]): T | undefined => from[Math.floor(random() * from.length)]

  async function step(client: Client, vaultId: string, own: Slot[]): Promise<void> {
    const slot = pick(own)
    const file = slot?.known
    const dice = random()
    if (!slot || !file || dice < 0.3) return void (await create(client, vaultId, own))
    const change = async (state: State, work: () => Promise<unknown>) => {
      slot.perhaps = { state }
      await work()
      slot.known = state
      slot.perhaps = undefined
    }
    const params = { id: file.id }
    if (file.isTrashed) {
      if (dice < 0.6) await change({ ...file, isTrashed: false }, () => client.call(restoreFile, { params }))
      else await change(undefined, () => client.call(removeFile, { params, query: { permanently: true } }))
    } else if (dice < 0.5) {
      const content = someContent(random)
      const next = { ...file, sha256: hashOf(content), version: file.version + 1 }
      const form = formOf({ [file.name]: content }, { onConflict: 'replace' })
      await change(next, () => client.call(uploadFiles, { body: form }))
    } else if (dice < 0.65) {
      const name = `renamed ${++last}.bin`
      await change({ ...file, name }, () => client.call(changeFile, { params, body: { name } }))
    } else if (dice < 0.8) {
      const tags = [`tag ${++last}`]
      await change({ ...file, tags }, () => client.call(setTags, { params, body: { tags } }))
    } else await change({ ...file, isTrashed: true }, () => client.call(removeFile, { params, query: {} }))
  }

  async function create(client: Client, vaultId: string, own: Slot[]): Promise<void> {
    const content = someContent(random)
    const name = `file ${++last}.bin`
    const made = { name, sha256: hashOf(content), version: 1, tags: [], isTrashed: false }
    const slot: Slot = { known: undefined, perhaps: { state: { ...made, id: '' } } }
    own.push(slot)
    if (random() < 0.7) {
      const { files } = await client.call(uploadFiles, { body: formOf({ [name]: content }) })
      slot.known = { ...made, id: files[0]?.id ?? '' }
    } else {
      const body = { path: name, size: content.length }
      const { id, chunkSize, missing } = await client.call(createUpload, { params: { vaultId }, body })
      const upload: OpenUpload = { id, acknowledged: new Set() }
      uploads.push(upload)
      for (const index of missing) {
        const bytes = Uint8Array.from(content.subarray(index * chunkSize, (index + 1) * chunkSize))
        await client.call(putChunk, { params: { id, index: String(index) }, body: bytes })
        upload.acknowledged.add(index)
      }
      slot.known = { ...made, id: (await client.call(completeUpload, { params: { id } })).id }
    }
    slot.perhaps = undefined
  }

  async function there(client: Client, state: Known): Promise<boolean> {
    try {
      const file = await client.call(getFile, { params: { id: state.id } })
      const same =
        file.name === state.name &&
        file.sha256 === state.sha256 &&
        file.version === state.version &&
        file.tags.join() === state.tags.join() &&
        (file.deletedAt !== null) === state.isTrashed
      if (!same) return false
      const bytes = Buffer.from(await (await client.call(download, { params: { id: state.id } })).arrayBuffer())
      assert.equal(hashOf(bytes), state.sha256, `${state.name} has other bytes than were acknowledged`)
      const { versions } = await client.call(listVersions, { params: { id: state.id } })
      assert.equal(versions.length, state.version)
      return true
    } catch (error) {
      if (error instanceof ApiProblem && error.status === 404) return false
      throw error
    }
  }

  return {
    async run(client, vaultId) {
      let done = 0
      await Promise.all(
        slots.map(async (own) => {
          for (;;) {
            try {
              await step(client, vaultId, own)
              done++
            } catch (error) {
              // Gone, or about to go because the disk failed: what was asked for may have happened.
              if (error instanceof ApiProblem && (error.status === 0 || error.status >= 500)) return
              throw error
            }
          }
        }),
      )
      return done
    },

    async compare(client) {
      const names = new Map<string, string>()
      for (let cursor: string | undefined; ; ) {
        const page = await client.call(listMyFiles, { query: { limit: 1000, cursor } })
        for (const file of page.files) names.set(file.name, file.id)
        if (page.nextCursor === null) break
        cursor = page.nextCursor
      }
      for (const own of slots)
        for (const slot of own) {
          const { known, perhaps } = slot
          if (known && (await there(client, known))) slot.perhaps = undefined
          else if (perhaps) {
            const { state } = perhaps
            const id = state && (state.id || names.get(state.name))
            const isThere = state && id !== undefined && (await there(client, { ...state, id }))
            if (isThere) slot.known = { ...state, id }
            else {
              // It was to be made or removed, and there is nothing of it.
              assert.ok(known === undefined || state === undefined, `${known?.name} is neither as before nor as asked`)
              assert.equal(names.get(state?.name ?? ''), undefined, `${state?.name} is there in part`)
              slot.known = undefined
            }
            slot.perhaps = undefined
          } else assert.equal(known, undefined, `${known?.name} was acknowledged and is not there as it was`)
        }
      for (const own of slots) own.splice(0, own.length, ...own.filter(({ known }) => known))
      for (const { id, acknowledged } of uploads) {
        const upload = await client.call(getUpload, { params: { id } })
        const received = new Set(upload.receivedChunks)
        for (const index of acknowledged)
          assert.ok(received.has(index), `Chunk ${index} was acknowledged and is not there`)
      }
    },
  }
}

function someContent(random: () => number): Buffer {
  const size = random() < 0.8 ? Math.floor(random() * 20_000) : Math.floor(random() * 1_500_000)
  return randomBytes(size)
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
