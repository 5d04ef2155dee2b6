/** Which vault is shown, and the others that there are. */
import { ChevronsUpDown, HardDrive, Plus, SlidersHorizontal, Users } from 'lucide-react'
import { useState } from 'react'
import { Button as AriaButton } from 'react-aria-components/Button'
import { usePlace } from '../files/place.ts'
import { useVault, useVaults } from '../files/queries.ts'
import { type Actions, MenuButton } from '../kit/Menu.tsx'
import { MembersDialog } from '../vaults/MembersDialog.tsx'
import { NewVault } from '../vaults/NewVault.tsx'
import { VaultDialog } from '../vaults/VaultDialog.tsx'

export function VaultMenu() {
  const { vault } = useVault()
  const { vaults = [] } = useVaults()
  const { goToVault } = usePlace()
  const [asked, setAsked] = useState<'new' | 'members' | 'settings'>()
  const isTeam = vault?.kind === 'team'
  const actions: Actions = [
    ...vaults.map(({ id, name, kind }) => ({
      id,
      label: name,
      icon: kind === 'team' ? Users : HardDrive,
      keys: id === vault?.id ? '✓' : '',
      act: () => goToVault(kind === 'personal' ? undefined : id),
    })),
    'line',
    ...(isTeam ? [{ id: 'members', label: 'Members', icon: Users, act: () => setAsked('members') }] : []),
    ...(vault?.role === 'manager'
      ? [{ id: 'settings', label: 'Settings of this vault', icon: SlidersHorizontal, act: () => setAsked('settings') }]
      : []),
    { id: 'new', label: 'New team vault', icon: Plus, act: () => setAsked('new') },
  ]
  const Icon = isTeam ? Users : HardDrive
  return (
    <>
      <MenuButton actions={actions} label="Vaults">
        <AriaButton className="-mx-1.5 flex min-w-0 flex-1 items-center gap-3 rounded-lg p-1.5 text-left hover:bg-hover">
          <span className="flex size-7 shrink-0 items-center justify-center rounded-lg bg-accent text-on-accent">
            <Icon size={16} strokeWidth={1.75} aria-hidden />
          </span>
          <span className="min-w-0 flex-1">
            <bdi className="block truncate text-[14px] font-semibold">{vault?.name ?? ' '}</bdi>
            <span className="block text-xs text-faint">
              {vault ? (isTeam ? `Team vault, ${vault.role}` : 'Personal vault') : ' '}
            </span>
          </span>
          <span className="sr-only">: all vaults</span>
          <ChevronsUpDown size={14} className="shrink-0 text-faint" aria-hidden />
        </AriaButton>
      </MenuButton>
      {asked === 'new' && <NewVault onClose={() => setAsked(undefined)} onMade={goToVault} />}
      {asked === 'settings' && vault && <VaultDialog vault={vault} onClose={() => setAsked(undefined)} />}
      {asked === 'members' && vault && <MembersDialog vault={vault} onClose={() => setAsked(undefined)} />}
    </>
  )
}
