/** Whose a file is, as far as one may know: oneself, or a member of the same vault. */
import { Avatar } from '../kit/Avatar.tsx'
import { useMembers } from '../vaults/queries.ts'
import { type File, useMe } from './queries.ts'

export function useOwnerName(file: File | undefined): string | undefined {
  const { data: me } = useMe()
  const isOthers = file !== undefined && me !== undefined && file.ownerId !== me.id
  const { data: members } = useMembers(file?.vaultId ?? '', isOthers)
  if (!me || !file) return undefined
  if (!isOthers) return me.name
  return members?.find(({ userId }) => userId === file.ownerId)?.name ?? (members ? 'Somebody who left' : undefined)
}

export function Owner({ file }: { file: File }) {
  const name = useOwnerName(file)
  return name === undefined ? null : <Avatar name={name} size={20} />
}
