/** What a file held before: looked at, downloaded, brought back. */
import { Download, RotateCcw } from 'lucide-react'
import { IconButton } from '../kit/Button.tsx'
import { formatBytes, formatMoment } from '../kit/format.ts'
import { FailedState, SkeletonRows } from '../kit/states.tsx'
import { useToast, useTold } from '../kit/Toast.tsx'
import type { File } from './queries.ts'
import { useRestoreVersion, useVersions, type Version, versionAddress } from './versions.ts'

export function Versions({ file }: { file: File }) {
  const { data, error, refetch } = useVersions(file)
  if (error) return <FailedState error={error} onRetry={() => void refetch()} />
  if (!data) return <SkeletonRows rows={2} />
  return (
    <ol className="-mx-1 flex flex-col">
      {data.map((version) => (
        <Row key={version.number} file={file} version={version} isNewest={version.number === file.version} />
      ))}
    </ol>
  )
}

function Row({ file, version, isNewest }: { file: File; version: Version; isNewest: boolean }) {
  const { mutateAsync, isPending } = useRestoreVersion()
  const told = useTold()
  const show = useToast()
  const { number, size, storedBytes, createdAt, createdByName } = version
  const restore = async (n: number, undone: boolean): Promise<void> => {
    const { version: made } = await mutateAsync({ id: file.id, number: n })
    // The one that was the newest lies right below what was made of the old one.
    const undo = undone ? {} : { undo: () => told(restore(made - 1, true)) }
    show({ text: `Version ${n} is the newest again.`, ...undo })
  }
  return (
    <li className="flex items-center gap-1 rounded px-1 py-1 hover:bg-hover">
      <div className="min-w-0 flex-1">
        <p className="truncate">
          <span className="font-medium">{isNewest ? 'Now' : `Version ${number}`}</span>
          <span className="text-faint"> · {formatMoment(createdAt)}</span>
        </p>
        <p className="truncate text-sm text-faint">
          <bdi>{createdByName}</bdi> · {formatBytes(size)}
          {storedBytes < size && `, takes ${formatBytes(storedBytes)}`}
        </p>
      </div>
      <IconButton
        icon={Download}
        label={`Download version ${number}`}
        onPress={() => location.assign(versionAddress(file.id, number))}
      />
      {!isNewest && (
        <IconButton
          icon={RotateCcw}
          label={`Restore version ${number}`}
          isDisabled={isPending}
          onPress={() => told(restore(number, false))}
        />
      )}
    </li>
  )
}
