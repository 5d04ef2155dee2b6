/** Every vault: how large it is, who manages it, and giving away one that nobody has. */
import { UserPlus } from 'lucide-react'
import { useState } from 'react'
import { Section } from '../account/Page.tsx'
import { Bar } from '../kit/Bar.tsx'
import { Button } from '../kit/Button.tsx'
import { formatBytes, formatCount, formatNumber } from '../kit/format.ts'
import { FailedState, SkeletonRows } from '../kit/states.tsx'
import { AdminPage } from './AdminPage.tsx'
import { ChoosePerson } from './ChoosePerson.tsx'
import { Quota } from './Quota.tsx'
import { useAllVaults, useChangeAnyVault, type VaultSummary } from './queries.ts'

export function VaultsPage() {
  const { data, error, refetch } = useAllVaults()
  return (
    <AdminPage>
      <Section title="Vaults" about="Their size and their managers. What is in them is for their members alone.">
        {error && <FailedState error={error} onRetry={() => void refetch()} />}
        {!data && !error && <SkeletonRows rows={4} />}
        {data && (
          <div className="relative -mx-5 overflow-x-auto px-5">
            <table className="w-full min-w-2xl">
              <thead className="text-left text-sm text-faint">
                <tr className="border-b border-line">
                  <th className="pb-2 font-normal">Name</th>
                  <th className="pb-2 pl-6 font-normal">Managers</th>
                  <th className="pb-2 pl-6 text-right font-normal">Files</th>
                  <th className="pb-2 pl-6 font-normal">Used</th>
                  <th className="pb-2 pl-6 font-normal">Quota</th>
                </tr>
              </thead>
              <tbody>
                {data.map((vault) => (
                  <Row key={vault.id} vault={vault} />
                ))}
              </tbody>
            </table>
          </div>
        )}
      </Section>
    </AdminPage>
  )
}

function Row({ vault }: { vault: VaultSummary }) {
  const { mutateAsync } = useChangeAnyVault()
  const [giving, setGiving] = useState(false)
  const share = vault.quotaBytes === 0 ? 1 : vault.usedBytes / vault.quotaBytes
  const isOrphan = vault.memberCount === 0
  return (
    <tr className="row-line h-14 border-b last:border-0">
      <td>
        <bdi className="font-medium">{vault.name}</bdi>
        <div className="text-sm text-faint">
          {vault.kind === 'personal' ? 'Personal' : `Team, ${formatCount(vault.memberCount, 'member')}`}
        </div>
      </td>
      <td className="pl-6 text-soft">
        {isOrphan ? (
          <Button icon={UserPlus} onPress={() => setGiving(true)}>
            Give it to somebody
          </Button>
        ) : (
          vault.managers.join(', ')
        )}
        {giving && (
          <ChoosePerson
            title={`Give "${vault.name}" to`}
            act="Give"
            onChoose={(managerId) => mutateAsync({ vaultId: vault.id, managerId })}
            onClose={() => setGiving(false)}
          >
            They manage it from then on, with all that is in it.
          </ChoosePerson>
        )}
      </td>
      <td className="pl-6 text-right">{formatNumber(vault.fileCount)}</td>
      <td className="w-44 pl-6">
        <div className="flex flex-col gap-1">
          {formatBytes(vault.usedBytes)}
          <Bar label={`Space used by ${vault.name}`} value={share} tone={share > 0.95 ? 'danger' : 'accent'} />
        </div>
      </td>
      <td className="w-36 pl-6">
        <Quota
          of={vault.name}
          quotaBytes={vault.quotaBytes}
          onChange={(quotaBytes) => mutateAsync({ vaultId: vault.id, quotaBytes })}
        />
      </td>
    </tr>
  )
}
