/** Which vault is meant, and the volume that it lies on. */
import { existsSync } from 'node:fs'
import * as v from 'valibot'
import { createVault as vaultEndpoint } from '../../src/api/vaults.ts'
import type { Config } from '../../src/config.ts'
import { fixed, q } from '../../src/index/query.ts'
import { createLog } from '../../src/log.ts'
import { Problem } from '../../src/problem.ts'
import { type Actor, type PersonRow, personColumns, personOf } from '../../src/vault/access.ts'
import { type Core, openCore } from '../../src/vault/core.ts'
import { createVault } from '../../src/vault/vaults.ts'
import { layoutOf } from '../../src/volume/layout.ts'

/** Room for ten million files, so that a vault that was made to be filled takes uploads too. */
const quotaBytes = 10e12
const idShape = /^[0-9a-hjkmnp-tv-z]{26}$/

/** Opens the whole volume for a load; throws `busy` while a server has it. Nothing is searched, so nothing is kept for it. */
export function openForLoad(config: Config): Promise<Core> {
  if (!existsSync(layoutOf(config.volume.path).marker)) throw nobody(config.volume.path)
  const log = createLog(config.log.level === 'silent' ? 'silent' : 'warn')
  return openCore({ config: { ...config, search: { engine: 'fts' } }, log })
}

/** The vault of this id or name; one that is missing is made for the first administrator. */
export async function vaultNamed(core: Core, given: string): Promise<{ id: string; name: string; isNew: boolean }> {
  const owner = firstAdministrator(core)
  if (!owner) throw nobody(core.volume.directory)
  const found = core.index.read.all(
    q
      .selectFrom('vault')
      .select(['id', 'name'])
      .where((eb) => eb.or([eb('id', '=', given), eb('name', '=', given)])),
  )
  const [vault, ...more] = found
  if (more.length > 0)
    throw new Problem(
      'conflict',
      `${found.length} vaults are called "${given}". Name one by its id: ${found.map(({ id }) => id).join(', ')}.`,
    )
  if (vault) return { ...vault, isNew: false }
  if (idShape.test(given)) throw new Problem('not-found', `There is no vault with the id ${given}.`)
  const name = v.safeParse(vaultEndpoint.declared.body.entries.name, given)
  if (!name.success) throw new Problem('bad-input', `A vault cannot be called that: ${name.issues[0].message}`)
  const made = await createVault(core, owner, { name: name.output, quotaBytes })
  return { id: made.id, name: made.name, isNew: true }
}

const administrators = fixed<PersonRow>(
  `SELECT ${personColumns} FROM user u WHERE u.admin = 1 AND u.disabled_at IS NULL ORDER BY u.no LIMIT 1`,
)

function firstAdministrator(core: Core): Actor | undefined {
  const row = core.index.read.get(administrators())
  return row && { ...personOf(row), by: { kind: 'session', id: 'load' } }
}

function nobody(directory: string): Problem {
  return new Problem(
    'not-found',
    `There is no administrator yet on the volume ${directory}, so nobody to own a vault. ` +
      'Start the server with npm start, open the link it prints, stop it, and load again; FILEVAULT_VOLUME says which volume.',
  )
}
