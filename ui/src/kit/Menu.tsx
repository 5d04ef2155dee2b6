/** Menus of actions: below a button, or where the pointer asked for one. */
import type { LucideIcon } from 'lucide-react'
import { type ReactElement, useRef } from 'react'
import { Menu as AriaMenu, MenuItem, MenuTrigger } from 'react-aria-components/Menu'
import { Popover } from 'react-aria-components/Popover'
import { Separator } from 'react-aria-components/Separator'
import { classes } from './classes.ts'

export interface Action {
  id: string
  label: string
  icon?: LucideIcon
  /** Shown at the right. */
  keys?: string
  danger?: boolean
  disabled?: boolean
  act: () => void
}

export type Actions = (Action | 'line')[]

const panel = 'appear min-w-48 overflow-auto rounded-lg border border-line bg-card p-1 shadow-float outline-none'

/** A menu that hangs below the button given as its child. */
export function MenuButton({ actions, label, children }: { actions: Actions; label: string; children: ReactElement }) {
  return (
    <MenuTrigger>
      {children}
      <Popover placement="bottom end" offset={6} className={panel}>
        <Items actions={actions} label={label} />
      </Popover>
    </MenuTrigger>
  )
}

export interface Point {
  x: number
  y: number
}

/** A context menu at a point of the window. */
export function ContextMenu({
  at,
  actions,
  label,
  onClose,
}: {
  at: Point
  actions: Actions
  label: string
  onClose: () => void
}) {
  const anchor = useRef<HTMLSpanElement>(null)
  return (
    <>
      <span ref={anchor} aria-hidden className="fixed size-0" style={{ left: at.x, top: at.y }} />
      <Popover
        isOpen
        triggerRef={anchor}
        placement="bottom start"
        offset={2}
        onOpenChange={(open) => !open && onClose()}
        className={panel}
      >
        <Items actions={actions} label={label} onClose={onClose} />
      </Popover>
    </>
  )
}

function Items({ actions, label, onClose }: { actions: Actions; label: string; onClose?: () => void }) {
  return (
    <AriaMenu aria-label={label} autoFocus="first" className="outline-none" {...(onClose ? { onClose } : {})}>
      {actions.map((one, i) =>
        one === 'line' ? (
          // biome-ignore lint/suspicious/noArrayIndexKey: a line has nothing else
          <Separator key={i} className="my-1 border-t border-line" />
        ) : (
          <MenuItem
            key={one.id}
            id={one.id}
            textValue={one.label}
            isDisabled={one.disabled ?? false}
            onAction={one.act}
            className={classes(
              'flex h-8 items-center gap-2.5 rounded-md px-2.5 outline-none data-disabled:opacity-45 data-focused:bg-hover',
              one.danger && 'text-danger',
            )}
          >
            {one.icon && (
              <one.icon size={16} strokeWidth={1.75} className={one.danger ? '' : 'text-soft'} aria-hidden />
            )}
            <span className="flex-1">{one.label}</span>
            {one.keys && <kbd className="pl-4 font-sans text-sm text-faint">{one.keys}</kbd>}
          </MenuItem>
        ),
      )}
    </AriaMenu>
  )
}
