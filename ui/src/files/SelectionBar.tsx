/** What can be done with several entries, while several are selected. */
import { X } from 'lucide-react'
import { IconButton } from '../kit/Button.tsx'
import { formatBytes, formatCount } from '../kit/format.ts'
import type { Action } from '../kit/Menu.tsx'
import type { Entry } from './queries.ts'

export function SelectionBar({
  selected,
  actions,
  onClear,
}: {
  selected: Entry[]
  actions: Action[]
  onClear: () => void
}) {
  if (selected.length < 2) return null
  const bytes = selected.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.file.size : 0), 0)
  return (
    <div
      role="toolbar"
      aria-label="Selection"
      className="appear flex h-12 shrink-0 items-center gap-1 overflow-x-auto border-t border-line bg-card px-4"
    >
      <span className="pr-3 font-medium whitespace-nowrap">
        {formatCount(selected.length, 'item')} <span className="pl-1 font-normal text-faint">{formatBytes(bytes)}</span>
      </span>
      {actions.map(
        ({ id, label, icon, act, disabled }) =>
          icon && <IconButton key={id} icon={icon} label={label} isDisabled={disabled ?? false} onPress={act} />,
      )}
      <span className="flex-1" />
      <IconButton icon={X} label="Select nothing" onPress={onClear} />
    </div>
  )
}
