/** Folders, vaults and selections as archives: who may have them, and what is remembered between two ranges of one. */
import { randomBytes } from 'node:crypto'
import { sql } from 'kysely'
import { LRUCache } from 'lru-cache'
import { mostSelected, type Selection } from '../api/downloads.ts'
import { q } from '../index/query.ts'
import { Problem } from '../problem.ts'
import {
  type Actor,
  requireLiveFiles,
  requireLiveFolder,
  requireLiveFolders,
  requireVault,
  topFolder,
} from './access.ts'
import { type Chosen, type Collected, collect } from './collect.ts'
import type { Core } from './core.ts'
import { nameKey, numberedName } from './names.ts'

/** An archive to send: stored, laid out, not yet read. */
export interface Archive extends Collected {
  /** With `.zip`. */
  readonly name: string
  /** Undefined: of several vaults. */
  readonly vaultNo: number | undefined
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
  fileIds: string[]
  folderIds: string[]
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
    sizeCalculation: ({ zip }) => zip.weight + zip.count * 32 + 1000, // with the names of the objects
  })
  const underWay = new Map<string, Promise<Collected>>()
  const asked = core.metrics.cache('archives')

  const seqs = (chosen: Chosen): string => [...vaultsOf(chosen)].map((no) => `${no}@${seqOf(core, no)}`).join()

  async function laidOut(subject: string, chosen: Chosen): Promise<Collected> {
    const key = `${subject} ${seqs(chosen)}`
    const known = layouts.get(key) ?? underWay.get(key)
    if (known) asked.hits++
    else asked.misses++
    if (known) return known
    const collecting = collect(core, chosen).finally(() => underWay.delete(key))
    underWay.set(key, collecting)
    const collected = await collecting
    // What was changed while it was read is good for one answer: the next range finds another ETag where it matters.
    if (key === `${subject} ${seqs(chosen)}`) layouts.set(key, collected)
    return collected
  }

  async function selected(actor: Actor, id: string, ids: SelectedIds): Promise<Archive> {
    const { chosen, name } = await choose(core, actor, ids)
    return { name, vaultNo: vaultOf(chosen), ...(await laidOut(`selection ${id}`, chosen)) }
  }

  return {
    async ofFolder(actor, id) {
      const folder = requireLiveFolder(core, actor, id, 'viewer')
      const { name } = folder
      return {
        name: archiveName(name),
        vaultNo: folder.vault.no,
        ...(await laidOut(`folder ${folder.no} ${name}`, { folders: [{ folder, name }], files: [] })),
      }
    },

    async ofVault(actor, vaultId) {
      const vault = requireVault(core, actor, vaultId, 'viewer')
      const folders = [{ folder: topFolder(core, vault), name: null }]
      return {
        name: archiveName(vaultName(core, vault.no)),
        vaultNo: vault.no,
        ...(await laidOut(`vault ${vault.no}`, { folders, files: [] })),
      }
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

function vaultsOf({ folders, files }: Chosen): Set<number> {
  return new Set([...folders.map(({ folder }) => folder.vault.no), ...files.map(({ file }) => file.vault.no)])
}

function vaultOf(chosen: Chosen): number | undefined {
  const [only, ...others] = vaultsOf(chosen)
  return others.length === 0 ? only : undefined
}

/** What was selected, each with permission and a name of its own, and what the archive is called. */
async function choose(core: Core, actor: Actor, ids: SelectedIds): Promise<{ chosen: Chosen; name: string }> {
  const folders = await requireLiveFolders(core, actor, ids.folderIds, 'viewer')
  const files = await requireLiveFiles(core, actor, ids.fileIds, 'viewer')
  const free = ownNames()
  const chosen: Chosen = {
    folders: folders.map((folder) => ({ folder, name: free(folder.name) })),
    files: files.map((file) => ({ file, name: free(file.name) })),
  }
  // One thing lends its name to the archive; several, the folder that they lie in, or their vault.
  const [first] = [...folders, ...files]
  const only = folders.length + files.length === 1 ? first?.name : undefined
  const places = new Set([...folders.map(({ parentNo }) => parentNo), ...files.map(({ folderNo }) => folderNo)])
  const [place = null] = places.size === 1 ? places : []
  const within = place === null ? '' : folderName(core, place)
  return { chosen, name: archiveName(only || within || vaultName(core, first?.vault.no ?? 0)) }
}

/** A function that answers each name as it is the first time, and then with a number of its own. */
function ownNames(): (wanted: string) => string {
  const taken = new Set<string>()
  const last = new Map<string, number>() // so that ten thousand of one name are not counted from 2 each time
  return (wanted) => {
    const key = nameKey(wanted)
    let name = wanted
    for (let n = (last.get(key) ?? 1) + 1; taken.has(nameKey(name)); n++) {
      name = numberedName(wanted, n)
      last.set(key, n)
    }
    taken.add(nameKey(name))
    return name
  }
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
