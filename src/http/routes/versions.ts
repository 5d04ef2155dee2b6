/** Versions: the list, their bytes, and bringing one back. */
import * as api from '../../api/versions.ts'
import { Problem } from '../../problem.ts'
import type { Core } from '../../vault/core.ts'
import { listVersions, restoreVersion, versionOf } from '../../vault/versions.ts'
import type { On } from '../bind.ts'
import { readBy, sendContent } from '../download.ts'

export function versionRoutes(on: On, core: Core): void {
  on(api.listVersions, ({ params }, { actor }) => ({ versions: listVersions(core, actor, params.id) }))
  on(api.downloadVersion, ({ params, query: { inline = false } }, { actor, context }) => {
    const content = versionOf(core, actor, params.id, numberOf(params.n))
    return sendContent(context, content, { inline, deliver: readBy(core, actor, context, content, inline) })
  })
  on(api.restoreVersion, ({ params }, { actor }) => restoreVersion(core, actor, params.id, numberOf(params.n)))
}

function numberOf(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new Problem('not-found', 'A version is named by its number, from 1.')
}
