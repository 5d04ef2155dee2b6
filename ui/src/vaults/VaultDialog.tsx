/** What a vault is called, what it takes, and how long it keeps old versions. Empty means: as the settings of all vaults say. */
import { type FormEvent, useState } from 'react'
import { ApiProblem } from '../../../src/api/client.ts'
import { Wrong } from '../account/Door.tsx'
import { Button } from '../kit/Button.tsx'
import { Dialog } from '../kit/Dialog.tsx'
import { TextField } from '../kit/Field.tsx'
import { formatBytes, parseBytes } from '../kit/format.ts'
import { useChangeVault, type Vault } from './queries.ts'

export function VaultDialog({ vault, onClose }: { vault: Vault; onClose: () => void }) {
  const [name, setName] = useState(vault.name)
  const [size, setSize] = useState(vault.maxFileBytes === null ? '' : formatBytes(vault.maxFileBytes))
  const [allowed, setAllowed] = useState(vault.allowedTypes.join(', '))
  const [forbidden, setForbidden] = useState(vault.forbiddenTypes.join(', '))
  const [versions, setVersions] = useState(vault.keepVersions?.toString() ?? '')
  const [days, setDays] = useState(vault.keepVersionDays?.toString() ?? '')
  const change = useChangeVault(vault.id)
  const problem = change.error instanceof ApiProblem ? change.error : undefined
  const at = (path: string) => problem?.errors.find((one) => one.path.startsWith(path))?.message
  const maxFileBytes = size.trim() === '' ? null : parseBytes(size)
  const submit = (event?: FormEvent) => {
    event?.preventDefault()
    if (maxFileBytes === undefined) return
    change.mutate(
      {
        name,
        maxFileBytes,
        allowedTypes: listOf(allowed),
        forbiddenTypes: listOf(forbidden),
        keepVersions: versions === '' ? null : Number(versions),
        keepVersionDays: days === '' ? null : Number(days),
      },
      { onSuccess: onClose },
    )
  }
  return (
    <Dialog
      wide
      title={`Settings of "${vault.name}"`}
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button
            look="primary"
            isDisabled={change.isPending || name.trim() === '' || maxFileBytes === undefined}
            onPress={() => submit()}
          >
            Save
          </Button>
        </>
      }
    >
      <form className="flex flex-col gap-4" onSubmit={submit}>
        <p>What is left empty is as the settings of all vaults say.</p>
        <TextField label="Name" value={name} onChange={setName} error={at('name')} />
        <div className="grid gap-4 sm:grid-cols-2">
          <TextField
            label="Types that are taken"
            value={allowed}
            onChange={setAllowed}
            placeholder="pdf, docx, image/*"
            error={at('allowedTypes')}
          />
          <TextField
            label="Types that are not taken"
            value={forbidden}
            onChange={setForbidden}
            placeholder="exe, msi"
            error={at('forbiddenTypes')}
          />
          <TextField
            label="Largest file"
            value={size}
            onChange={setSize}
            error={maxFileBytes === undefined ? 'Write it like 10 GB.' : at('maxFileBytes')}
          />
          <span className="max-sm:hidden" />
          <TextField
            label="Versions of a file"
            inputMode="numeric"
            value={versions}
            onChange={(text) => setVersions(text.replaceAll(/\D/g, ''))}
            error={at('keepVersions')}
          />
          <TextField
            label="Days that a version is kept"
            inputMode="numeric"
            value={days}
            onChange={(text) => setDays(text.replaceAll(/\D/g, ''))}
            error={at('keepVersionDays')}
          />
        </div>
        <Wrong>{change.error && (problem?.errors.length ?? 0) === 0 ? change.error.message : undefined}</Wrong>
        <button type="submit" hidden aria-hidden />
      </form>
    </Dialog>
  )
}

function listOf(text: string): string[] {
  return text.split(/[\s,;]+/).filter((one) => one !== '')
}
