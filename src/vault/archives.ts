/** Folders, vaults and selections as archives: who may have them, and what is remembered between two ranges of one. */
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { LRUCache } from 'lru-cache'
import { mostSelected, type Selection } from '../api/downloads.ts'
import { q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import { type Actor, type FolderProof, requireFolder, requireLiveFile, requireVault, topFolder } from './access.ts'
import { type Chosen, type Collected, collect } from './collect.ts'
import type { Core } from './core.ts'
import { freeName, nameKey } from './names.ts'

/** An archive to send: stored, laid out, not yet read. */
export interface Archive extends Collected {
  /** With `.zip`. */
  readonly name: string
}

export interface Archives {
  /** A folder with all below it, as one folder in an archive. */
  ofFolder(actor: Actor, id: string): Promise<Archive>
  /** All of a vault but its trash. */
  ofVault(actor: Actor, vaultId: string): Promise<Archive>
  /** Keeps a selection for a day, for the same person alone, and says what its archive will be. */
  select(actor: Actor, ids: SelectedIds): Promise<Selection>
  /** The archive of a selection, as things are now. Every id of it is asked for permission again. */
  ofSelection(actor: Actor, id: string): Promise<Archive>
}

export interface SelectedIds {
  fileIds: readonly string[]
  folderIds: readonly string[]
}

const selectionMs = 24 * 60 * 60 * 1000
const selectionsOfOne = 20
const selectedOfAll = 500_000 // ids; some 40 MB at most
const layoutBytes = 64 * 1024 * 1024
const layoutMs = 10 * 60 * 1000

interface Kept extends SelectedIds {
  userNo: number
  expiresAt: number
}

/**
 * Selections are kept in memory: they are one click old when their download starts, and a server that was started again
 * answers 404, upon which the page selects again. Layouts are kept for the next range; the `seq` of each vault in their
 * key makes one that is out of date unreachable.
 */
export function openArchives(core: Core): Archives {
  const selections = new LRUCache<string, Kept>({
    maxSize: selectedOfAll,
    sizeCalculation: ({ fileIds, folderIds }) => fileIds.length + folderIds.length + 10,
  })
  const layouts = new LRUCache<string, Collected>({
    maxSize: layoutBytes,
    ttl: layoutMs,
    sizeCalculation: ({ zip }) => zip.weight + zip.count * 16 + 1000,
  })
  const underWay = new Map<string, Promise<Collected>>()

  const seqs = (chosen: readonly Chosen[]): string => {
    const vaults = new Set(chosen.map((one) => ('file' in one ? one.file : one.folder).vault.no))
    return [...vaults].map((no) => `${no}@${seqOf(core, no)}`).join()
  }

  async function laidOut(subject: string, chosen: readonly Chosen[]): Promise<Collected> {
    const key = `${subject} ${seqs(chosen)}`
    const known = layouts.get(key) ?? underWay.get(key)
    if (known) return known
    const collecting = collect(core, chosen).finally(() => underWay.delete(key))
    underWay.set(key, collecting)
    const collected = await collecting
    // What was changed while it was read is good for one answer: the next range finds another ETag where it matters.
    if (key === `${subject} ${seqs(chosen)}`) layouts.set(key, collected)
    return collected
  }

  async function selected(actor: Actor, id: string, ids: SelectedIds): Promise<Archive> {
    const { chosen, name } = choose(core, actor, ids)
    return { name, ...(await laidOut(`selection ${id}`, chosen)) }
  }

  return {
    async ofFolder(actor, id) {
      const folder = requireLiveFolder(core, actor, id)
      const name = folderName(core, folder.no)
      return { name: `${name}.zip`, ...(await laidOut(`folder ${folder.no} ${name}`, [{ folder, name }])) }
    },

    async ofVault(actor, vaultId) {
      const vault = requireVault(core, actor, vaultId, 'viewer')
      const name = archiveName(vaultName(core, vault.no))
      return { name, ...(await laidOut(`vault ${vault.no}`, [{ folder: topFolder(core, vault), name: null }])) }
    },

    async select(actor, { fileIds, folderIds }) {
      const ids = { fileIds: [...new Set(fileIds)], folderIds: [...new Set(folderIds)] }
      const many = ids.fileIds.length + ids.folderIds.length
      if (many === 0 || many > mostSelected)
        throw new Problem('bad-input', `Select at least one file or folder, and at most ${mostSelected}.`)
      const id = randomBytes(16).toString('hex')
      const archive = await selected(actor, id, ids)
      const expiresAt = core.now() + selectionMs
      const own = [...selections.entries()].filter(([, { userNo }]) => userNo === actor.no) // the newest first
      for (const [old] of own.slice(selectionsOfOne - 1)) selections.delete(old)
      selections.set(id, { ...ids, userNo: actor.no, expiresAt })
      return {
        id,
        url: `/api/downloads/${id}`,
        name: archive.name,
        size: archive.zip.size,
        expiresAt: new Date(expiresAt).toISOString(),
      }
    },

    async ofSelection(actor, id) {
      const kept = selections.get(id)
      if (!kept || kept.userNo !== actor.no || kept.expiresAt <= core.now())
        throw new Problem('not-found', 'There is no such download. Select the files again.')
      return selected(actor, id, kept)
    },
  }
}

/** What was selected, each with permission and a name of its own, and what the archive is called. */
function choose(core: Core, actor: Actor, { fileIds, folderIds }: SelectedIds): { chosen: Chosen[]; name: string } {
  const folders = folderIds.map((id) => requireLiveFolder(core, actor, id))
  const files = fileIds.map((id) => requireLiveFile(core, actor, id, 'viewer'))
  const taken = new Set<string>()
  const free = (wanted: string): string => {
    const name = freeName(wanted, (key) => taken.has(key))
    taken.add(nameKey(name))
    return name
  }
  const chosen: Chosen[] = [
    ...folders.map((folder) => ({ folder, name: free(folderName(core, folder.no)) })),
    ...files.map((file) => ({ file, name: free(file.name) })),
  ]
  const [first] = chosen
  const places = new Set([...folders.map(({ parentNo }) => parentNo), ...files.map(({ folderNo }) => folderNo)])
  const [place] = places
  const vaultNo = (folders[0] ?? files[0])?.vault.no ?? 0
  // One thing lends its name to the archive; several, the folder that they lie in.
  const called =
    chosen.length === 1
      ? first?.name
      : places.size === 1 && place !== null && place !== undefined
        ? folderName(core, place)
        : ''
  return { chosen, name: archiveName(called || vaultName(core, vaultNo)) }
}

function requireLiveFolder(core: Core, actor: Actor, id: string): FolderProof {
  const folder = requireFolder(core, actor, id, 'viewer')
  if (folder.deletedAt !== null) throw new Problem('conflict', 'This folder is in the trash. Restore it first.')
  return folder
}

function archiveName(name: string): string {
  return `${name.replace(/[/\\]/g, '_')}.zip`
}

function folderName(core: Core, no: number): string {
  return core.index.read.get(q.selectFrom('folder').select('name').where('no', '=', no))?.name ?? ''
}

function vaultName(core: Core, no: number): string {
  return core.index.read.get(q.selectFrom('vault').select('name').where('no', '=', no))?.name ?? ''
}

function seqOf(core: Core, vaultNo: number): number {
  return core.index.read.get(sql<{ seq: number }>`SELECT seq FROM vault WHERE no = ${vaultNo}`)?.seq ?? 0
}
