/** Buttons: one primary action a view, quiet ones beside it, icons with a name for those who do not see them. */
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button as AriaButton, type ButtonProps as AriaProps } from 'react-aria-components/Button'
import { Tooltip, TooltipTrigger } from 'react-aria-components/Tooltip'
import { classes } from './classes.ts'

type Look = 'primary' | 'plain' | 'quiet' | 'danger'

const looks: Record<Look, string> = {
  primary: 'bg-accent text-on-accent hover:bg-accent-strong data-pressed:bg-accent-strong',
  plain: 'bg-card border border-line hover:bg-hover',
  quiet: 'hover:bg-hover text-soft hover:text-text',
  danger: 'bg-danger text-on-accent hover:opacity-90',
}

export interface ButtonProps extends Omit<AriaProps, 'className' | 'children'> {
  look?: Look
  icon?: LucideIcon
  children: ReactNode
  wide?: boolean
}

export function Button({ look = 'plain', icon: Icon, children, wide, ...rest }: ButtonProps) {
  return (
    <AriaButton
      {...rest}
      className={classes(
        'inline-flex h-8 items-center justify-center gap-2 rounded-md px-3 font-medium whitespace-nowrap transition-colors duration-100 disabled:opacity-45',
        looks[look],
        wide && 'w-full h-9',
      )}
    >
      {Icon && <Icon size={16} strokeWidth={1.75} aria-hidden />}
      {children}
    </AriaButton>
  )
}

export interface IconButtonProps extends Omit<AriaProps, 'className' | 'children'> {
  icon: LucideIcon
  /** Its name, shown on hover and read aloud. */
  label: string
  /** Of a pair or a switch, the one that is on. */
  on?: boolean
  fill?: boolean
}

export function IconButton({ icon: Icon, label, on, fill, ...rest }: IconButtonProps) {
  return (
    <TooltipTrigger delay={500} closeDelay={0}>
      <AriaButton
        {...rest}
        aria-label={label}
        {...(on === undefined ? {} : { 'aria-pressed': on })}
        className={classes(
          'inline-flex size-8 shrink-0 items-center justify-center rounded-md transition-colors duration-100 disabled:opacity-40',
          on ? 'bg-selected text-accent' : 'text-soft hover:bg-hover hover:text-text',
        )}
      >
        <Icon size={16} strokeWidth={1.75} fill={fill ? 'currentColor' : 'none'} aria-hidden />
      </AriaButton>
      <Tooltip offset={6} className="appear rounded-md border border-line bg-card px-2 py-1 text-sm shadow-float">
        {label}
      </Tooltip>
    </TooltipTrigger>
  )
}
